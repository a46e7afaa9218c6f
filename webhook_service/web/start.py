"""From the environment to an app, or to a message that says why not."""

from __future__ import annotations

from flask import Flask

from webhook_service import settings as settings_module
from webhook_service.policy.errors import PolicyError
from webhook_service.policy.model import Policy
from webhook_service.records.log import make_logger
from webhook_service.settings import Settings, SettingsError
from webhook_service.web.factory import create_app
from webhook_service.wiring import (
    StartError,
    missing_upstreams,
    read_policy,
    start_notices,
    wire,
)


def checked() -> tuple[Settings, Policy]:
    """Read settings and policy, and check that they fit together.

    Raises:
        SystemExit: they cannot be used; the text is for the operator.
    """
    try:
        settings = settings_module.load()
        policy = read_policy(settings.policy_file)
    except SettingsError as error:
        raise SystemExit(str(error)) from None
    except PolicyError as error:
        raise SystemExit(f"The service does not start: the policy is wrong.\n{error}") from None
    except StartError as error:
        raise SystemExit(f"The service does not start.\n  {error}") from None
    missing = missing_upstreams(settings, policy)
    if missing:
        raise SystemExit("The service does not start.\n  " + "\n  ".join(missing))
    return settings, policy


def app_from_environment() -> Flask:
    """Make the app.

    Raises:
        SystemExit: it cannot be made; the text is for the operator.
    """
    settings, policy = checked()
    logger = make_logger(settings.log_format, settings.log_level)
    return create_app(settings, wire(settings, policy, logger), logger)


def say_what_starts(settings: Settings, policy: Policy, *, server: str) -> None:
    """Log what is served, by what, and what an operator might not expect."""
    logger = make_logger(settings.log_format, settings.log_level)
    logger.info(
        "serving",
        address=f"http://0.0.0.0:{settings.port}",
        server=server,
        processes=settings.web_concurrency,
        threads=settings.web_threads,
        policy_file=str(settings.policy_file),
        policy=policy.digest,
        rules=len(policy.rules),
        mode=settings.mode,
    )
    for notice in start_notices(settings, policy):
        logger.warning(notice)
