"""Our client of Kratos: what it asks for, and what never reaches a URL."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import NotFound, OryError, UpstreamReason
from webhook_service.ory.fake import FakeOry, faults
from webhook_service.ory.ids import is_uuid
from webhook_service.ory.kratos import PAGE_SIZE, Kratos, Sessions
from webhook_service.sessions import NIL_UUID

ID = "447d1dc8-fb52-40ef-8c31-4b115d108b7e"


def soon() -> Deadline:
    return Deadline.after(5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        NIL_UUID,
        "../../x",
        "alice",
        f"{ID}/extend",
        f"{ID}?expand=x",
        f"{ID}\n",
        f"{{{ID}}}",
        f"urn:uuid:{ID}",
        ID.replace("-", ""),
        f"{ID[:-1]}\u0663",
        "\x00",
        "\ud800",
    ],
)
def test_what_is_no_uuid_is_not_there_and_is_never_asked_for(
    fake: FakeOry, kratos: Kratos, text: str
) -> None:
    """Bad inputs 30 and 31."""
    assert kratos.session(text, soon()) is None
    assert kratos.identity(text, soon()) is None
    assert kratos.sessions_of(text, soon()) == Sessions((), complete=True)
    with pytest.raises(NotFound):
        kratos.extend(text, soon())
    assert fake.calls == []


@given(st.text(alphabet="0123456789abcdefABCDEF-/?#%. \n", max_size=40))
def test_a_uuid_never_needs_quoting(text: str) -> None:
    if is_uuid(text):
        assert set(text) <= set("0123456789abcdefABCDEF-")


def test_a_session_is_always_read_with_its_identity(
    fake: FakeOry, kratos: Kratos, session_id: str
) -> None:
    """F100."""
    kratos.session(session_id, soon())
    assert fake.calls[0].target == f"/admin/sessions/{session_id}?expand=identity"


def test_no_secret_of_a_factor_is_ever_asked_for(fake: FakeOry, kratos: Kratos) -> None:
    """F78: the answer would hold the TOTP seed."""
    person = fake.kratos.add_identity(second_factors=["totp", "webauthn"])
    identity = kratos.identity(person, soon())
    assert identity is not None
    assert identity.second_factors == ("totp", "webauthn")
    assert fake.calls[0].target == f"/admin/identities/{person}?include_credential=webauthn"


def test_a_full_page_may_not_be_all(fake: FakeOry, kratos: Kratos) -> None:
    person = fake.kratos.add_identity()
    for _ in range(PAGE_SIZE - 1):
        fake.kratos.sign_in(person)
    assert kratos.sessions_of(person, soon()).complete
    newest = fake.kratos.sign_in(person)
    listed = kratos.sessions_of(person, soon())
    assert not listed.complete
    assert len(listed.items) == PAGE_SIZE
    assert listed.items[0].id == newest


@pytest.mark.parametrize("body", [b"{}", b"null", b'["x"]', b'[{"active": 1}]'])
def test_a_list_of_another_shape_is_invalid(fake: FakeOry, kratos: Kratos, body: bytes) -> None:
    fake.break_calls("kratos", faults.says(200, body=body))
    with pytest.raises(OryError) as caught:
        kratos.sessions_of(ID, soon())
    assert caught.value.reason is UpstreamReason.INVALID


def test_an_extension_that_says_nothing_says_to_read_again(
    fake: FakeOry, kratos: Kratos, session_id: str
) -> None:
    """F54: ``faster_session_extend``."""
    fake.kratos.faster_session_extend = True
    assert kratos.extend(session_id, soon()) is None


def test_ready_asks_where_kratos_keeps_its_health(fake: FakeOry, kratos: Kratos) -> None:
    kratos.ready(soon())
    assert [call.target for call in fake.calls] == ["/admin/health/ready"]


def test_ready_asks_at_the_other_place_where_the_first_has_none(
    fake: FakeOry, kratos: Kratos
) -> None:
    fake.break_calls("kratos", faults.says(404, body=b"404 page not found"), times=1)
    fake.break_calls("kratos", faults.says(200, body=b'{"status": "ok"}'))
    kratos.ready(soon())
    assert [call.target for call in fake.calls] == ["/admin/health/ready", "/health/ready"]


@pytest.mark.parametrize(
    ("fault", "reason", "calls"),
    [
        (faults.says(503), UpstreamReason.BUSY, 1),
        (faults.hang_up, UpstreamReason.UNREACHABLE, 1),
        (faults.html, UpstreamReason.INVALID, 2),
        (faults.says(200, body=b'{"status": "starting"}'), UpstreamReason.INVALID, 2),
        (faults.says(404, body=b'{"error": "no such thing"}'), UpstreamReason.INVALID, 2),
    ],
)
def test_what_is_not_well_is_not_ready(
    fake: FakeOry, kratos: Kratos, fault: faults.Fault, reason: UpstreamReason, calls: int
) -> None:
    fake.break_calls("kratos", fault)
    with pytest.raises(OryError) as caught:
        kratos.ready(soon())
    assert caught.value.reason is reason
    assert len(fake.calls) == calls


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=80) | st.sampled_from([b'{"id":', b"{}", b"[]", b"1e999", b"\xff"]))
def test_whatever_is_answered_becomes_a_value_or_an_ory_error(
    fake: FakeOry, kratos: Kratos, body: bytes
) -> None:
    fake.heal()
    fake.break_calls("kratos", faults.says(200, body=body))
    for call in (kratos.session, kratos.identity, kratos.sessions_of, kratos.extend):
        with suppress(OryError):
            call(ID, soon())
