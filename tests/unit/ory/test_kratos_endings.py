"""Our client of Kratos: every live session, and the end of one."""

from __future__ import annotations

import pytest

from webhook_service.ory import kratos as client_of_kratos
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import NotFound, OryError, UpstreamReason
from webhook_service.ory.fake import FakeOry, faults
from webhook_service.ory.kratos import PAGE_SIZE, Kratos, Sessions
from webhook_service.sessions import NIL_UUID

ID = "447d1dc8-fb52-40ef-8c31-4b115d108b7e"


def soon() -> Deadline:
    return Deadline.after(5)


@pytest.fixture
def person(fake: FakeOry) -> str:
    return fake.kratos.add_identity()


@pytest.mark.parametrize("text", ["", NIL_UUID, "../../x", "alice", f"{ID}?x", f"{ID}/extend"])
def test_what_is_no_uuid_is_not_there_and_is_never_asked_for(
    fake: FakeOry, kratos: Kratos, text: str
) -> None:
    assert kratos.live_sessions_of(text, soon()) == Sessions((), complete=True)
    with pytest.raises(NotFound):
        kratos.end(text, soon())
    assert fake.calls == []


@pytest.mark.parametrize("count", [0, 1, PAGE_SIZE])
def test_one_page_is_one_call(fake: FakeOry, kratos: Kratos, person: str, count: int) -> None:
    for _ in range(count):
        fake.kratos.sign_in(person)
    listed = kratos.live_sessions_of(person, soon())
    assert (len(listed.items), listed.complete) == (count, True)
    assert len(fake.calls) == 1


def test_the_251st_session_is_found(fake: FakeOry, kratos: Kratos, person: str) -> None:
    ids = {fake.kratos.sign_in(person) for _ in range(PAGE_SIZE + 1)}
    listed = kratos.live_sessions_of(person, soon())
    assert {session.id for session in listed.items} == ids
    assert listed.complete


def test_a_list_without_a_total_ends_with_a_page_that_is_not_full(
    fake: FakeOry, kratos: Kratos, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands between us and Kratos may drop the header."""
    monkeypatch.setattr(client_of_kratos, "PAGE_SIZE", 2)
    for _ in range(3):
        fake.kratos.sign_in(person)
    handle = fake.kratos.handle
    monkeypatch.setattr(
        fake.kratos, "handle", lambda *request: handle(*request)._replace(headers={})
    )
    listed = kratos.live_sessions_of(person, soon())
    assert (len(listed.items), listed.complete) == (3, True)


def test_pages_that_bring_nothing_more_are_told_from_a_whole_list(
    fake: FakeOry, kratos: Kratos, person: str
) -> None:
    fake.kratos.sign_in(person)
    body = fake.handle(
        "kratos", "GET", f"/admin/identities/{person}/sessions?active=true&page=0"
    ).body
    fake.calls.clear()
    fake.break_calls("kratos", faults.says(200, {"X-Total-Count": "9"}, body))
    listed = kratos.live_sessions_of(person, soon())
    assert (len(listed.items), listed.complete) == (1, False)
    assert len(fake.calls) == 3


@pytest.mark.parametrize("body", [b"{}", b"null", b'["x"]', b'[{"active": 1}]'])
def test_a_list_of_another_shape_is_invalid(
    fake: FakeOry, kratos: Kratos, person: str, body: bytes
) -> None:
    fake.break_calls("kratos", faults.says(200, body=body))
    with pytest.raises(OryError) as caught:
        kratos.live_sessions_of(person, soon())
    assert caught.value.reason is UpstreamReason.INVALID


def test_an_empty_answer_is_no_empty_list(fake: FakeOry, kratos: Kratos, person: str) -> None:
    """A proxy that says 204 to everything must not pass for "nothing left to end"."""
    fake.break_calls("kratos", faults.says(204))
    with pytest.raises(OryError) as caught:
        kratos.live_sessions_of(person, soon())
    assert caught.value.reason is UpstreamReason.INVALID
