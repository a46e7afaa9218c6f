"""Kratos' extend with ``faster_session_extend``: 204 in any case (F54)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from contract.worlds import World, deadline
from ory.configuration import Setup

from webhook_service.ory.errors import NotFound

UNKNOWN = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return Setup(earliest_possible_extend="30m", faster_session_extend=True)


def test_an_extension_is_seen_only_by_reading_the_session_again(world: World) -> None:
    session_id = world.sign_in(world.person())
    world.leave(session_id, timedelta(minutes=20))
    assert world.kratos.extend(session_id, deadline()) is None
    session = world.kratos.session(session_id, deadline())
    assert session is not None
    assert session.expires_at is not None
    assert session.expires_at > datetime.now(UTC) + timedelta(minutes=59)


def test_the_same_answer_comes_where_nothing_changed(world: World) -> None:
    session_id = world.sign_in(world.person())
    world.leave(session_id, timedelta(minutes=40))
    assert world.kratos.extend(session_id, deadline()) is None
    session = world.kratos.session(session_id, deadline())
    assert session is not None
    assert session.expires_at is not None
    assert session.expires_at < datetime.now(UTC) + timedelta(minutes=41)


def test_a_session_that_is_not_there_is_an_error_all_the_same(world: World) -> None:
    with pytest.raises(NotFound):
        world.kratos.extend(UNKNOWN, deadline())
