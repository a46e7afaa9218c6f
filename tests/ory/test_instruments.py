"""What these tests measure with must itself be right."""

from __future__ import annotations

import base64
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests
from ory import database, native, oauth, servers
from ory.browser import Browser
from ory.lab import Ory
from ory.line import Line
from ory.listener import Reply
from ory.totp import Authenticator


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_authenticator_computes_the_codes_of_rfc_6238(moment: int, code: str) -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert Authenticator(secret).code(moment) == code


def test_missing_servers_fail_with_the_command_that_builds_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ORY_BIN", str(tmp_path))
    (tmp_path / "hydra").touch(mode=0o755)
    with pytest.raises(servers.StartError, match=r"^kratos not found in .*: run `make ory`"):
        servers.binaries()


def test_a_cut_line_refuses_a_frozen_one_is_silent_and_a_restored_one_answers(ory: Ory) -> None:
    with closing(Line(ory.servers.ports.kratos_admin)) as line, requests.Session() as session:
        address = f"{line.url}/admin/health/ready"
        assert session.get(address, timeout=5).ok
        line.cut()
        with pytest.raises(requests.ConnectionError, match="refused"):
            requests.get(address, timeout=5)
        line.restore()
        assert session.get(address, timeout=5).ok
        line.freeze()
        with pytest.raises(requests.ReadTimeout):
            session.get(address, timeout=0.2)
        with pytest.raises(requests.ReadTimeout):
            requests.get(address, timeout=0.2)
        line.restore()
        assert session.get(address, timeout=5).ok


def test_the_edits_of_a_session_are_what_kratos_shows_next(ory: Ory) -> None:
    session = native.login(ory, ory.people.create())
    before = ory.people.session(session.id)
    end = database.leave(ory, session.id, timedelta(minutes=7))
    database.make_older(ory, session.id, timedelta(days=3))
    after = ory.people.session(session.id)

    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text)

    assert moment(after["expires_at"]) == end
    for name in ("issued_at", "authenticated_at"):
        assert moment(before[name]) - moment(after[name]) == timedelta(days=3)
    (old,), (new,) = before["authentication_methods"], after["authentication_methods"]
    assert moment(old["completed_at"]) - moment(new["completed_at"]) == timedelta(days=3)
    assert native.whoami(ory, session).status_code == 200
    database.leave(ory, session.id, timedelta(seconds=-1))
    assert native.whoami(ory, session).status_code == 401


def test_hooks_carry_the_right_key_and_the_receiver_sees_their_bodies(ory: Ory) -> None:
    person = ory.people.create()
    client = oauth.public_client(ory)
    with Browser(ory, person) as browser:
        oauth.sign_in(ory, browser, client)
        session_id = browser.session_id
    (login,) = ory.receiver.calls("/hooks/kratos/login/password")
    (token,) = ory.receiver.calls("/hooks/hydra/token")
    assert login.body["identity"]["id"] == person.id
    assert token.body["session"]["extra"] == {"kratos_session_id": session_id}
    assert login.headers["authorization"] != token.headers["authorization"]


def test_what_the_receiver_answers_reaches_the_browser(ory: Ory) -> None:
    ory.receiver.answer = Reply(
        403,
        b'{"messages":[{"instance_ptr":"#/","messages":'
        b'[{"id":4900001,"text":"Not today.","type":"error"}]}]}',
        {"Content-Type": "application/json"},
    )
    with Browser(ory, ory.people.create()) as browser:
        page = browser.login()
        assert [message["text"] for message in page.messages] == ["Not today."]
        assert not browser.has_session
