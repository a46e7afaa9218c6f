"""The ways to Kratos and Hydra that the settings name."""

from __future__ import annotations

from functools import partial

import structlog

from webhook_service.effects.worker import CONCURRENCY
from webhook_service.ory.kratos_public import KratosPublic
from webhook_service.ory.outage import Outage, OutageState
from webhook_service.ory.transport import Transport
from webhook_service.records import metrics
from webhook_service.settings import Settings


def admin_apis(
    settings: Settings, logger: structlog.typing.FilteringBoundLogger
) -> dict[str, Transport]:
    """Return the ways to the admin APIs that the settings name."""
    urls = {"kratos": settings.kratos_admin_url, "hydra": settings.hydra_admin_url}
    return {
        name: _transport(settings, name, url, settings.ory_api_key, logger)
        for name, url in urls.items()
        if url is not None
    }


def public_api(
    settings: Settings, logger: structlog.typing.FilteringBoundLogger
) -> KratosPublic | None:
    """Make the client of Kratos' public API: without our key, which is not for it."""
    url = settings.kratos_public_url
    if url is None:
        return None
    return KratosPublic(
        _transport(settings, "kratos_public", url, None, logger), settings.session_cookie
    )


def _transport(
    settings: Settings,
    name: str,
    url: str,
    api_key: str | None,
    logger: structlog.typing.FilteringBoundLogger,
) -> Transport:
    upstream = name.partition("_")[0]
    return Transport(
        upstream,
        url,
        api_key=api_key,
        connections=settings.web_threads + CONCURRENCY,
        trust_env=settings.use_env_proxies,
        outage=Outage(upstream, on_change=partial(_tell_outage, name, logger)),
    )


def _tell_outage(
    name: str, logger: structlog.typing.FilteringBoundLogger, state: OutageState
) -> None:
    """Say once that calls fail at once, and once that they do not any more."""
    metrics.tell_upstream(name, down=state.down)
    if state.down:
        logger.error("an upstream does not answer; calls to it fail at once", upstream=name)
    else:
        logger.warning("the upstream answers again", upstream=name)
