"""The lab that these tests run in must itself be right."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from browser import authorization, chromium, gateways
from browser.gateways import Places
from browser.lab import CHECK_KEY, Lab, sent_to_gates
from browser.visitor import Visitor
from ory import oauth
from ory.configuration import url
from ory.servers import StartError, free_ports
from ory.service import Service

TEXT = "The finance department signs in from the office."

NO_FINANCE = f"""
deny:
  - name: finance stays in the office
    when: identity.traits.department == "finance"
    message: {TEXT}
"""


def test_the_service_decides_about_a_login_in_a_real_browser(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    service.start(NO_FINANCE)
    visitor.begin("login")
    visitor.sign_in(lab.ory.people.create({"department": "finance"}))
    assert visitor.messages == [TEXT]
    assert visitor.session() is None
    visitor.sign_in(lab.ory.people.create({"department": "sales"}))
    assert visitor.session() is not None


def test_hydra_sends_browsers_to_the_gates_for_as_long_as_it_is_told_to(lab: Lab) -> None:
    asked = authorization.begin(lab.ory, oauth.public_client(lab.ory))

    def login() -> str:
        reply = requests.get(asked.address, allow_redirects=False, timeout=10)
        return reply.headers["Location"].partition("?")[0]

    with sent_to_gates(lab):
        assert login() == f"{url(lab.ory.hooks_port)}/oauth2/login"
    assert login() == f"{lab.ory.app.url}/oauth2/login"


def test_a_visitor_is_watched_without_a_cookie_being_renewed(lab: Lab, visitor: Visitor) -> None:
    visitor.begin("login")
    visitor.sign_in(lab.ory.people.create())
    session = visitor.session()
    assert session is not None
    before = visitor.page.context.cookies()
    extend = f"{lab.ory.kratos_admin_url}/admin/sessions/{session['id']}/extend"
    requests.patch(extend, timeout=10).raise_for_status()
    visitor.session()
    assert visitor.page.context.cookies() == before
    visitor.open(f"{lab.ory.kratos_public_url}/sessions/whoami")
    assert visitor.page.context.cookies() != before


def test_a_missing_chromium_fails_with_the_name_of_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(chromium, "PROGRAM", tmp_path / "chromium")
    with pytest.raises(StartError, match="install Debian's package chromium"), chromium.running():
        pass


@pytest.mark.parametrize(
    ("name", "file", "mistake"),
    [
        ("nginx", "nginx.conf", "no-such-directive;"),
        ("caddy", "Caddyfile", "http://127.0.0.1 {\n\tno-such-directive\n}"),
    ],
    ids=["nginx", "caddy"],
)
def test_a_gateway_that_does_not_start_fails_with_what_it_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, file: str, mistake: str
) -> None:
    (tmp_path / file).write_text(f"{(gateways.SHIPPED / file).read_text()}\n{mistake}\n")
    monkeypatch.setattr(gateways, "SHIPPED", tmp_path)
    (tmp_path / "run").mkdir()
    gateway = gateways.GATEWAYS[name](Places(free_ports(1)[0], 1, 1), CHECK_KEY, tmp_path / "run")
    with pytest.raises(StartError, match=rf"(?s)^{name} ended.*no-such-directive"), gateway:
        pass
