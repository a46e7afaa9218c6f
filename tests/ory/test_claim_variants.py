"""Claims in tokens of every kind that Hydra can be configured to give, and over both hooks."""

from __future__ import annotations

import pytest
from ory import oauth
from ory.claims import HOW, NAMED, told_by_kratos
from ory.configuration import Setup
from ory.device import SignIn, person_with_authenticator
from ory.lab import Ory
from ory.service import Service


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(Setup(), id="opaque tokens"),
        pytest.param(Setup(refresh_token_hook=True), id="both hooks"),
        pytest.param(Setup(refresh_token_hook=True, token_hook=False), id="the older hook"),
        pytest.param(
            Setup(
                jwt_access_tokens=True,
                top_level_claims=NAMED,
                mirror_top_level_claims=False,
            ),
            id="no ext",
        ),
    ],
)
def ory_setup(request: pytest.FixtureRequest) -> Setup:
    setup: Setup = request.param
    return setup


def test_refreshes_after_a_step_up_show_it_and_lose_nothing(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """With both hooks the second one sees what the first one answered (F3)."""
    person, authenticator = person_with_authenticator(ory)
    ory.app.extra_claims = {
        "access_token": {"tenant": "acme"},
        "id_token": {"email": "ana@example.org"},
    }
    service.start(HOW)
    device = sign_in(person, authenticator=authenticator)
    sid = device.tokens.id_claims["sid"]
    device.browser.step_up()
    expected = {**told_by_kratos(device), "kratos_session_id": device.session_id, "tenant": "acme"}
    assert expected["acr"] == "aal2"
    for _ in range(3):
        assert device.refresh().status_code == 200
        assert oauth.introspect(ory, device.tokens.access)["ext"] == expected
        identity = device.tokens.id_claims
        assert (identity["sid"], identity["email"], identity["level"]) == (
            sid,
            "ana@example.org",
            "aal2",
        )

    ory.people.forget_sessions(person)
    assert device.refresh().status_code == 200
    assert oauth.introspect(ory, device.tokens.access)["ext"] == {
        "kratos_session_id": device.session_id,
        "tenant": "acme",
    }
    assert "level" not in device.tokens.id_claims
