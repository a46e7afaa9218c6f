"""The extension by itself: what is believed of Kratos' answers (F54, F55)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from webhook_service.effects.extend_session import Extension, Result, extend_session
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import NotFound, OryError, UpstreamReason
from webhook_service.sessions import Session

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
UNTIL = NOW + timedelta(milliseconds=600)
ENDS = NOW + timedelta(hours=1)
LATER = NOW + timedelta(hours=24)
SESSION = Session("a1daf59b-bb36-40b2-9ae7-e3eab04e223d", active=True, expires_at=ENDS)

Answer = Session | OryError | None


@dataclass
class Scripted:
    """A Kratos that answers what the test says."""

    extended: Answer
    read: Answer = None
    calls: list[str] = field(default_factory=list)

    def extend(self, session_id: str, deadline: Deadline) -> Session | None:
        assert deadline.remaining() > 0
        self.calls.append(f"extend {session_id}")
        return self._give(self.extended)

    def session(self, session_id: str, deadline: Deadline) -> Session | None:
        assert deadline.remaining() > 0
        self.calls.append(f"read {session_id}")
        return self._give(self.read)

    @staticmethod
    def _give(answer: Answer) -> Session | None:
        if isinstance(answer, OryError):
            raise answer
        return answer


def extend(kratos: Scripted, session: Session = SESSION) -> Extension:
    return extend_session(kratos, session, NOW, UNTIL, Deadline.after(0.6))


moved = replace(SESSION, expires_at=LATER)
gone = NotFound("kratos")
slow = OryError("kratos", UpstreamReason.TIMEOUT, "slow")


@pytest.mark.parametrize(
    ("kratos", "expected"),
    [
        pytest.param(Scripted(moved), Extension(Result.EXTENDED, LATER), id="extended"),
        pytest.param(Scripted(SESSION), Extension(Result.UNCHANGED, ENDS), id="not yet"),
        pytest.param(Scripted(None, moved), Extension(Result.EXTENDED, LATER), id="204, moved"),
        pytest.param(Scripted(None, SESSION), Extension(Result.UNCHANGED, ENDS), id="204, not yet"),
        pytest.param(
            Scripted(replace(moved, active=False)),
            Extension(Result.FAILED, reason="session.not_active"),
            id="revoked meanwhile",
        ),
        pytest.param(
            Scripted(replace(SESSION, expires_at=None)),
            Extension(Result.FAILED, reason="upstream.invalid"),
            id="without its end",
        ),
        pytest.param(
            Scripted(gone, None),
            Extension(Result.FAILED, reason="session.not_active"),
            id="gone",
        ),
        pytest.param(
            Scripted(gone, SESSION),
            Extension(Result.FAILED, reason="upstream.busy"),
            id="held by another",
        ),
        pytest.param(
            Scripted(gone, moved), Extension(Result.EXTENDED, LATER), id="extended by another"
        ),
        pytest.param(
            Scripted(slow), Extension(Result.FAILED, reason="upstream.timeout"), id="too slow"
        ),
        pytest.param(
            Scripted(None, slow),
            Extension(Result.FAILED, reason="upstream.timeout"),
            id="too slow to verify",
        ),
    ],
)
def test_only_a_later_end_counts_as_extended(kratos: Scripted, expected: Extension) -> None:
    assert extend(kratos) == expected
    assert len(kratos.calls) <= 2


@pytest.mark.parametrize(
    "session",
    [
        pytest.param(replace(SESSION, active=False), id="not active"),
        pytest.param(replace(SESSION, id=None), id="without an id"),
        pytest.param(replace(SESSION, expires_at=None), id="without an end"),
        pytest.param(replace(SESSION, expires_at=NOW), id="at its end"),
    ],
)
def test_a_session_that_is_not_alive_is_not_even_tried(session: Session) -> None:
    kratos = Scripted(moved)
    assert extend(kratos, session).result is Result.FAILED
    assert kratos.calls == []


def test_a_session_that_could_end_before_the_call_arrives_is_let_go() -> None:
    kratos = Scripted(moved)
    session = replace(SESSION, expires_at=UNTIL)
    assert extend(kratos, session).result is Result.ENDING
    assert kratos.calls == []
