"""Clients that act for themselves have no user: only rules about the client count (P19)."""

from __future__ import annotations

from ory import oauth
from ory.lab import Ory
from ory.service import Service

STRICT = """
deny:
  - name: suspended clients
    when: client.metadata.suspended == true
mfa:
  - name: everyone uses two factors
    require: {aal: aal2}
sessions:
  - name: only with a live session
    must_be_active: true
    on_error: deny
"""


def test_a_machine_gets_its_token_though_every_person_needs_a_live_session_and_two_factors(
    ory: Ory, service: Service
) -> None:
    service.start(STRICT)
    client = oauth.machine_client(ory)
    reply = oauth.client_credentials(ory, client)
    assert reply.status_code == 200
    assert oauth.introspect(ory, reply.json()["access_token"])["active"]
    record = service.last("hydra.token")
    assert record["verdict"] == "allow"
    assert "subject.none" in record["notes"]
    assert [call["call"] for call in record["upstream"]] == ["hydra.client"]


def test_a_suspended_machine_gets_none(ory: Ory, service: Service) -> None:
    service.start(STRICT)
    client = oauth.machine_client(ory, metadata={"suspended": True})
    reply = oauth.client_credentials(ory, client)
    assert (reply.status_code, reply.json()["error"]) == (403, "access_denied")
    record = service.last("hydra.token")
    assert (record["rule"], record["reason"]) == ("suspended clients", "rule.denied")
