"""Which source is asked first, where several are wanted (P27, F100)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from webhook_service.policy.asking import next_source
from webhook_service.policy.decision import Decision
from webhook_service.policy.facts import EventName, Facts, Source

SESSION, IDENTITY, CLIENT = Source.KRATOS_SESSION, Source.KRATOS_IDENTITY, Source.HYDRA_CLIENT


@pytest.mark.parametrize(
    ("wants", "may_want", "first"),
    [
        pytest.param({SESSION, CLIENT}, set(), SESSION, id="the session before all"),
        pytest.param({CLIENT, IDENTITY}, set(), CLIENT, id="else by their names"),
        pytest.param({IDENTITY}, set(), IDENTITY, id="the identity alone"),
        pytest.param({IDENTITY}, {SESSION}, SESSION, id="a session that brings the identity"),
        pytest.param({CLIENT}, {SESSION}, CLIENT, id="a session that would bring nothing wanted"),
    ],
)
def test_one_call_for_two_is_asked_first(
    facts: Callable[..., Facts], wants: set[Source], may_want: set[Source], first: Source
) -> None:
    decision = Decision(EventName.HYDRA_TOKEN, wants=frozenset(wants), may_want=frozenset(may_want))
    assert next_source(decision, facts({}, answered=[])) is first


@pytest.mark.parametrize("known", [{"answered": [SESSION]}, {"answered": [], "failed": [SESSION]}])
def test_a_session_that_was_asked_for_already_is_not_asked_again(
    facts: Callable[..., Facts], known: dict[str, list[Source]]
) -> None:
    decision = Decision(
        EventName.HYDRA_TOKEN, wants=frozenset({IDENTITY}), may_want=frozenset({SESSION})
    )
    assert next_source(decision, facts({}, **known)) is IDENTITY
