"""What is asked for, and what stays unknown without an upstream."""

from __future__ import annotations

from datetime import timedelta

import pytest
from unit.workbench import Recorded

from webhook_service.gather import Gatherer, Known
from webhook_service.hooks import hydra_token, kratos_login
from webhook_service.hooks.event import Raw
from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.ory.deadline import Deadline
from webhook_service.policy.asking import next_source
from webhook_service.policy.decision import Decision
from webhook_service.policy.facts import EventName, Source


def token(recorded: Recorded) -> Known:
    body = recorded.bytes("hydra.token.refresh_token.consent-claims")
    return Known.of(hydra_token.read(Raw("/hooks/hydra/token", body)))


def wanting(*sources: Source, may: frozenset[Source] = frozenset()) -> Decision:
    return Decision(EventName.HYDRA_TOKEN, wants=frozenset(sources), may_want=may)


@pytest.mark.parametrize("source", list(Source))
def test_an_upstream_that_is_not_configured_leaves_its_facts_unknown(
    recorded: Recorded, source: Source
) -> None:
    known = token(recorded)
    if source is Source.HYDRA_LOGIN_REQUEST:
        body = recorded.bytes("kratos.login.browser.aal1.oauth2")
        known = Known.of(kratos_login.read(Raw("/hooks/kratos/login", body), RequestHeaders()))
    Gatherer(None, None, timedelta(0)).ask(known, wanting(source), Deadline.after(1))
    assert known.failed == {source: "upstream.unreachable"}
    assert known.calls == []


def test_the_session_is_asked_for_in_place_of_the_identity_where_it_may_be_needed(
    recorded: Recorded,
) -> None:
    """F100: it brings the identity along."""
    session, identity = Source.KRATOS_SESSION, Source.KRATOS_IDENTITY
    known = token(recorded)
    assert next_source(wanting(session, identity), known.facts()) is session
    assert next_source(wanting(identity), known.facts()) is identity
    assert next_source(wanting(identity, may=frozenset({session})), known.facts()) is session
    known.failed[session] = "upstream.timeout"
    assert next_source(wanting(identity, may=frozenset({session})), known.facts()) is identity


def test_what_is_learnt_becomes_facts(recorded: Recorded) -> None:
    known = token(recorded)
    known.learn(Source.HYDRA_CLIENT, {"client.name": "Web"})
    facts = known.facts()
    assert facts.value("client.name") == "Web"
    assert facts.value("client.owner") is None
    assert not facts.is_pending(Source.HYDRA_CLIENT)
    assert facts.is_pending(Source.KRATOS_SESSION)
