"""A person with a session that is shown, for tests of checks."""

from __future__ import annotations

from typing import Any

from unit.workbench import Bench
from unit.world import person, session

SUBJECT = "aea95835-aeaf-4997-bd01-d04160cc4ddc"
SESSION = "a1daf59b-bb36-40b2-9ae7-e3eab04e223d"


def at_work(bench: Bench, *methods: str, **more: Any) -> str:
    """Sign the person in; return a token of the session."""
    person(bench.ory, SUBJECT, second_factors=more.pop("second_factors", {"totp"}))
    session(bench.ory, SESSION, SUBJECT, methods=methods or ("password",), **more)
    return bench.ory.kratos_public.token_of(SESSION)


def consented(bench: Bench, *, session_id: str | None = SESSION, subject: str = SUBJECT) -> str:
    """Let a client get an access token; return it."""
    consents = bench.ory.hydra.consents
    login = consents.log_in(subject, SESSION)
    return consents.consent(login, "web", session_id=session_id).access_token


def forget(bench: Bench) -> None:
    """Let the time pass for which anything is remembered."""
    bench.app.extensions["wired"].early.memory.forget_all(lambda _key, _value: True)
