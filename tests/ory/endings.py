"""Whether sessions and tokens have ended, and when: what the tests of effects look at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ory import oauth
from ory.device import Device
from ory.oauth import Tokens
from ory.waiting import SECONDS, stays, wait_for

if TYPE_CHECKING:
    from ory.lab import Ory

A_WHILE: Final = 1.5
"""Seconds: longer than anything that has begun to end sessions goes on."""


def authenticated_at(ory: Ory, session_id: str) -> datetime:
    """Return when somebody signed in last in a session."""
    return datetime.fromisoformat(ory.people.session(session_id)["authenticated_at"])


def wait_until_ended(ory: Ory, *session_ids: str, seconds: float = SECONDS) -> datetime:
    """Wait until all these sessions have ended; return when that was seen."""
    wait_for(
        lambda: not any(map(ory.people.is_live, session_ids)),
        f"the end of {session_ids}",
        seconds,
    )
    return datetime.now(UTC)


def stays_live(ory: Ory, *session_ids: str, seconds: float = A_WHILE) -> None:
    """Check that none of these sessions ends for a while."""
    stays(lambda: all(map(ory.people.is_live, session_ids)), f"one of {session_ids}", seconds)


def are_good(ory: Ory, tokens: Tokens) -> bool:
    """Say whether Hydra still honours the tokens. Asking calls no hook."""
    return all(oauth.introspect(ory, token)["active"] for token in (tokens.access, tokens.refresh))


def are_dead(ory: Ory, tokens: Tokens) -> bool:
    """Say whether Hydra honours none of the tokens any more."""
    return not any(
        oauth.introspect(ory, token)["active"] for token in (tokens.access, tokens.refresh)
    )


def wait_until_dead(device: Device, seconds: float = SECONDS) -> datetime:
    """Wait until a device's tokens are good for nothing; return when that was seen."""
    what = f"the end of the tokens of {device.client.id}"
    wait_for(lambda: are_dead(device.ory, device.tokens), what, seconds)
    assert device.refresh().json()["error"] == "invalid_grant"
    return datetime.now(UTC)


def assert_untouched(device: Device) -> None:
    """Check that a device is signed in, with tokens that can be renewed."""
    assert device.ory.people.is_live(device.session_id)
    assert are_good(device.ory, device.tokens)
    assert device.refresh().status_code == 200
