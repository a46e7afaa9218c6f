"""Reading and answering what waits at Hydra, where things go wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.fake import FakeOry, Served, faults
from webhook_service.ory.fake.answers import json_answer
from webhook_service.ory.hydra import Hydra
from webhook_service.ory.hydra_flows import AcceptedConsent, AcceptedLogin

ADA = "0a1b2c3d-0000-4000-8000-000000000001"
CONSENT = AcceptedConsent(("openid",), ("https://api.test",), {"kratos_session_id": "s"}, True)  # noqa: FBT003  remembered


def soon() -> Deadline:
    return Deadline.after(5)


def test_an_answer_whose_kept_connection_died_is_sent_once_more(
    fake: FakeOry, served: Served, hydra: Hydra
) -> None:
    """Hydra takes an answer twice: ``tests/contract`` shows it."""
    fake.hydra.add_client("web")
    challenge = fake.hydra.flows.add_consent("web", ADA)
    hydra.flows.consent(challenge, soon())
    fake.break_calls("hydra", faults.hang_up, method="PUT", times=1)
    hydra.flows.accept_consent(challenge, CONSENT, soon())
    assert fake.hydra.flows.answered(challenge) == (
        "accept",
        {
            "grant_scope": ["openid"],
            "grant_access_token_audience": ["https://api.test"],
            "session": {"access_token": {"kratos_session_id": "s"}, "id_token": {}},
            "remember": True,
            "remember_for": 0,
        },
    )


def test_an_answer_with_no_way_on_is_none(
    fake: FakeOry, hydra: Hydra, monkeypatch: pytest.MonkeyPatch
) -> None:
    def handle(*_: object) -> Any:
        return json_answer(200, {"redirect_to": ""})

    monkeypatch.setattr(fake, "handle", handle)
    with pytest.raises(OryError) as caught:
        hydra.flows.accept_login("a", AcceptedLogin(ADA, "s", ("password",), 60), soon())
    assert caught.value.reason is UpstreamReason.INVALID


@pytest.mark.parametrize(
    "told",
    [
        [],
        {},
        {"client": {"client_id": "web"}},
        {"client": {}, "request_url": "https://hydra.test/oauth2/auth"},
        {"client": {"client_id": "web"}, "request_url": 1},
        {"client": {"client_id": "web"}, "request_url": "", "skip": "yes"},
        {"client": {"client_id": "web"}, "request_url": "", "oidc_context": "secret"},
    ],
    ids=json.dumps,
)
def test_what_has_another_shape_is_no_request_and_its_values_are_not_told(
    fake: FakeOry, hydra: Hydra, monkeypatch: pytest.MonkeyPatch, told: object
) -> None:
    monkeypatch.setattr(fake, "handle", lambda *_: json_answer(200, told))
    for read in (hydra.flows.login, hydra.flows.consent):
        with pytest.raises(OryError) as caught:
            read("a-challenge", soon())
        assert caught.value.reason is UpstreamReason.INVALID
        assert "secret" not in str(caught.value)
        assert "a-challenge" not in str(caught.value)


def test_no_challenge_stands_where_a_request_is_shown(fake: FakeOry, hydra: Hydra) -> None:
    fake.hydra.add_client("web")
    challenge = fake.hydra.flows.add_login("web")
    assert challenge not in repr(hydra.flows.login(challenge, soon()))
