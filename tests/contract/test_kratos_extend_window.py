"""Kratos' extend with ``earliest_possible_extend``: only near the end (F54)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from contract.worlds import World, deadline
from ory.configuration import Setup


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return Setup(earliest_possible_extend="30m")


def test_far_from_the_end_nothing_changes(world: World) -> None:
    session_id = world.sign_in(world.person())
    world.leave(session_id, timedelta(minutes=40))
    before = world.kratos.session(session_id, deadline())
    extended = world.kratos.extend(session_id, deadline())
    assert before is not None
    assert extended is not None
    assert extended.expires_at == before.expires_at


def test_near_the_end_the_lifespan_begins_anew(world: World) -> None:
    session_id = world.sign_in(world.person())
    world.leave(session_id, timedelta(minutes=20))
    extended = world.kratos.extend(session_id, deadline())
    assert extended is not None
    assert extended.expires_at is not None
    assert extended.expires_at > datetime.now(UTC) + timedelta(minutes=59)
