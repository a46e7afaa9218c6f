"""P7, P25, P28, P31: what follows from a decision: extensions, revocations, claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from unit.policy.rules_of_each_section import CLAIMS, DENY, ENROLLED, EVERYTHING, REVOKE

from webhook_service.policy.decision import Claims, Decision, Extend, Note, Outcome, Verdict
from webhook_service.policy.model import Revocation

Decided = Callable[..., Decision]
MakeSession = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("refused", [{"client.id": "deny"}, {}])
def test_a_refusal_has_no_side_effect(
    decided: Decided, session: MakeSession, refused: Mapping[str, str]
) -> None:
    decision = decided(EVERYTHING, session("password/aal1 now-1h") | ENROLLED | refused)
    assert decision.verdict is not Verdict.ALLOW
    assert (decision.extend, decision.end_at, decision.end_at_rule) == (Extend.NO, None, None)
    assert decision.claims == Claims()
    assert not decision.end_now


def test_what_is_allowed_has_every_effect(decided: Decided, session: MakeSession) -> None:
    decision = decided(EVERYTHING, session("totp/aal2 now-1h"))
    assert decision.extend is Extend.YES
    assert decision.end_at is not None
    assert decision.claims == Claims({"acr": "aal2"})


def test_a_refused_login_revokes_nothing(decided: Decided) -> None:
    allowed = decided(DENY + REVOKE, event="kratos.login")
    assert allowed.revoke == {Revocation.OTHER_SESSIONS, Revocation.TOKENS}
    refused = decided(DENY + REVOKE, {"client.id": "deny"}, "kratos.login")
    assert (refused.verdict, refused.revoke) == (Verdict.DENY, frozenset())


def test_a_settings_change_is_judged_and_its_revocations_named_at_once(decided: Decided) -> None:
    """P7: the verdict counts before the change is stored, the revocations after it."""
    deny = "\ndeny:\n  - name: nobody\n    events: [kratos.settings]\n"
    decision = decided(deny + REVOKE, event="kratos.settings")
    assert decision.verdict is Verdict.DENY
    assert decision.revoke == {Revocation.OTHER_SESSIONS, Revocation.TOKENS}


def test_revocations_of_several_rules_add_up(decided: Decided) -> None:
    rules = """
revoke:
  - name: a
    events: [kratos.recovery]
    revoke: [other_sessions]
  - name: b
    events: [kratos.recovery]
    revoke: [tokens]
  - name: c
    events: [kratos.recovery]
    when: identity.state == "inactive"
    revoke: [all_sessions]
"""
    decision = decided(rules, {"identity.state": "active"}, "kratos.recovery")
    assert decision.revoke == {Revocation.OTHER_SESSIONS, Revocation.TOKENS}
    assert decision.matched == ("a", "b")


def test_an_unknown_revoke_rule_ends_too_much_rather_than_too_little(decided: Decided) -> None:
    rules = REVOKE + "    when: identity.metadata_admin.vip == true\n"
    unknown = {"event": "kratos.settings", "failed": ["kratos.identity"]}
    assert decided(rules, **unknown).revoke == {Revocation.OTHER_SESSIONS, Revocation.TOKENS}
    skipped = decided(rules + "    on_error: skip\n", **unknown)
    assert (skipped.revoke, skipped.notes) == (frozenset(), (Note.RULE_PASSED_OVER,))


def test_a_later_claim_wins_and_times_are_whole_seconds(
    decided: Decided, session: MakeSession
) -> None:
    rules = """
claims:
  - name: first
    access_token: {tier: '"basic"', acr: session.aal, amr: session.methods}
    id_token: {tenant: identity.traits.tenant}
  - name: second
    access_token:
      tier: '"gold"'
      auth_time: session.authenticated_at
      age: now - session.authenticated_at
      times: "[session.issued_at, now]"
      staff: identity.traits.staff == true
"""
    values = session("password/aal1 now-90s") | {"identity.traits": {"tenant": {"id": 7}}}
    values["session.authenticated_at"] += timedelta(milliseconds=700)
    claims = decided(rules, values).claims
    assert claims.access_token == {
        "tier": "gold",
        "acr": "aal1",
        "amr": ["password"],
        "auth_time": 1795521510,
        "age": 89,
        "times": [1795521510, 1795521600],
        "staff": False,
    }
    assert claims.id_token == {"tenant": {"id": 7}}


def test_a_claim_that_is_null_or_unknown_is_removed(decided: Decided) -> None:
    rules = CLAIMS + "    id_token: {tenant: identity.traits.tenant, client: client.name}\n"
    decision = decided(rules, {"identity.traits": {}}, failed=["kratos.session"])
    assert decision.claims == Claims({"acr": None}, {"tenant": None, "client": None})
    assert decision.matched == ("level",)


def test_all_claims_of_a_rule_that_cannot_be_decided_are_removed(decided: Decided) -> None:
    rules = CLAIMS + "    id_token: {a: '1'}\n    when: client.metadata.x == 1\n"
    decision = decided(rules, failed=["hydra.client"])
    assert decision.claims == Claims({"acr": None}, {"a": None})
    assert decision.rulings[0].outcome is Outcome.UNKNOWN
