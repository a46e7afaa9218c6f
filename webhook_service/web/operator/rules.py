"""``/rules``: the policy in force, and what each rule said lately."""

from __future__ import annotations

from flask import Response

from webhook_service.desk.rules import UNTOLD, lately, seen
from webhook_service.desk.words import counted, printable
from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.settings import Settings
from webhook_service.web.operator.shell import Shell, Signed
from webhook_service.wiring import Wired


def add(shell: Shell, settings: Settings, wired: Wired) -> None:
    """Serve the page."""
    policies = wired.service.policies
    all_shadow = settings.mode == "shadow"

    def page(signed: Signed) -> Response:
        policy, now = policies.current, shell.clock()
        away = None
        try:
            told = wired.reading.ask(lambda records: lately(records, now))
        except StoreUnavailableError as error:
            # What decides is known all the same.
            told, away = UNTOLD, str(error)
        return shell.page(
            "rules.html",
            signed,
            here="rules",
            seen=seen(policy, told, all_shadow=all_shadow),
            told=told,
            away=away,
            # Its folder is the machine's own affair.
            file=settings.policy_file.name,
            since=policies.since,
            refused=policies.refused,
            all_shadow=all_shadow,
            counted=counted,
            printable=printable,
        )

    shell.get("/rules", "rules", page)
