"""A JWT access token that shows claims at its top level alone."""

from __future__ import annotations

import pytest
from ory.configuration import Setup
from ory.device import SignIn
from ory.lab import Ory
from ory.service import Service


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return Setup(
        jwt_access_tokens=True,
        top_level_claims=("acr", "amr", "auth_time"),
        mirror_top_level_claims=False,
    )


def test_what_the_token_does_not_show_is_known_at_the_next_refresh_all_the_same(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """``mirror_top_level_claims: false`` hides claims from the token's reader, not from hooks."""
    ory.app.extra_claims = {"access_token": {"tenant": "acme"}}
    service.start("""
        claims:
          - name: by tenant
            access_token: {acr: session.aal, amr: "[token.claims.tenant]"}
        """)
    device = sign_in()
    for refreshes in range(1, 4):
        assert device.refresh().status_code == 200
        access = device.tokens.access_claims
        assert (access["acr"], access["amr"]) == ("aal1", ["acme"])
        assert "ext" not in access
        assert "tenant" not in access
        record = service.last("hydra.token", after=refreshes)
        assert record["session"] == device.session_id
