"""A service whose clock is an hour off, beside a Kratos whose clock is right: row 59.

The clock of the service is the one that it is made with; the stand-in has its own. Whether a
session lives is Kratos' to say, so no clock of ours can bring one back to life (F55).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from unit.effects.catalogue.shop import open_shop
from unit.workbench import Bench, BenchMaker
from unit.world import NOW, named, person, session

from webhook_service.effects.effect import Done, ExtendSession
from webhook_service.ory.fake.people import FakeSession
from webhook_service.policy.loader import load

ALWAYS = """
sessions:
  - name: stays signed in
    when: token.grant == "refresh_token"
    extend: true
    max_age: unlimited
"""
OFF = [timedelta(hours=-1), timedelta(hours=1)]
OVER = [timedelta(minutes=-30), timedelta(seconds=-1), timedelta()]
"""What is left of a session that has ended by itself."""


def wrong_by(make_bench: BenchMaker, off: timedelta) -> Bench:
    """Return a service whose clock is off."""
    bench = make_bench(ALWAYS)
    bench.ory.kratos.clock = lambda: NOW
    bench.clock.now = NOW + off
    return bench


def session_of(bench: Bench, refresh: Any, *, left: timedelta) -> FakeSession:
    """Let the session of a refresh be there, with so much of it left."""
    session_id, subject = named(refresh)
    person(bench.ory, subject)
    return session(bench.ory, session_id, subject, left=left)


def extensions(calls: list[str]) -> list[str]:
    return [call for call in calls if call.startswith("PATCH")]


@pytest.mark.parametrize("off", OFF)
@pytest.mark.parametrize("left", OVER)
def test_a_session_that_has_ended_is_not_extended_whatever_the_clock_says(
    make_bench: BenchMaker, refresh: Any, off: timedelta, left: timedelta
) -> None:
    bench = wrong_by(make_bench, off)
    one = session_of(bench, refresh, left=left)
    bench.token(refresh)
    assert extensions(bench.calls()) == []
    assert one.expires_at == NOW + left
    assert not bench.effects.accepted


@pytest.mark.parametrize("off", OFF)
def test_a_session_that_was_ended_is_not_extended_whatever_the_clock_says(
    make_bench: BenchMaker, refresh: Any, off: timedelta
) -> None:
    bench = wrong_by(make_bench, off)
    session_of(bench, refresh, left=timedelta(hours=12)).revoked = True
    bench.token(refresh)
    assert extensions(bench.calls()) == []
    assert not bench.effects.accepted


@pytest.mark.parametrize("off", OFF)
def test_a_session_that_lives_on_beyond_the_error_is_extended_all_the_same(
    make_bench: BenchMaker, refresh: Any, off: timedelta
) -> None:
    bench = wrong_by(make_bench, off)
    one = session_of(bench, refresh, left=timedelta(hours=2))
    assert bench.token(refresh).status_code == 204
    assert one.expires_at == NOW + timedelta(hours=24)


def test_a_clock_that_is_ahead_leaves_a_session_alone_that_has_ended_by_it(
    make_bench: BenchMaker, refresh: Any
) -> None:
    """Too little is repaired by the next sign-in; a session that came back would not be."""
    bench = wrong_by(make_bench, timedelta(hours=1))
    one = session_of(bench, refresh, left=timedelta(minutes=30))
    assert bench.token(refresh).status_code == 204
    assert extensions(bench.calls()) == []
    assert one.expires_at == NOW + timedelta(minutes=30)


@pytest.mark.parametrize("off", OFF)
@pytest.mark.parametrize("left", OVER)
def test_an_extension_that_comes_late_revives_nothing_whatever_the_clock_says(
    off: timedelta, left: timedelta
) -> None:
    with open_shop(revokes_chains=True) as shop:
        laptop = shop.sign_in("password")
        one = shop.fake.kratos.sessions[laptop.session_id]
        one.expires_at = NOW + left
        shop.fake.kratos.clock = lambda: NOW
        shop.clock.now = NOW + off
        shop.policies.current = load(f"version: 1\n{ALWAYS}".encode())
        record = {
            "at": "2026-11-25T12:00:00.000000Z",
            "event": "hydra.token",
            "facts": {"token.grant": "refresh_token"},
            "answered": [],
        }
        args = ExtendSession(shop.ada, laptop.session_id, None, record)
        assert isinstance(shop.do(args), Done)
        assert extensions(shop.calls()) == []
        assert one.expires_at == NOW + left
