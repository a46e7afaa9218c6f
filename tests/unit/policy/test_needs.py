"""Which calls a rule can cause at all (P27): what must be configured before it is used."""

from __future__ import annotations

import pytest

from webhook_service.policy.facts import EventName, Source
from webhook_service.policy.loader import load
from webhook_service.policy.needs import sources_of

GRACE = "mfa:\n  - name: a\n    require: {aal: aal2}\n    enrolment: {grace: 14d}\n"
AT_LOGIN = "    events: [kratos.login]\n    step_up_within: 10m\n"
AAL1 = "mfa:\n  - name: a\n    require: {aal: aal1}\n"
AAL2 = "mfa:\n  - name: a\n    require: {aal: aal2}\n"
CLAIM = "claims:\n  - name: a\n    access_token: {org: identity.organization_id}\n"
STAFF = "    when: identity.traits.staff == true\n"


@pytest.mark.parametrize(
    ("rule", "event", "sources"),
    [
        pytest.param("deny:\n  - name: a\n", "hydra.token", "", id="a rule that reads nothing"),
        pytest.param(
            'deny:\n  - name: a\n    when: client.name == "x"\n',
            "hydra.token",
            "hydra.client",
            id="what the condition reads",
        ),
        pytest.param(
            f"sessions:\n  - name: a\n    max_age: 8h\n{STAFF}",
            "check",
            "kratos.session kratos.identity",
            id="what the rule reads besides",
        ),
        pytest.param(
            f"sessions:\n  - name: a\n    extend: false\n{STAFF}",
            "check",
            "kratos.identity",
            id="a session that the rule does not ask about",
        ),
        pytest.param(AAL1, "hydra.token", "kratos.session", id="a first factor"),
        pytest.param(AAL2, "hydra.token", "kratos.session kratos.identity", id="what is enrolled"),
        pytest.param(AAL2 + AT_LOGIN, "kratos.login", "", id="a login: only the window counts"),
        pytest.param(
            GRACE + AT_LOGIN, "kratos.login", "kratos.identity", id="a login with a grace"
        ),
        pytest.param(CLAIM, "hydra.token", "kratos.identity", id="what a claim reads"),
    ],
)
def test_a_rule_may_ask_what_it_reads(rule: str, event: str, sources: str) -> None:
    [found] = load(f"version: 1\n{rule}".encode()).rules
    assert sources_of(found, EventName(event)) == frozenset(map(Source, sources.split()))
