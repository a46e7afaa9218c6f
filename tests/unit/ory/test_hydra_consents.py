"""Our client of Hydra: chains of tokens, their end, and the logins it remembers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from webhook_service.ory.consents import Chain, read_chains
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import BadRequestError, NotFound, OryError, UpstreamReason
from webhook_service.ory.fake import FakeOry, faults
from webhook_service.ory.hydra import CHAINS_PER_PAGE, Hydra

API = Path(__file__).parents[2] / "payloads" / "kratos-1.3.1_hydra-2.3.0" / "api"
ADA = "aea95835-aeaf-4997-bd01-d04160cc4ddc"
SESSION = "a1daf59b-bb36-40b2-9ae7-e3eab04e223d"
NOT_UNDERSTOOD = faults.says(400, body=b'{"error": "invalid_request"}')


def soon() -> Deadline:
    return Deadline.after(5)


def consent(**more: Any) -> dict[str, Any]:
    request = {"challenge": "c", "client": {"client_id": "web"}, **more.pop("request", {})}
    return {"consent_request": request, **more}


def read(one: object) -> Chain:
    (chain,) = read_chains([one])
    return chain


def test_the_recorded_list_is_read() -> None:
    recorded = json.loads((API / "hydra.consent-sessions.list.json").read_text())
    assert read_chains(recorded["body"]) == (
        Chain(
            id="fd58125f-1f3c-4949-8daa-5de18f8dda02",
            client_id="web",
            login_session_id="684e7fc1-6ca5-4977-b04f-1aaf7b10498e",
            session_id=None,
            handled_at=datetime(2026, 11, 24, 23, 25, 22, 532110, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    ("told", "chain_id"),
    [
        (consent(), "c"),
        (consent(request={"consent_request_id": "inner"}), "inner"),
        (consent(consent_request_id="outer", request={"consent_request_id": "inner"}), "outer"),
        (consent(consent_request_id="", request={"consent_request_id": ""}), "c"),
    ],
)
def test_a_chain_is_named_as_its_version_names_it(told: object, chain_id: str) -> None:
    """F101: 26.2 calls ``consent_request_id`` what 2.3.0 calls ``challenge``."""
    assert read(told).id == chain_id


@pytest.mark.parametrize(
    ("session", "named"),
    [
        ({"access_token": {"kratos_session_id": SESSION}}, SESSION),
        ({"access_token": {"kratos_session_id": SESSION.upper()}}, SESSION),
        ({"access_token": {}, "id_token": {"kratos_session_id": SESSION}}, SESSION),
        ({"access_token": None, "id_token": None}, None),
        ({"access_token": {"kratos_session_id": 7}, "id_token": []}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_chain_names_the_session_that_either_token_names(
    session: object, named: str | None
) -> None:
    """F28."""
    assert read(consent(session=session)).session_id == named


@pytest.mark.parametrize("login", [None, ""])
def test_a_chain_whose_login_was_forgotten_has_none(login: str | None) -> None:
    assert read(consent(request={"login_session_id": login})).login_session_id is None


def test_a_chain_tells_whether_others_may_be_hidden() -> None:
    assert read(consent(remember=True)).remembered
    assert not read(consent(remember=False)).remembered
    assert read(consent(remember_for=1)).fades
    assert not read(consent(remember_for=0)).fades
    assert not read(consent(remember_for=None)).fades


@pytest.mark.parametrize(
    "told",
    [
        {},
        [[]],
        [None],
        [{}],
        [{"consent_request": {}}],
        [{"consent_request": {"challenge": "c", "client": {}}}],
        [consent(request={"challenge": None})],
        [consent(request={"challenge": ""})],
        [consent(handled_at="yesterday")],
        [consent(remember="yes")],
        [consent(remember_for=1.5)],
    ],
)
def test_a_list_of_another_shape_is_none(told: object) -> None:
    with pytest.raises(ValidationError):
        read_chains(told)


@given(st.recursive(st.none() | st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_whatever_stands_for_claims_is_read(claims: object) -> None:
    assert read(consent(session={"access_token": claims})).session_id is None or claims


@pytest.mark.parametrize("count", [0, 1, CHAINS_PER_PAGE, CHAINS_PER_PAGE + 1, 250])
@pytest.mark.parametrize("revokes_chains", [True, False])
def test_every_chain_is_read(
    fake: FakeOry, hydra: Hydra, count: int, *, revokes_chains: bool
) -> None:
    consents = fake.hydra.consents
    consents.revokes_chains = revokes_chains
    login = consents.log_in(ADA)
    ids = [consents.consent(login, "web").id for _ in range(count)]
    assert sorted(chain.id for chain in hydra.chains_of(ADA, soon())) == sorted(ids)
    assert len(fake.calls) == max(1, -(-count // CHAINS_PER_PAGE))


def test_whether_one_chain_can_be_revoked_is_asked_once(fake: FakeOry, hydra: Hydra) -> None:
    fake.break_calls("hydra", NOT_UNDERSTOOD)
    assert not hydra.revoke_chain("a", soon())
    assert not hydra.revoke_chain("b", soon())
    assert len(fake.calls) == 1


@pytest.mark.parametrize("fault", [faults.says(400), faults.says(503), faults.says(500)])
def test_what_is_not_hydra_s_own_word_is_not_kept_in_mind(
    fake: FakeOry, hydra: Hydra, fault: faults.Fault
) -> None:
    fake.break_calls("hydra", fault, times=1)
    with pytest.raises(OryError):
        hydra.revoke_chain("a", soon())
    assert hydra.revoke_chain("a", soon())


def test_a_chain_is_revoked_alone(fake: FakeOry, hydra: Hydra) -> None:
    login = fake.hydra.consents.log_in(ADA)
    one, other = (fake.hydra.consents.consent(login, "web") for _ in range(2))
    assert hydra.revoke_chain(one.id, soon())
    assert list(fake.hydra.consents.chains) == [other.id]


def test_a_request_that_hydra_does_not_understand_is_told_from_others(
    fake: FakeOry, hydra: Hydra
) -> None:
    fake.break_calls("hydra", NOT_UNDERSTOOD)
    with pytest.raises(BadRequestError) as caught:
        hydra.revoke_tokens(ADA, soon())
    assert caught.value.reason is UpstreamReason.INVALID


@pytest.mark.parametrize("text", ["", ".", "..", "\ud800"])
def test_what_cannot_be_part_of_a_url_is_not_there_and_never_asked_for(
    fake: FakeOry, hydra: Hydra, text: str
) -> None:
    assert hydra.chains_of(text, soon()) == ()
    hydra.revoke_tokens(text, soon())
    hydra.revoke_tokens(ADA, soon(), client_id=text)
    assert not hydra.revoke_chain(text, soon())
    hydra.forget_login(text, soon())
    hydra.forget_logins(text, soon())
    assert fake.calls == []


def test_ids_are_quoted(fake: FakeOry, hydra: Hydra) -> None:
    hydra.revoke_tokens("a&all=true", soon(), client_id="b&c#d?e/f")
    assert fake.calls[0].target == (
        "/admin/oauth2/auth/sessions/consent?subject=a%26all%3Dtrue&client=b%26c%23d%3Fe%2Ff"
    )


def test_a_list_where_there_is_none_is_an_error(fake: FakeOry, hydra: Hydra) -> None:
    """A wrong URL is no proof that nothing is left to be revoked."""
    fake.break_calls("hydra", faults.says(404, body=b'{"error": "not found"}'))
    with pytest.raises(NotFound):
        hydra.chains_of(ADA, soon())
