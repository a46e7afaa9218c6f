"""Claims rules, and what they must say of a session: shared by the tests of claims."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from ory.configuration import Setup
from ory.device import Device

NAMED: Final = ("acr", "amr", "auth_time")

JWT: Final = Setup(jwt_access_tokens=True, top_level_claims=(*NAMED, "tenant"))

HOW: Final = """
claims:
  - name: how the person signed in
    events: [hydra.token, hydra.refresh_token]
    access_token:
      acr: session.aal
      amr: session.methods
      auth_time: session.authenticated_at
    id_token:
      level: session.aal
      second_factor_at: session.second_factor_at
"""

CONSENTED: Final[dict[str, dict[str, object]]] = {
    "access_token": {"tenant": "acme", "limits": {"rows": 5}},
    "id_token": {"email": "ana@example.org", "tenant": "acme"},
}


def told_by_kratos(device: Device) -> dict[str, Any]:
    """Return what the access token must say of the device's session by ``HOW``."""
    session = device.ory.people.session(device.session_id)
    return {
        "acr": session["authenticator_assurance_level"],
        "amr": [factor["method"] for factor in session["authentication_methods"]],
        "auth_time": seconds(session["authenticated_at"]),
    }


def seconds(moment: str) -> int:
    """Return a time of Kratos' as a token carries it: whole seconds."""
    return int(datetime.fromisoformat(moment).timestamp())


def among(claims: dict[str, Any], names: tuple[str, ...] = NAMED) -> dict[str, Any]:
    """Return those of the claims that are there."""
    return {name: claims[name] for name in names if name in claims}


def without(claims: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return all other claims."""
    return {name: value for name, value in claims.items() if name not in names}
