"""What the tests of decisions share: rules as text, sessions as the specification writes them.

Everything is decided at ``NOW``, 2026-11-24T12:00:00Z; times are written ``now-5m``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

import pytest

from webhook_service.policy.cases import read_moment
from webhook_service.policy.conditions.types import Value
from webhook_service.policy.decide import decide
from webhook_service.policy.decision import Decision
from webhook_service.policy.facts import EventName, Facts, Source
from webhook_service.policy.known import session_facts
from webhook_service.policy.loader import load
from webhook_service.sessions import Factor, Session

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def decide_by(
    rules: str,
    values: Mapping[str, Value] | None = None,
    event: str = "hydra.token",
    *,
    failed: Iterable[str] = (),
    answered: Iterable[str] | None = None,
    all_shadow: bool = False,
) -> Decision:
    """Decide by the sections in ``rules``; every source has answered unless told otherwise."""
    policy = load(f"version: 1\n{rules}".encode())
    facts = make_facts(values or {}, event, failed=failed, answered=answered)
    return decide(policy, facts, NOW, all_shadow=all_shadow)


def make_facts(
    values: Mapping[str, Value],
    event: str = "hydra.token",
    *,
    failed: Iterable[str] = (),
    answered: Iterable[str] | None = None,
) -> Facts:
    """Return facts; ``failed`` sources were asked in vain, others than ``answered`` never."""
    reasons = {Source(name): "upstream.timeout" for name in failed}
    named = Source if answered is None else map(Source, answered)
    return Facts(EventName(event), values, frozenset(named) - reasons.keys(), reasons)


def make_session(
    *factors: str, expires_at: str = "now+1h", active: bool = True, issued_at: str | None = None
) -> dict[str, Value]:
    """Return the facts of a session whose factors are written ``totp/aal2 now-5m``."""
    done = tuple(_factor(text) for text in factors)
    times = [factor.completed_at for factor in done if factor.completed_at]
    second = [factor.completed_at for factor in done if factor.aal == "aal2"]
    return session_facts(
        Session(
            id="5c6e2ba3-1c8b-4b5e-8a50-3f3a5d9fca2e",
            active=active,
            aal="aal2" if second else "aal1",
            factors=done,
            methods=tuple(factor.method for factor in done),
            authenticated_at=max(times, default=None),
            issued_at=read_time(issued_at) if issued_at else min(times, default=None),
            expires_at=read_time(expires_at),
            second_factor_at=max((time for time in second if time), default=None),
        )
    )


def _factor(text: str) -> Factor:
    what, _, when = text.partition(" ")
    method, _, aal = what.partition("/")
    return Factor(method, aal, read_time(when) if when else None)


def read_time(text: str) -> datetime:
    """Return the time that ``now-5m`` means."""
    time = read_moment(text, NOW)
    assert time is not None
    return time


@pytest.fixture(scope="session")
def decided() -> Callable[..., Decision]:
    return decide_by


@pytest.fixture(scope="session")
def facts() -> Callable[..., Facts]:
    return make_facts


@pytest.fixture(scope="session")
def session() -> Callable[..., dict[str, Value]]:
    return make_session


@pytest.fixture(scope="session")
def at() -> Callable[[str], datetime]:
    return read_time
