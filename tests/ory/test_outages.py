"""What happens to tokens and logins while Kratos does not answer the service."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from ory import database, native, oauth
from ory.device import SignIn
from ory.lab import Ory
from ory.line import Line
from ory.service import Service

EXTEND = """
sessions:
  - name: stays signed in
    when: token.grant == "refresh_token"
    extend: true
    max_age: 30d
"""

LIVE_ONLY = """
sessions:
  - name: only with a live session
    when: token.grant == "refresh_token"
    must_be_active: true
    on_error: deny
"""

NOT_BLOCKED = """
deny:
  - name: blocked by an administrator
    when: identity.metadata_admin.blocked == true
"""

FAILURES = [
    pytest.param(Line.cut, "upstream.unreachable", id="refused"),
    pytest.param(Line.freeze, "upstream.timeout", id="silent"),
]

HYDRAS_PATIENCE = 10.0
"""Seconds until Hydra gives its own client no answer any more (F25)."""


@pytest.mark.parametrize(("fail", "why"), FAILURES)
def test_the_token_is_given_and_the_extension_put_off_where_the_policy_allows_it(
    ory: Ory,
    service: Service,
    sign_in: SignIn,
    line_to_kratos: Line,
    fail: Callable[[Line], None],
    why: str,
) -> None:
    service.start(EXTEND, KRATOS_ADMIN_URL=line_to_kratos.url)
    device = sign_in()
    end = database.leave(ory, device.session_id, timedelta(minutes=10))
    fail(line_to_kratos)
    assert device.refresh().status_code == 200
    assert device.expiry == end
    record = service.last("hydra.token", after=1)
    assert record["verdict"] == "allow"
    assert record["effects"]["extend_session"]["result"] == "deferred"
    assert record["unknown"] == {"kratos.session": why}

    line_to_kratos.restore()
    assert device.refresh().status_code == 200
    assert device.expiry > end


@pytest.mark.parametrize(("fail", "why"), FAILURES)
def test_the_token_is_refused_where_the_policy_demands_to_know_and_the_refresh_token_lives_on(
    ory: Ory,
    service: Service,
    sign_in: SignIn,
    line_to_kratos: Line,
    fail: Callable[[Line], None],
    why: str,
) -> None:
    """503 makes Hydra try three times (F22); what it was refused with still works (F23)."""
    service.start(LIVE_ONLY, KRATOS_ADMIN_URL=line_to_kratos.url)
    device = sign_in()
    fail(line_to_kratos)
    begun = time.monotonic()
    reply = device.refresh()
    assert time.monotonic() - begun < HYDRAS_PATIENCE
    assert (reply.status_code, reply.json()["error"]) == (500, "server_error")
    record = service.last("hydra.token", after=3)
    assert (record["verdict"], record["reason"], record["status"]) == (
        "deny",
        "policy.unknown",
        503,
    )
    assert record["unknown"] == {"kratos.session": why}

    line_to_kratos.restore()
    assert device.refresh().status_code == 200


def test_the_hook_answers_within_its_deadline_though_kratos_is_silent(
    ory: Ory, service: Service, sign_in: SignIn, line_to_kratos: Line
) -> None:
    # A quarter of it is kept for the commit of what must follow: 225 ms to ask Kratos.
    service.start(EXTEND, KRATOS_ADMIN_URL=line_to_kratos.url, HOOK_DEADLINE="300ms")
    device = sign_in()
    line_to_kratos.freeze()
    for after in range(1, 4):
        assert device.refresh().status_code == 200
        spent = service.last("hydra.token", after=after)["ms"]
        assert 215 <= spent <= 400, spent


def test_rules_that_need_no_kratos_are_untouched_by_its_outage(
    ory: Ory, service: Service, sign_in: SignIn, line_to_kratos: Line
) -> None:
    service.start(
        """
        mfa:
          - name: only for a client that is not here
            when: client.id == "admin-console" && session.active
            require: {aal: aal2}
        """,
        KRATOS_ADMIN_URL=line_to_kratos.url,
    )
    line_to_kratos.cut()
    device = sign_in()
    assert device.refresh().status_code == 200
    assert service.last("hydra.token", after=1)["upstream"] == []


def test_a_login_that_cannot_be_judged_is_refused_with_words_for_the_person(
    ory: Ory, service: Service, line_to_kratos: Line
) -> None:
    """Kratos itself is up, only the service cannot ask it: 403, which Ory does not repeat."""
    service.start(NOT_BLOCKED, KRATOS_ADMIN_URL=line_to_kratos.url)
    person = ory.people.create()
    line_to_kratos.freeze()
    reply = native.try_login(ory, person)
    assert reply.status_code == 400
    (message,) = reply.json()["ui"]["messages"]
    assert "again" in message["text"]
    assert len(service.records("kratos.login")) == 1

    line_to_kratos.restore()
    assert native.try_login(ory, person).status_code == 200


def test_a_code_exchange_refused_for_an_outage_asks_for_a_new_sign_in(
    ory: Ory, service: Service, line_to_kratos: Line, sign_in: SignIn
) -> None:
    """F24: the code is spent. The session is there, so the new sign-in asks for nothing."""
    device = sign_in()
    service.start(
        LIVE_ONLY.replace("refresh_token", "authorization_code"),
        KRATOS_ADMIN_URL=line_to_kratos.url,
    )
    line_to_kratos.cut()
    grant = oauth.authorize(ory, device.browser, device.client)
    assert oauth.exchange(ory, device.client, grant).status_code == 500
    line_to_kratos.restore()
    assert oauth.exchange(ory, device.client, grant).status_code == 400
    assert oauth.sign_in(ory, device.browser, device.client)


def test_without_a_service_no_token_is_given_and_none_is_lost(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """F22, F23: a service that is down fails closed, and refresh tokens outlive it."""
    service.start(EXTEND)
    device = sign_in()
    service.take_down()
    reply = device.refresh()
    assert (reply.status_code, reply.json()["error"]) == (500, "server_error")
    service.start(EXTEND)
    assert device.refresh().status_code == 200
