"""The process that does nothing but work on effects: ``webhook-service worker``."""

from __future__ import annotations

import signal

from webhook_service.effects import standalone
from webhook_service.effects.observing import Unobserved
from webhook_service.effects.store.database import shown
from webhook_service.opening import open_store
from webhook_service.policy_in_force import Follower
from webhook_service.records.log import make_logger
from webhook_service.runtime import shared_folder
from webhook_service.service import utc_now
from webhook_service.startup import checked, policy_file_to_offer, see_to_database, settle
from webhook_service.wiring import make_parts, performer


def run() -> None:
    """Work on effects until SIGTERM; SIGHUP reloads the policy, as it does for ``serve``.

    Raises:
        SystemExit: settings, policy or database cannot be used; the text says why.
    """
    with shared_folder():
        settings, policy = checked()
        logger = make_logger(settings.log_format, settings.log_level)
        wrong = see_to_database(settings)
        settle(settings)
        parts = make_parts(settings, policy, logger)
        store = open_store(settings.database_url, utc_now)
        file = policy_file_to_offer(settings)
        signal.signal(signal.SIGHUP, lambda *_: file.offer())
        Follower(parts.policies, file, watch=settings.policy_watch).begin()
        logger.info(
            "the worker starts", database=shown(settings.database_url), policy=policy.digest
        )
        if wrong is not None:
            logger.error(wrong)
        standalone.run(
            store,
            performer(parts.tools(store.endings_of)),
            clock=utc_now,
            logger=logger,
            observer=Unobserved(),
        )
