"""People and sessions of the stand-in, and policies, for tests of the whole service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from webhook_service.ory.fake import FakeOry
from webhook_service.ory.fake.people import FakeIdentity, FakeSession

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
REFRESH = "hydra.token.refresh_token.consent-claims"
NAMELESS = "hydra.token.refresh_token.password-only"
EXCHANGE = "hydra.token.authorization_code.password-only"
MACHINE = "hydra.token.client_credentials"
LOGIN = "kratos.login.api.aal1.minimal"

SLIDING = """
sessions:
  - name: stays signed in
    when: token.grant == "refresh_token"
    extend: {when_left: 12h}
    max_age: 90d
"""
SECOND_FACTOR = """
mfa:
  - name: a second factor
    when: client.id == "web"
    require: {aal: aal2}
"""
LIVE = """
sessions:
  - name: a live session
    must_be_active: true
    on_error: deny
"""


def person(ory: FakeOry, identity_id: str, *, state: str = "active", **more: Any) -> FakeIdentity:
    identity = FakeIdentity(
        identity_id,
        created_at=NOW - timedelta(days=100),
        traits=more.pop("traits", {}),
        state=state,
        **more,
    )
    ory.kratos.identities[identity_id] = identity
    return identity


def session(
    ory: FakeOry,
    session_id: str,
    identity_id: str,
    *,
    began: datetime = NOW - timedelta(hours=20),
    left: timedelta = timedelta(hours=4),
    methods: tuple[str, ...] = ("password",),
) -> FakeSession:
    one = FakeSession(
        session_id,
        identity_id,
        issued_at=began,
        authenticated_at=began,
        expires_at=NOW + left,
        factors=[(method, "aal2" if method == "totp" else "aal1", began) for method in methods],
    )
    ory.kratos.sessions[session_id] = one
    return one


def named(body: Any) -> tuple[str, str]:
    """Return the session and the subject that a body names."""
    return body["session"]["extra"]["kratos_session_id"], body["session"]["id_token"]["subject"]
