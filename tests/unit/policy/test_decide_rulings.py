"""What a decision records of each of its rules, whatever the verdict (P20, section 8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from webhook_service.policy.decision import (
    Claims,
    Decision,
    Note,
    Outcome,
    Reason,
    Ruling,
    Verdict,
)
from webhook_service.policy.facts import EventName, Source
from webhook_service.policy.hearing import listeners
from webhook_service.policy.loader import load
from webhook_service.policy.model import Section

Decided = Callable[..., Decision]
MakeSession = Callable[..., dict[str, Any]]

AT_LOGIN = "    events: [kratos.login]\n    step_up_within: 10m\n"


def only_ruling(decision: Decision) -> Ruling:
    [ruling] = decision.rulings
    return ruling


@pytest.mark.parametrize(
    ("rule", "ruling"),
    [
        (
            "deny:\n  - name: a\n",
            Ruling(Section.DENY, "a", 3, Outcome.MATCHED, Verdict.DENY, Reason.RULE_DENIED),
        ),
        (
            "deny:\n  - name: a\n    when: client.owner == 'x'\n",
            Ruling(Section.DENY, "a", 3, Outcome.UNKNOWN, Verdict.DENY, Reason.POLICY_UNKNOWN),
        ),
        (
            "deny:\n  - name: a\n    when: client.owner == 'x'\n    on_error: allow\n",
            Ruling(Section.DENY, "a", 3, Outcome.UNKNOWN, notes=(Note.RULE_PASSED_OVER,)),
        ),
        (
            "deny:\n  - name: a\n    when: client.id == 'x'\n",
            Ruling(Section.DENY, "a", 3, Outcome.NO_MATCH),
        ),
        (
            "mfa:\n  - name: a\n    require: {aal: aal1}\n",
            Ruling(Section.MFA, "a", 3, Outcome.MET),
        ),
        (
            "mfa:\n  - name: a\n    require: {aal: aal2}\n",
            Ruling(Section.MFA, "a", 3, Outcome.UNMET, Verdict.STEP_UP, Reason.MFA_AAL_TOO_LOW),
        ),
        (
            "sessions:\n  - name: a\n    max_age: 8h\n",
            Ruling(Section.SESSIONS, "a", 3, Outcome.MATCHED),
        ),
        (
            "sessions:\n  - name: a\n    max_age: 1m\n",
            Ruling(
                Section.SESSIONS,
                "a",
                3,
                Outcome.MATCHED,
                Verdict.DENY,
                Reason.SESSION_PAST_MAX_AGE,
            ),
        ),
        (
            "claims:\n  - name: a\n    access_token: {a: client.id}\n",
            Ruling(Section.CLAIMS, "a", 3, Outcome.MATCHED),
        ),
    ],
)
def test_a_ruling_tells_the_rule_and_how_it_came_out(
    decided: Decided, session: MakeSession, rule: str, ruling: Ruling
) -> None:
    values = session("password/aal1 now-1h") | {"identity.second_factors": ("totp",)}
    assert only_ruling(decided(rule, values, failed=["hydra.client"])) == ruling


def test_a_session_that_is_gone_is_refused_by_a_rule_that_matched(decided: Decided) -> None:
    rules = "sessions:\n  - name: a\n    must_be_active: true\n"
    ruling = only_ruling(decided(rules, {"session.found": False}))
    assert (ruling.outcome, ruling.reason) == (Outcome.MATCHED, Reason.SESSION_NOT_ACTIVE)


def test_a_login_that_gets_time_to_step_up_has_not_met_its_rule(
    decided: Decided, session: MakeSession
) -> None:
    """P18, F59."""
    rules = f"mfa:\n  - name: a\n    require: {{aal: aal2}}\n{AT_LOGIN}"
    ruling = only_ruling(decided(rules, session("password/aal1 now"), "kratos.login"))
    assert ruling == Ruling(
        Section.MFA, "a", 3, Outcome.UNMET, Verdict.ALLOW, Reason.MFA_AAL_TOO_LOW
    )


def test_a_revocation_for_want_of_a_fact_is_recorded_as_unknown(decided: Decided) -> None:
    """P28."""
    rules = (
        "revoke:\n  - name: a\n    events: [kratos.settings]\n    revoke: [tokens]\n"
        "    when: identity.metadata_admin.staff == true\n"
    )
    ruling = only_ruling(decided(rules, event="kratos.settings", failed=["kratos.identity"]))
    assert ruling == Ruling(Section.REVOKE, "a", 3, Outcome.UNKNOWN)


def test_a_token_without_a_user_is_recorded_as_passed_over(decided: Decided) -> None:
    """P19."""
    rules = "mfa:\n  - name: a\n    require: {aal: aal2}\n"
    ruling = only_ruling(decided(rules, {"token.grant": "client_credentials"}))
    assert ruling == Ruling(Section.MFA, "a", 3, Outcome.PASSED_OVER, notes=(Note.SUBJECT_NONE,))


# Several rules that wait for something (P27)


def test_what_several_rules_want_adds_up(decided: Decided) -> None:
    rules = (
        "deny:\n"
        "  - name: a\n    when: session.active\n"
        "  - name: b\n    when: client.metadata.closed == true\n"
        "  - name: c\n    when: session.found\n"
    )
    wanted = {Source.KRATOS_SESSION, Source.HYDRA_CLIENT}
    assert decided(rules, answered=[]).wants == wanted


def test_what_several_rules_may_want_adds_up(decided: Decided) -> None:
    staff = "    when: identity.traits.staff == true\n"
    rules = (
        f"sessions:\n  - name: a\n    max_age: 8h\n{staff}"
        f"claims:\n  - name: b\n    access_token: {{o: client.owner}}\n{staff}"
    )
    decision = decided(rules, answered=[])
    assert decision.may_want == {Source.KRATOS_SESSION, Source.HYDRA_CLIENT}


def test_the_rules_of_an_event_are_prepared_once() -> None:
    policy = load(b"version: 1\ndeny:\n  - name: a\n")
    assert listeners(policy, EventName.CHECK) is listeners(policy, EventName.CHECK)
    assert listeners(policy, EventName.CHECK) != listeners(policy, EventName.KRATOS_RECOVERY)


# Claims


@pytest.mark.parametrize(
    ("claims", "is_any"),
    [
        (Claims(), False),
        (Claims({"a": None}), True),
        (Claims({}, {"b": 1}), True),
        (Claims({"a": 1}, {"b": 1}), True),
    ],
)
def test_claims_are_some_if_either_token_has_one(claims: Claims, is_any: bool) -> None:  # noqa: FBT001  what is expected
    assert bool(claims) is is_any
