"""The process that does nothing but work on effects: ``webhook-service worker``."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeAlias

import structlog

from webhook_service.effects import standalone
from webhook_service.effects.store.database import shown
from webhook_service.effects.watching import Watching
from webhook_service.opening import open_store
from webhook_service.parts import Parts, make_parts
from webhook_service.policy_in_force import Follower
from webhook_service.records import metrics
from webhook_service.records.log import make_logger
from webhook_service.service import utc_now
from webhook_service.settings import Settings
from webhook_service.startup import checked, policy_file_to_offer, see_to_database, settle
from webhook_service.tracing.wanted import EXTRA_MISSING, is_installed, make_traces
from webhook_service.wiring import TRACES_END_SECONDS, performer


@dataclass(frozen=True, slots=True)
class Working:
    """What is shown of a worker to those who ask how it is."""

    settings: Settings
    parts: Parts
    watching: Watching
    logger: structlog.typing.FilteringBoundLogger


Beside: TypeAlias = Callable[[Working], AbstractContextManager[None]]
"""Returns what goes on while the worker works."""


def run(serving: Beside) -> None:
    """Work on effects until SIGTERM; SIGHUP reloads the policy, as it does for ``serve``.

    Call it in the folder that the processes of a service share, and import it there: that is
    where metrics are counted. ``serving`` serves them and health, where a port is set.

    Raises:
        SystemExit: settings, policy or database cannot be used; the text says why.
    """
    settings, policy = checked()
    logger = make_logger(settings.log_format, settings.log_level)
    wrong = see_to_database(settings)
    settle(settings)
    parts = make_parts(settings, policy, logger)
    store = open_store(settings.database_url, utc_now)
    file = policy_file_to_offer(settings)
    signal.signal(signal.SIGHUP, lambda *_: file.offer())
    Follower(parts.policies, file, watch=settings.policy_watch).begin()
    metrics.tell_policy(policy.digest)
    traces = make_traces(logger, wanted=settings.traces)
    traces.begin()
    with (
        nullcontext()
        if settings.worker_port is None
        else serving(Working(settings, parts, Watching(store, logger), logger))
    ):
        logger.info(
            "the worker starts", database=shown(settings.database_url), policy=policy.digest
        )
        if wrong is not None:
            logger.error(wrong)
        if settings.traces and not is_installed():
            logger.error(EXTRA_MISSING)
        standalone.run(
            store,
            performer(parts.tools(store.endings_of)),
            clock=utc_now,
            logger=logger,
            observer=metrics.CountedEffects(),
        )
    traces.end(TRACES_END_SECONDS)
