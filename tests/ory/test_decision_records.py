"""The log tells an operator what was decided and why, and gives no secret away (P34)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from ory import database, native, oauth
from ory.browser import Browser
from ory.device import SignIn, person_with_authenticator
from ory.keys import HYDRA_HOOK_KEY, KRATOS_HOOK_KEY, OPERATOR_KEY
from ory.lab import Ory
from ory.service import Service

POLICY = """
deny:
  - name: nobody from the basement
    when: identity.traits.department == "basement"
mfa:
  - name: admins use two factors
    when: '"admin" in identity.traits.roles'
    require: {aal: aal2}
sessions:
  - name: stays signed in
    when: token.grant == "refresh_token"
    extend: {when_left: 30m}
    max_age: 30d
"""


def test_a_record_names_event_verdict_rule_person_client_session_calls_and_time(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start(POLICY)
    device = sign_in()
    database.leave(ory, device.session_id, timedelta(minutes=10))
    assert device.refresh().status_code == 200
    record = service.last("hydra.token", after=1)
    assert record["verdict"] == "allow"
    assert record["reason"] is None
    assert record["status"] == 204
    assert record["subject"] == device.person.id
    assert record["client"] == device.client.id
    assert record["session"] == device.session_id
    assert record["matched"] == ["stays signed in"]
    assert record["effects"]["extend_session"]["result"] == "extended"
    assert [(call["call"], call["outcome"]) for call in record["upstream"]] == [
        ("kratos.session", "ok"),
        ("kratos.extend", "ok"),
    ]
    assert 0 < sum(call["ms"] for call in record["upstream"]) <= record["ms"] < 600
    assert len(record["policy"]) == 12


def test_every_hook_of_a_sign_in_leaves_one_record(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start(POLICY)
    device = sign_in()
    device.refresh()
    service.last("hydra.token", after=1)
    events = [record["event"] for record in service.records()]
    assert events == ["kratos.login", "hydra.token", "hydra.token"]
    assert len({record["key"] for record in service.records()}) == 3


def test_no_secret_and_no_trait_reaches_the_log(ory: Ory, service: Service, tmp_path: Path) -> None:
    person, authenticator = person_with_authenticator(
        ory, {"department": "basement-annex", "roles": ["admin"]}
    )
    client = oauth.public_client(ory)
    machine = oauth.machine_client(ory)
    service.start(POLICY, LOG_LEVEL="debug")
    session = native.login(ory, person)
    with Browser(ory, person, authenticator) as browser:
        grant = oauth.authorize(ory, browser, client)
        assert oauth.exchange(ory, client, grant).status_code == 403
        browser.step_up()
        tokens = oauth.sign_in(ory, browser, client)
        assert oauth.refresh(ory, client, tokens.refresh).status_code == 200
        cookies = browser.cookies
    assert oauth.client_credentials(ory, machine).status_code == 200
    service.last("hydra.token", after=3)

    log = (tmp_path / "service.log").read_text()
    assert person.id in log
    assert cookies
    for secret in (
        *(KRATOS_HOOK_KEY, HYDRA_HOOK_KEY, OPERATOR_KEY),
        *(person.email, person.password, "basement-annex", authenticator.secret),
        *(tokens.access, tokens.refresh, tokens.id, grant.code, grant.verifier),
        *(session.token, machine.secret or "", *cookies),
    ):
        assert secret
        assert secret not in log
    # A login challenge is about 1 kB of base64: nothing in the log is as long as that.
    assert max(len(word) for word in log.replace('"', " ").split()) < 200
