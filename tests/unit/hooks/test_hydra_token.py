"""Hydra's hooks, both ways (F2 to F25)."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.workbench import Recorded

from webhook_service.hooks import hydra_refresh, hydra_token
from webhook_service.hooks.event import Event, Raw
from webhook_service.hooks.shape import ShapeError
from webhook_service.policy.decision import Claims, Decision, Reason, Verdict
from webhook_service.policy.facts import EventName, Source

TOKEN = "hydra.token.refresh_token.consent-claims"
EXCHANGE = "hydra.token.authorization_code.password-only"
FROM_KRATOS = {Source.KRATOS_SESSION, Source.KRATOS_IDENTITY}


def read(body: Any, *, trigger_id: str | None = None) -> Event:
    raw = Raw("/hooks/hydra/token", json.dumps(body).encode(), trigger_id)
    return hydra_token.read(raw)


@pytest.mark.recorded("hydra.token")
def test_every_recorded_token_hook_reads(recorded_path: Path) -> None:
    body = json.loads(recorded_path.read_text())["body"]
    event = read(body)
    assert event.name is EventName.HYDRA_TOKEN
    assert event.values["client.id"] == body["request"]["client_id"]
    assert event.values["token.grant"] == body["request"]["grant_types"][0]
    assert event.values["token.subject"] == body["session"]["id_token"]["subject"]
    assert event.values["token.claims"] == body["session"]["extra"]


@pytest.mark.recorded("hydra.refresh_token_hook")
def test_every_recorded_refresh_hook_reads_as_the_same_event_under_its_own_name(
    recorded_path: Path,
) -> None:
    body = json.loads(recorded_path.read_text())["body"]
    event = hydra_refresh.read(Raw("/hooks/hydra/refresh-token", json.dumps(body).encode()))
    assert event.name is EventName.HYDRA_REFRESH_TOKEN
    assert event.subject == body["subject"]
    assert event.values["token.scopes"] == body["granted_scopes"]
    assert event.values["token.grant"] == "refresh_token"


def test_a_refresh_tells_the_user_the_session_and_the_scopes(recorded: Recorded) -> None:
    event = read(recorded.body(TOKEN))
    assert event.subject == "aea95835-aeaf-4997-bd01-d04160cc4ddc"
    assert event.session_id == "a1daf59b-bb36-40b2-9ae7-e3eab04e223d"
    assert event.auth_time == datetime(2026, 11, 24, 23, 25, 29, tzinfo=UTC)
    assert event.answered == frozenset()
    assert event.values["token.scopes"] == ["openid", "offline", "profile", "billing:write"]
    assert event.values["token.amr"] == ["password", "totp", "password"]
    assert event.values["token.acr"] is None


@pytest.mark.recorded("hydra")
def test_every_recorded_call_tells_when_its_chain_began_and_at_which_login_of_hydra(
    recorded_path: Path,
) -> None:
    """F11, F84."""
    body = json.loads(recorded_path.read_text())["body"]
    older = "refresh_token_hook" in recorded_path.name
    event = (hydra_refresh if older else hydra_token).read(Raw("/", json.dumps(body).encode()))
    claims = body["session"]["id_token"]["id_token_claims"]
    if claims["ext"] is None:
        assert (event.requested_at, event.hydra_session_id) == (None, None)
    else:
        assert event.requested_at == datetime.fromisoformat(claims["rat"])
        assert event.hydra_session_id == claims["ext"]["sid"]


@pytest.mark.parametrize("sid", [None, "", "../../x", 7])
def test_a_login_of_hydra_that_is_no_uuid_is_none(recorded: Recorded, sid: object) -> None:
    body = recorded.body(TOKEN)
    claims = body["session"]["id_token"]["id_token_claims"]
    claims["ext"]["sid"] = sid
    assert read(body).hydra_session_id is None
    claims["ext"] = None
    assert read(body).hydra_session_id is None


def test_a_chain_that_does_not_say_when_it_began_has_no_such_time(recorded: Recorded) -> None:
    body = recorded.body(TOKEN)
    claims = body["session"]["id_token"]["id_token_claims"]
    claims["rat"] = "0001-01-01T00:00:00Z"
    assert read(body).requested_at is None
    del claims["rat"]
    assert read(body).requested_at is None


@pytest.mark.parametrize("hook", [hydra_token, hydra_refresh])
def test_what_cannot_be_kept_is_asked_for_again(recorded: Recorded, hook: Any) -> None:
    """E1: Hydra repeats a 503 (F22)."""
    reply = hook.unstored(read(recorded.body(TOKEN)))
    assert reply.status == 503
    assert "Retry-After" not in reply.headers
    assert json.loads(reply.body)["error"]["id"] == "service.store_unavailable"


def test_at_code_exchange_the_requested_scopes_count(recorded: Recorded) -> None:
    """F4: the granted lists are empty there."""
    body = recorded.body(EXCHANGE)
    assert body["request"]["granted_scopes"] == []
    assert read(body).values["token.scopes"] == body["request"]["requested_scopes"]


def test_a_client_of_its_own_has_no_user_and_needs_no_call(recorded: Recorded) -> None:
    """F6: its subject is the client's id. P19: session and identity are absent."""
    event = read(recorded.body("hydra.token.client_credentials"))
    assert event.subject is None
    assert event.session_id is None
    assert event.answered == FROM_KRATOS
    assert "session.found" not in event.values
    assert event.values["token.auth_time"] is None


