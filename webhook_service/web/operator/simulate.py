"""``/simulate``: what would be decided about an event that is pasted.

Nothing that is pasted is kept, logged, or put into an address: it comes with a form, and goes
with the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Response

from webhook_service.desk.simulation import simulate
from webhook_service.desk.simulation_form import MAX_DOCUMENT, MAX_YAML, WrongError, form_of
from webhook_service.desk.words import printable
from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.table import hooks
from webhook_service.policy.facts import EventName
from webhook_service.settings import Settings
from webhook_service.web.operator.shell import Shell, Signed
from webhook_service.wiring import Wired

LIMIT: Final = 3 * (MAX_DOCUMENT + 2 * MAX_YAML) + 4096
"""Bytes of a form: a text of other letters than ASCII takes three for each of its own."""

HERE: Final = "simulate"
_EMPTY: Final[Mapping[str, str]] = {}


def add(shell: Shell, settings: Settings, wired: Wired) -> None:
    """Serve the form, and what comes of it."""
    policies = wired.service.policies
    all_shadow = settings.mode == "shadow"
    headers = RequestHeaders(settings.client_ip_header, settings.country_header)
    known = tuple(hooks(headers).values())

    def page(signed: Signed, filled: Mapping[str, str] = _EMPTY) -> Response:
        result, wrong = None, None
        if filled:
            try:
                result = simulate(form_of(filled), policies.current, known, shell.clock())
            except WrongError as error:
                wrong = error
        return shell.page(
            "simulate.html",
            signed,
            status=200 if wrong is None else 400,
            here=HERE,
            filled=filled,
            result=result,
            wrong=wrong,
            events=tuple(EventName),
            all_shadow=all_shadow,
            printable=printable,
        )

    shell.get("/simulate", HERE, page)
    shell.post("/simulate", HERE, page, limit=LIMIT)
