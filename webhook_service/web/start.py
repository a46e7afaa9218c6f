"""From the environment to an app, or to a message that says why not."""

from __future__ import annotations

import os

from flask import Flask

from webhook_service import runtime
from webhook_service.effects.store.database import shown
from webhook_service.fitness import start_notices
from webhook_service.policy.model import Policy
from webhook_service.records.log import make_logger
from webhook_service.settings import Settings
from webhook_service.startup import accepted_before, checked, see_to_database
from webhook_service.tracing.wanted import EXTRA_MISSING, is_installed
from webhook_service.web.factory import create_app
from webhook_service.wiring import wire


def app_from_environment() -> Flask:
    """Make the app.

    Raises:
        SystemExit: it cannot be made; the text is for the operator.
    """
    settings, policy = checked(settled=accepted_before())
    if runtime.VARIABLE not in os.environ:
        see_to_database(settings)  # a server that we did not start has not done it
    logger = make_logger(settings.log_format, settings.log_level)
    # Decision records are what the service is asked about later: at every level.
    records = make_logger(settings.log_format, "info")
    return create_app(settings, wire(settings, policy, logger, records=records), logger)


def say_what_starts(
    settings: Settings, policy: Policy, *, server: str, wrong: str | None = None
) -> None:
    """Log what is served, by what, and what an operator might not expect.

    ``wrong`` is what is wrong with the database for now.
    """
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
        database=shown(settings.database_url),
        effects=settings.effects_worker,
    )
    if wrong is not None:
        logger.error(wrong)
    if settings.traces and not is_installed():
        logger.error(EXTRA_MISSING)
    for notice in start_notices(settings, policy):
        logger.warning(notice)