def test_an_assertion_grant_has_no_user_and_its_assertion_goes_nowhere(recorded: Recorded) -> None:
    """F7: the payload holds the whole signed assertion."""
    body = recorded.body(TOKEN)
    body["request"]["grant_types"] = ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    body["request"]["payload"]["assertion"] = ["eyJhbGciOiJSUzI1NiJ9.e30.c2ln"]
    event = read(body)
    assert event.subject is None
    assert event.answered == FROM_KRATOS
    assert "eyJ" not in repr(event.values)


@pytest.mark.parametrize("subject", ["ada@example.org", "../../x", "", "%2e%2e", "a" * 36])
def test_a_subject_that_is_no_uuid_is_nobody_at_kratos(recorded: Recorded, subject: str) -> None:
    """F5, and bad-inputs row 31: no call is made with it."""
    body = recorded.body(EXCHANGE)
    body["session"]["id_token"]["subject"] = subject
    event = read(body)
    assert event.subject is None
    assert event.values["session.found"] is False
    assert event.values["identity.found"] is False
    assert event.answered == FROM_KRATOS


@pytest.mark.parametrize(
    "named", ["../../x", "", 7, "00000000-0000-0000-0000-000000000000", ["a"], "{}"]
)
def test_a_session_claim_that_is_no_uuid_names_no_session(recorded: Recorded, named: Any) -> None:
    """Section 5: found is false, and nothing else is tried."""
    body = recorded.body(TOKEN)
    body["session"]["extra"]["kratos_session_id"] = named
    event = read(body)
    assert event.session_id is None
    assert event.values["session.found"] is False
    assert event.answered == {Source.KRATOS_SESSION}


def test_the_session_claim_may_stand_in_the_id_token_or_be_null(recorded: Recorded) -> None:
    body = recorded.body(TOKEN)
    session_id = body["session"]["extra"].pop("kratos_session_id")
    body["session"]["id_token"]["id_token_claims"]["ext"]["kratos_session_id"] = session_id
    assert read(body).session_id == session_id
    body["session"]["extra"]["kratos_session_id"] = None
    assert read(body).session_id == session_id
    del body["session"]["id_token"]["id_token_claims"]["ext"]["kratos_session_id"]
    assert read(body).session_id is None
    assert read(body).answered == frozenset()


def test_a_uuid_in_capitals_is_the_same_uuid(recorded: Recorded) -> None:
    body = recorded.body(TOKEN)
    session_id = body["session"]["extra"]["kratos_session_id"]
    body["session"]["extra"]["kratos_session_id"] = session_id.upper()
    assert read(body).session_id == session_id


@pytest.mark.parametrize("missing", ["ext", "amr", "acr", "auth_time"])
def test_absent_claims_are_absent_facts(recorded: Recorded, missing: str) -> None:
    """F8, F14: Hydra sends nulls where nothing is known."""
    body = recorded.body(TOKEN)
    claims = body["session"]["id_token"]["id_token_claims"]
    for absent in (None, ...):
        if absent is None:
            claims[missing] = None
        else:
            claims.pop(missing)
        event = read(body)
        fact = "token.id_claims" if missing == "ext" else f"token.{missing}"
        assert event.values[fact] is None


def test_a_body_without_claims_at_all_still_reads(recorded: Recorded) -> None:
    body = recorded.body(TOKEN)
    body["session"]["extra"] = None
    body["session"]["id_token"]["id_token_claims"] = None
    event = read(body)
    assert event.values["token.claims"] is None
    assert event.auth_time is None


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("session",), None, "session"),
        (("session", "id_token"), [], "session.id_token"),
        (("session", "id_token", "subject"), 7, "session.id_token.subject"),
        (("request",), ..., "request"),
        (("request", "client_id"), None, "request.client_id"),
        (("request", "grant_types"), "refresh_token", "request.grant_types"),
        (("request", "grant_types"), [], "grant_types"),
        (("request", "requested_scopes"), [1], "request.requested_scopes.0"),
        (("session", "extra"), ["secret-value"], "session.extra"),
        (("session", "id_token", "id_token_claims", "auth_time"), "yesterday", "auth_time"),
    ],
)
def test_another_shape_is_refused_by_the_field_and_never_by_its_value(
    recorded: Recorded, path: tuple[str, ...], value: Any, said: str
) -> None:
    body = recorded.body(TOKEN)
    place = body
    for part in path[:-1]:
        place = place[part]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    with pytest.raises(ShapeError, match=said) as caught:
        read(body)
    assert "secret-value" not in str(caught.value)
    assert "yesterday" not in str(caught.value)


