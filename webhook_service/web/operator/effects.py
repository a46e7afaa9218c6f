"""``/effects``: what outlives the answers, and what an operator can do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

import structlog
from flask import Response, request

from webhook_service.desk.effect_detail import detail
from webhook_service.desk.effect_words import CAUSES, STATES, meaning
from webhook_service.desk.effects import (
    Action,
    Counting,
    asked,
    can,
    change,
    listed,
    rule_of,
    when,
    why_not,
)
from webhook_service.desk.times import span
from webhook_service.desk.words import printable
from webhook_service.effects.effect import Effect, Kind, State
from webhook_service.web.operator.shell import Shell, Signed
from webhook_service.wiring import Keeper, Wired

ASK_SECONDS: Final = 2.0
"""How long the store has for one answer."""

MOST_NUMBERS: Final = 2**63 - 1
"""The largest number that a database can have given."""

HERE: Final = "effects"

_DONE: Final[Mapping[Action, str]] = {
    Action.RETRY: "Effect {} is due now.",
    Action.CANCEL: "Effect {} is cancelled.",
}
_LOGGED: Final[Mapping[Action, str]] = {
    Action.RETRY: "an effect is retried",
    Action.CANCEL: "an effect is cancelled",
}


def add(shell: Shell, wired: Wired, logger: structlog.typing.FilteringBoundLogger) -> None:
    """Serve the list, each effect, and the two forms that change one."""
    engine, counting = wired.engine, Counting()

    def page(signed: Signed) -> Response:
        which = asked(request.args)
        found = engine.ask(lambda store: listed(store, which, counting), ASK_SECONDS)
        now = shell.clock()
        return shell.page(
            "effects.html",
            signed,
            here=HERE,
            asked=which,
            listed=found,
            states=tuple(State),
            kinds=tuple(Kind),
            causes=CAUSES,
            meaning=meaning,
            printable=printable,
            rule_of=rule_of,
            when=lambda effect: when(effect, now),
            oldest_due=None if found.oldest_due is None else span(found.oldest_due),
            to=lambda **changed: f"/effects?{urlencode(which.fields(**changed))}",
        )

    def one(signed: Signed, seq: int) -> Response:
        effect = _show(engine, seq)
        if effect is None:
            return _missing(shell, signed, seq)
        now = shell.clock()
        return shell.page(
            "effect.html",
            signed,
            here=HERE,
            detail=detail(effect),
            effect=effect,
            when=when(effect, now),
            stands=STATES[effect.state],
            can_retry=can(Action.RETRY, effect),
            can_cancel=can(Action.CANCEL, effect),
            said=_said(effect, why_not(effect, now)),
            printable=printable,
        )

    def confirm(signed: Signed, seq: int) -> Response:
        effect = _show(engine, seq)
        if effect is None:
            return _missing(shell, signed, seq)
        if not can(Action.CANCEL, effect):
            return shell.see_other(f"/effects/{seq}?left={Action.CANCEL}")
        return shell.page(
            "effect_cancel.html", signed, here=HERE, detail=detail(effect), printable=printable
        )

    def changing(action: Action) -> Callable[..., Response]:
        def view(signed: Signed, _form: Mapping[str, str], seq: int) -> Response:
            if seq <= MOST_NUMBERS and engine.ask(
                lambda store: change(store, action, seq), ASK_SECONDS
            ):
                logger.warning(_LOGGED[action], seq=seq, by="the operator's page")
                return shell.see_other(f"/effects/{seq}?done={action}")
            if _show(engine, seq) is None:
                return _missing(shell, signed, seq)
            return shell.see_other(f"/effects/{seq}?left={action}")

        return view

    shell.get("/effects", "effects", page)
    shell.get("/effects/<int:seq>", "effect", one)
    shell.get("/effects/<int:seq>/cancel", "effect cancel", confirm)
    shell.post("/effects/<int:seq>/retry", "effect retry", changing(Action.RETRY))
    shell.post("/effects/<int:seq>/cancel", "effect cancel", changing(Action.CANCEL))


def _show(engine: Keeper, seq: int) -> Effect | None:
    if seq > MOST_NUMBERS:
        return None
    return engine.ask(lambda store: store.show(seq), ASK_SECONDS)


def _said(effect: Effect, unchanged: str) -> tuple[str, bool] | None:
    """Return what became of the form that led here, and whether it was done.

    The address names no text, only which of a few it is: a link cannot put words on the page.
    """
    done, left = request.args.get("done"), request.args.get("left")
    if done in set(Action):
        return _DONE[Action(done)].format(effect.seq), True
    if left in set(Action):
        return f"Effect {effect.seq} is {unchanged}.", False
    return None


def _missing(shell: Shell, signed: Signed, seq: int) -> Response:
    return shell.notice(
        signed,
        404,
        f"There is no effect {seq}",
        "What is done is kept for a day, what failed for 30 days.",
        here=HERE,
    )
