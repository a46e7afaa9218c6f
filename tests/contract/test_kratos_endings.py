"""What endings need of Kratos: every live session, the end of one, and the one just made."""

from __future__ import annotations

from datetime import timedelta

import pytest
from contract.worlds import RealWorld, World, deadline
from ory.lab import Ory

from webhook_service.ory import kratos as client_of_kratos
from webhook_service.ory.errors import NotFound
from webhook_service.sessions import read_session_of_login

UNKNOWN = "11111111-2222-4333-8444-555555555555"
NIL = "00000000-0000-0000-0000-000000000000"


def live(world: World, person: str) -> list[str | None]:
    listed = world.kratos.live_sessions_of(person, deadline())
    assert listed.complete
    return [session.id for session in listed.items]


def test_live_sessions_are_listed_the_last_authenticated_first(world: World) -> None:
    person = world.person()
    first, second, third = (world.sign_in(person) for _ in range(3))
    world.refresh(first)
    assert live(world, person) == [first, third, second]


def test_neither_ended_nor_expired_sessions_are_live(world: World) -> None:
    person = world.person()
    ended, expired, alive = (world.sign_in(person) for _ in range(3))
    world.revoke(ended)
    world.leave(expired, timedelta(minutes=-1))
    assert live(world, person) == [alive]


def test_sessions_of_a_disabled_identity_can_live_on(world: World) -> None:
    """F100: they are shown as not active, and are there again when it is enabled."""
    person = world.person()
    session_id = world.sign_in(person)
    world.disable(person)
    (session,) = world.kratos.live_sessions_of(person, deadline()).items
    assert session.id == session_id
    assert not session.active


def test_every_page_of_live_sessions_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The 251st is not left alive, though no link of Kratos' leads to it."""
    monkeypatch.setattr(client_of_kratos, "PAGE_SIZE", 3)
    person = world.person()
    ids = [world.sign_in(person) for _ in range(7)]
    assert live(world, person) == ids[::-1]


@pytest.mark.parametrize("identity_id", [UNKNOWN, NIL, "alice"])
def test_an_unknown_identity_has_no_live_sessions(world: World, identity_id: str) -> None:
    assert live(world, identity_id) == []


def test_a_session_ends_and_can_be_ended_again(world: World) -> None:
    """F56: 204 each time."""
    session_id = world.sign_in(world.person())
    for _ in range(2):
        world.kratos.end(session_id, deadline())
        session = world.kratos.session(session_id, deadline())
        assert session is not None
        assert not session.active


def test_a_session_that_has_expired_can_be_ended(world: World) -> None:
    """So that no extension brings it back (F55)."""
    session_id = world.sign_in(world.person())
    world.leave(session_id, timedelta(minutes=-1))
    world.kratos.end(session_id, deadline())
    world.kratos.extend(session_id, deadline())
    session = world.kratos.session(session_id, deadline())
    assert session is not None
    assert not session.active


@pytest.mark.parametrize("session_id", [UNKNOWN, NIL, "../../x"])
def test_ending_a_session_that_is_not_there_is_an_error(world: World, session_id: str) -> None:
    with pytest.raises(NotFound):
        world.kratos.end(session_id, deadline())


@pytest.mark.ory
def test_a_fresh_login_is_found_by_the_time_in_its_hooks_body(ory: Ory) -> None:
    """The body names no session (F35), but the time of its factor, to the microsecond."""
    world = RealWorld(ory)
    person = world.person()
    world.sign_in(person)
    session_id = world.sign_in(person)
    call = ory.receiver.calls("/hooks/kratos/login/password")[-1]
    told = read_session_of_login(call.body["session"])
    assert told.id is None
    found = [
        session.id
        for session in world.kratos.sessions_of(person, deadline()).items
        if session.factors == told.factors
    ]
    assert found == [session_id]