def test_the_key_merges_retries_and_separates_everything_else(recorded: Recorded) -> None:
    """F12, F87; bad-inputs rows 43 and 44."""
    body = recorded.body(TOKEN)
    later = copy.deepcopy(body)
    later["session"]["id_token"]["expires_at"]["access_token"] = "2026-11-24T23:35:31Z"
    key = read(body).key
    assert len(key) == 32
    assert read(body).key == key
    assert read(later).key != key
    assert read(body, trigger_id="t1").key != key
    other_route = Raw("/hooks/hydra/refresh-token", json.dumps(recorded.body(TOKEN)).encode())
    assert hydra_token.read(other_route).key != key


def allowed(access: dict[str, Any], id_token: dict[str, Any] | None = None) -> Decision:
    return Decision(EventName.HYDRA_TOKEN, claims=Claims(access, id_token or {}))


def test_an_allowed_token_is_left_alone(recorded: Recorded) -> None:
    """F13: 204. Never 200 without everything (F14)."""
    reply = hydra_token.reply(Decision(EventName.HYDRA_TOKEN), read(recorded.body(TOKEN)))
    assert (reply.status, reply.body) == (204, b"")


@pytest.mark.parametrize("verdict", [Verdict.STEP_UP, Verdict.ENROL, Verdict.DENY])
def test_a_refusal_is_403_and_says_why(recorded: Recorded, verdict: Verdict) -> None:
    decision = Decision(
        EventName.HYDRA_TOKEN, verdict, Reason.MFA_AAL_TOO_LOW, "billing", "Use your app."
    )
    reply = hydra_token.reply(decision, read(recorded.body(TOKEN)))
    assert reply.status == 403
    assert json.loads(reply.body) == {
        "verdict": verdict.value,
        "reason": "mfa.aal_too_low",
        "rule": "billing",
        "message": "Use your app.",
    }


def test_a_refusal_for_want_of_a_fact_is_503_so_that_hydra_tries_again(recorded: Recorded) -> None:
    """F22; and no Retry-After, which would hurry it."""
    decision = Decision(EventName.HYDRA_TOKEN, Verdict.DENY, Reason.POLICY_UNKNOWN, "a", "b")
    reply = hydra_token.reply(decision, read(recorded.body(TOKEN)))
    assert reply.status == 503
    assert "Retry-After" not in reply.headers


def test_a_new_claim_comes_with_all_the_old_ones(recorded: Recorded) -> None:
    """F15: what is not echoed is wiped, sid included."""
    body = recorded.body(TOKEN)
    reply = hydra_token.reply(allowed({"acr": "aal2"}), read(body))
    answer = json.loads(reply.body)
    assert reply.status == 200
    assert answer["session"]["access_token"] == body["session"]["extra"] | {"acr": "aal2"}
    assert answer["session"]["id_token"] == body["session"]["id_token"]["id_token_claims"]["ext"]
    assert answer["session"]["id_token"]["sid"]


def test_a_claim_of_null_is_removed_and_the_rest_stays(recorded: Recorded) -> None:
    body = recorded.body(TOKEN)
    reply = hydra_token.reply(allowed({"tenant": None}), read(body))
    session_id = body["session"]["extra"]["kratos_session_id"]
    assert json.loads(reply.body)["session"]["access_token"] == {"kratos_session_id": session_id}


@pytest.mark.parametrize("claims", [{"tenant": "t1"}, {"never_there": None}])
def test_claims_that_change_nothing_need_no_answer(
    recorded: Recorded, claims: dict[str, Any]
) -> None:
    assert hydra_token.reply(allowed(claims), read(recorded.body(TOKEN))).status == 204


def test_true_in_place_of_1_is_a_change(recorded: Recorded) -> None:
    body = recorded.body(TOKEN)
    body["session"]["extra"]["staff"] = 1
    reply = hydra_token.reply(allowed({"staff": True}), read(body))
    assert json.loads(reply.body)["session"]["access_token"]["staff"] is True


claim_sets = st.dictionaries(
    st.sampled_from("abcdef"), st.none() | st.booleans() | st.integers() | st.text(max_size=3)
)


@given(old=claim_sets, changes=claim_sets)
@settings(max_examples=200, deadline=None)
def test_no_claim_that_no_rule_names_is_ever_lost(
    old: dict[str, Any], changes: dict[str, Any]
) -> None:
    merged = hydra_token.merge(old, changes)
    for name, value in old.items():
        if name not in changes:
            assert merged[name] == value
    for name, value in changes.items():
        if value is None:
            assert name not in merged
        else:
            assert merged[name] == value
            assert type(merged[name]) is type(value)
    assert set(merged) <= set(old) | set(changes)
