"""Sessions and identities out of Kratos' JSON: recorded bodies first, then the corners."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from webhook_service.sessions import (
    NIL_UUID,
    read_identity,
    read_listed_session,
    read_session,
    read_session_of_login,
)

API = Path(__file__).parents[2] / "payloads" / "kratos-1.3.1_hydra-2.3.0" / "api"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def recorded_answer(case: str) -> Any:
    return json.loads((API / f"{case}.json").read_text())["body"]


def step(method: str, aal: object, minute: int = 0) -> dict[str, object]:
    return {"method": method, "aal": aal, "completed_at": f"2026-11-24T12:{minute:02}:00Z"}


def session_json(*steps: dict[str, object], aal: object = "aal1") -> dict[str, object]:
    return {
        "id": "447d1dc8-fb52-40ef-8c31-4b115d108b7e",
        "active": True,
        "authenticator_assurance_level": aal,
        "authentication_methods": list(steps),
        "authenticated_at": "2026-11-24T12:00:00Z",
        "issued_at": "2026-11-24T12:00:00Z",
        "expires_at": "2026-11-25T12:00:00Z",
    }


@pytest.mark.recorded("kratos.login")
def test_every_recorded_login_body_is_read(recorded_path: Path) -> None:
    body = json.loads(recorded_path.read_text())["body"]
    session = read_session_of_login(body["session"])
    wire = body["session"]
    assert session.aal == wire["authenticator_assurance_level"]
    assert session.methods == tuple(one["method"] for one in wire["authentication_methods"])
    assert (session.id is None) == (wire["id"] == NIL_UUID)
    assert session.active
    assert session.issued_at == min(one.completed_at for one in session.factors if one.completed_at)
    assert (session.identity is None) == ("identity" not in wire)


@pytest.mark.recorded("kratos.")
def test_every_recorded_identity_is_read(recorded_path: Path) -> None:
    wire = json.loads(recorded_path.read_text())["body"]["identity"]
    identity = read_identity(wire)
    assert identity.traits == wire["traits"]
    assert (identity.id is None) == (wire["id"] == NIL_UUID)
    assert (identity.created_at is None) == wire["created_at"].startswith("0001")
    assert identity.state == "active"
    assert identity.second_factors is None


def test_a_recorded_aal2_session_is_read_whole() -> None:
    session = read_session(recorded_answer("kratos.session.extend.inside-window"))
    assert session.id == "14f0156f-ec7a-4156-afb0-75040577298b"
    assert session.aal == "aal2"
    assert session.methods == ("password", "totp")
    assert session.expires_at == datetime(2026, 11, 25, 0, 25, 23, 211_651, tzinfo=UTC)
    assert session.second_factor_at == datetime(2026, 11, 24, 23, 25, 22, 853_795, tzinfo=UTC)
    assert session.identity is not None
    assert session.identity.verified_addresses == ("ada@example.org",)
    assert session.identity.email_verified


@pytest.mark.parametrize("case", ["kratos.session.get.expired", "kratos.session.get.revoked"])
def test_a_recorded_ended_session_is_not_active(case: str) -> None:
    session = read_session(recorded_answer(case))
    assert not session.active
    assert session.identity is None


def test_a_listed_session_is_read_without_its_incomplete_identity() -> None:
    """In a list the identity has no addresses: read, it would say that none is verified."""
    wire = recorded_answer("kratos.sessions.list.two")[0]
    assert "verifiable_addresses" not in wire["identity"]
    assert read_listed_session(wire).identity is None


@pytest.mark.parametrize(
    ("claimed", "steps", "proven"),
    [
        ("aal1", [step("password", "aal1")], "aal1"),
        ("aal2", [step("password", "aal1"), step("totp", "aal2")], "aal2"),
        ("aal2", [step("password", "aal1"), step("code", "aal2")], "aal2"),
        ("aal2", [step("code", "aal1"), step("totp", "aal2")], "aal2"),
        ("aal2", [step("code", "aal1"), step("lookup_secret", "aal2")], "aal2"),
        ("aal2", [step("oidc", "aal2")], "aal2"),
        # The same mailbox twice.
        ("aal2", [step("code", "aal1"), step("code", "aal2")], "aal1"),
        ("aal2", [step("code_recovery", "aal1"), step("code", "aal2")], "aal1"),
        ("aal2", [step("code", "aal2")], "aal1"),
        # Claimed, and not shown.
        ("aal2", [step("password", "aal1")], "aal1"),
        ("aal2", [step("password", "aal1"), step("totp", None)], "aal1"),
        ("aal2", [], "aal1"),
        # Shown, and not claimed.
        ("aal1", [step("password", "aal1"), step("totp", "aal2")], "aal1"),
        (None, [step("password", "aal1"), step("totp", "aal2")], "aal1"),
        ("", [step("password", "aal1")], "aal1"),
        ("aal0", [step("password", "aal1")], "aal1"),
        ("aal3", [step("password", "aal1"), step("totp", "aal2")], "aal1"),
        ({"aal": "aal2"}, [step("password", "aal1"), step("totp", "aal2")], "aal1"),
    ],
)
def test_the_level_is_never_higher_than_the_factors_prove(
    claimed: object, steps: list[dict[str, object]], proven: str
) -> None:
    assert read_session(session_json(*steps, aal=claimed)).aal == proven


def test_a_level_that_is_absent_is_aal1() -> None:
    wire = session_json(step("password", "aal1"), step("totp", "aal2"))
    del wire["authenticator_assurance_level"]
    assert read_session(wire).aal == "aal1"


def test_the_second_factor_is_as_old_as_the_newest_aal2_step() -> None:
    """F60: a password given again does not make it younger."""
    steps = [step("password", "aal1"), step("totp", "aal2", 10), step("totp", "aal2", 20)]
    session = read_session(session_json(*steps, step("password", "aal1", 30), aal="aal2"))
    assert session.second_factor_at == NOON + timedelta(minutes=20)
    assert session.methods == ("password", "totp", "totp", "password")


def test_two_codes_over_one_channel_leave_no_second_factor_at_all() -> None:
    session = read_session(session_json(step("code", "aal1"), step("code", "aal2", 5), aal="aal2"))
    assert session.second_factor_at is None
    assert [factor.aal for factor in session.factors] == ["aal1", "aal1"]


def test_a_factor_without_a_time_counts_and_has_none() -> None:
    wire = session_json({"method": "totp", "aal": "aal2"}, step("password", "aal1"), aal="aal2")
    session = read_session(wire)
    assert session.aal == "aal2"
    assert session.factors[0].completed_at is None
    assert session.second_factor_at is None


def test_a_login_body_gives_issued_at_as_the_oldest_factor() -> None:
    """F97: Kratos writes "now" there at every step."""
    wire = session_json(step("totp", "aal2", 30), step("password", "aal1", 10), aal="aal2")
    assert read_session_of_login(wire).issued_at == NOON + timedelta(minutes=10)
    assert read_session(wire).issued_at == NOON


def test_a_login_body_without_any_factors_time_keeps_its_issued_at() -> None:
    assert read_session_of_login(session_json()).issued_at == NOON


def test_the_nil_id_and_the_year_1_are_none() -> None:
    """F35, F38."""
    wire = session_json() | {
        "id": NIL_UUID,
        "expires_at": "0001-01-01T00:00:00Z",
        "identity": {"id": NIL_UUID, "organization_id": NIL_UUID, "traits": {}},
    }
    session = read_session(wire)
    assert session.id is None
    assert session.expires_at is None
    assert session.identity is not None
    assert session.identity.id is None
    assert session.identity.organization_id is None


def test_a_session_that_does_not_say_active_is_not() -> None:
    wire = session_json()
    del wire["active"]
    assert not read_session(wire).active


def address(value: str, via: str, *, verified: bool) -> dict[str, object]:
    return {"value": value, "via": via, "verified": verified}


@pytest.mark.parametrize(
    ("addresses", "verified", "email_verified"),
    [
        (None, (), False),
        ([], (), False),
        ([address("a@example.org", "email", verified=False)], (), False),
        ([address("a@example.org", "email", verified=True)], ("a@example.org",), True),
        ([address("+491", "sms", verified=True)], ("+491",), False),
        (
            [
                address("+491", "sms", verified=True),
                address("a@example.org", "email", verified=True),
                address("b@example.org", "email", verified=False),
            ],
            ("+491", "a@example.org"),
            True,
        ),
    ],
)
def test_verified_addresses_are_those_that_kratos_verified(
    addresses: object, verified: tuple[str, ...], *, email_verified: bool
) -> None:
    identity = read_identity({"id": "x", "traits": {}, "verifiable_addresses": addresses})
    assert (identity.verified_addresses, identity.email_verified) == (verified, email_verified)


def webauthn(*keys: dict[str, object]) -> dict[str, object]:
    return {"type": "webauthn", "config": {"user_handle": "x", "credentials": list(keys)}}


@pytest.mark.parametrize(
    ("credentials", "enrolled"),
    [
        (None, None),
        ({}, ()),
        ({"password": {}, "oidc": {}, "code": {}}, ()),
        ({"totp": {"type": "totp"}}, ("totp",)),
        ({"lookup_secret": {}, "totp": {}}, ("totp", "lookup_secret")),
        # The entry alone is there for everyone (F77).
        ({"webauthn": {"type": "webauthn", "identifiers": ["a@example.org"]}}, ()),
        ({"webauthn": {"type": "webauthn", "config": None}}, ()),
        ({"webauthn": {"type": "webauthn", "config": {"user_handle": "x"}}}, ()),
        ({"webauthn": {"type": "webauthn", "config": {"credentials": None}}}, ()),
        ({"webauthn": webauthn()}, ()),
        ({"webauthn": webauthn({"is_passwordless": True})}, ()),
        ({"webauthn": webauthn({"display_name": "old"})}, ()),
        ({"webauthn": webauthn({"is_passwordless": False})}, ("webauthn",)),
        (
            {
                "totp": {},
                "webauthn": webauthn({"is_passwordless": True}, {"is_passwordless": False}),
            },
            ("totp", "webauthn"),
        ),
    ],
)
def test_second_factors_are_the_enrolled_ones(
    credentials: object, enrolled: tuple[str, ...] | None
) -> None:
    """F77; ``None`` where nobody looked."""
    identity = read_identity({"id": "x", "traits": {}, "credentials": credentials})
    assert identity.second_factors == enrolled


def test_a_recorded_identity_with_an_authenticator_app_has_it_and_no_security_key() -> None:
    identity = read_identity(recorded_answer("kratos.identity.get"))
    assert identity.second_factors == ("totp",)
    assert identity.metadata_admin is None
    assert identity.email_verified


@pytest.mark.parametrize("wire", [None, [], "session", 1, True, [session_json()]])
def test_what_is_no_object_is_no_session_and_no_identity(wire: object) -> None:
    for read in (read_session, read_session_of_login, read_listed_session, read_identity):
        with pytest.raises(ValidationError):
            read(wire)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("active", "true"),
        ("id", 7),
        ("authentication_methods", {}),
        ("authentication_methods", ["totp"]),
        ("authentication_methods", [{"aal": "aal1"}]),
        ("expires_at", "tomorrow"),
        ("issued_at", 1795562722),
        ("identity", []),
        ("identity", {"verifiable_addresses": [{"via": "email"}]}),
        ("identity", {"credentials": {"webauthn": {"config": {"credentials": [{}, 1]}}}}),
    ],
)
def test_a_wrong_shape_is_refused_with_the_fields_name(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        read_session(session_json() | {field: value})
    assert list(caught.value.messages_dict) == [field]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    "id active authenticator_assurance_level authentication_methods authenticated_at issued_at"
    " expires_at identity method aal completed_at traits verifiable_addresses credentials"
    " webauthn config".split()
)
LIKE_A_SESSION = st.recursive(
    JSON, lambda inner: st.dictionaries(FIELDS, inner) | st.lists(inner, max_size=2), max_leaves=20
)


@settings(deadline=None)
@given(LIKE_A_SESSION)
def test_any_json_is_read_or_refused_and_nothing_else(wire: object) -> None:
    for read in (read_session, read_session_of_login, read_listed_session, read_identity):
        try:
            read(wire)
        except ValidationError:
            continue


STEPS = st.lists(
    st.builds(
        step,
        st.sampled_from(["password", "code", "totp", "oidc", "code_recovery", "webauthn"]),
        st.sampled_from(["aal0", "aal1", "aal2", None, "x"]),
        st.integers(0, 59),
    ),
    max_size=6,
)


@given(STEPS, st.sampled_from(["aal0", "aal1", "aal2", "aal3", None]))
def test_aal2_is_always_backed_by_a_factor_that_is_not_a_repeated_code(
    steps: list[dict[str, object]], claimed: object
) -> None:
    session = read_session(session_json(*steps, aal=claimed))
    if session.aal == "aal2":
        assert claimed == "aal2"
        assert any(factor.aal == "aal2" for factor in session.factors)
        assert {factor.method for factor in session.factors} - {"code", "code_recovery"}
    assert (session.second_factor_at is not None) == any(
        factor.aal == "aal2" for factor in session.factors
    )
