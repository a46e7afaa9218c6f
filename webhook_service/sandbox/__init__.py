"""What a newcomer runs first: a stand-in Ory with two sessions, a policy, recorded calls.

``refresh.json``, ``password-only.json`` and ``machine.json`` are bodies that Hydra 26.2.0
sent. The sessions below are the ones that they speak of.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from webhook_service.ory.fake import FakeOry
from webhook_service.ory.fake.people import FakeIdentity, FakeSession

FOLDER: Final = Path(__file__).parent
POLICY: Final = FOLDER / "policy.yaml"

SUBJECT: Final = "aea95835-aeaf-4997-bd01-d04160cc4ddc"
WEB_SESSION: Final = "a1daf59b-bb36-40b2-9ae7-e3eab04e223d"
"""Named by a claim of ``refresh.json`` (F28)."""

MOBILE_SESSION: Final = "0f4b7c55-6a0d-4f6e-9d55-0a4f1f3c6c01"
MOBILE_AUTH_TIME: Final = datetime(2026, 11, 24, 23, 25, 30, 234025, UTC)
"""``password-only.json`` names no session: its ``auth_time`` finds this one (F30)."""


def stand_in() -> FakeOry:
    """Return Kratos and Hydra with one person, who has signed in twice."""
    ory = FakeOry(lifespan=timedelta(hours=24), earliest_possible_extend=timedelta(hours=23))
    now = datetime.now(UTC)
    ory.kratos.identities[SUBJECT] = FakeIdentity(
        SUBJECT,
        created_at=now - timedelta(days=400),
        traits={"email": "ada.lovelace@example.org"},
        addresses={"ada.lovelace@example.org": True},
        second_factors={"totp"},
    )
    signed_in = now - timedelta(hours=22)
    ory.kratos.sessions[WEB_SESSION] = FakeSession(
        WEB_SESSION,
        SUBJECT,
        issued_at=signed_in,
        authenticated_at=signed_in,
        expires_at=now + timedelta(hours=2),
        factors=[("password", "aal1", signed_in), ("totp", "aal2", signed_in)],
    )
    ory.kratos.sessions[MOBILE_SESSION] = FakeSession(
        MOBILE_SESSION,
        SUBJECT,
        issued_at=MOBILE_AUTH_TIME,
        authenticated_at=MOBILE_AUTH_TIME,
        expires_at=now + timedelta(hours=20),
        factors=[("password", "aal1", MOBILE_AUTH_TIME)],
    )
    return ory
