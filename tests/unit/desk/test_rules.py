"""What an operator is told of the rules, and of what they said."""

from __future__ import annotations

from datetime import timedelta

from unit.decided import DENIES, NOON, REFUSED, new

from webhook_service.desk.rules import RuleSeen, RulesSeen, lately, seen
from webhook_service.policy.decision import Outcome, Reason, Ruling, Verdict
from webhook_service.policy.loader import load
from webhook_service.policy.model import Section
from webhook_service.records.store import SqlRecords

POLICY = load(
    b"""
version: 1
mfa:
  - name: totp
    mode: shadow
    events: [hydra.token]
    when: |
      client.id == "web"
        && token.grant == "refresh_token"
    require: {aal: aal2}
deny:
  - name: billing
    events: [hydra.token, kratos.login]
    when: client.id == "billing"
revoke:
  - name: out
    events: [kratos.settings]
    revoke: [tokens]
"""
)
UNMET = Ruling(Section.MFA, "totp", 4, Outcome.UNMET, Verdict.STEP_UP, Reason.MFA_AAL_TOO_LOW)
MET = Ruling(Section.MFA, "totp", 4, Outcome.MET)
NOW = NOON + timedelta(hours=1)


def look(records: SqlRecords, *, all_shadow: bool = False) -> RulesSeen:
    return seen(POLICY, lately(records, NOW), all_shadow=all_shadow)


def rule(found: RulesSeen, name: str) -> RuleSeen:
    (one,) = (one for rules in found.sections.values() for one in rules if one.rule.name == name)
    return one


def test_rules_stand_by_section_with_what_they_ask_and_can_cost(records: SqlRecords) -> None:
    found = look(records)
    assert list(found.sections) == [Section.DENY, Section.MFA, Section.REVOKE]
    totp = rule(found, "totp")
    assert totp.when == 'client.id == "web" && token.grant == "refresh_token"'
    assert totp.calls == (("kratos.identity, kratos.session", ("hydra.token",)),)
    assert rule(found, "out").when is None
    assert rule(found, "billing").calls == (
        ("none", ("hydra.token",)),
        ("hydra.login_request", ("kratos.login",)),
    )


def test_what_a_rule_said_lately_is_counted_among_the_decisions_at_its_events(
    records: SqlRecords,
) -> None:
    records.add(
        [
            new("old", seconds=-90_000, shadow=[UNMET]),
            new("a", shadow=[UNMET]),
            new("b", shadow=[MET]),
            new("c"),
            new("login", event="kratos.login", rulings=[DENIES], **REFUSED),
        ]
    )
    assert lately(records, NOW).total == 4
    found = look(records)
    totp = rule(found, "totp")
    assert totp.heard.outcomes == {Outcome.UNMET: 1, Outcome.MET: 1}
    assert (totp.heard.refused, totp.heard.total, totp.heard.of) == (1, 2, 3)
    billing = rule(found, "billing")
    assert (billing.heard.refused, billing.heard.of) == (1, 4)
    assert rule(found, "out").heard.total == rule(found, "out").heard.of == 0


def test_what_was_left_out_of_the_records_counts_as_what_stands_for_it(
    records: SqlRecords,
) -> None:
    records.add([new("a", shadow=[UNMET], left_out=9), new("b")])
    heard = rule(look(records), "totp").heard
    assert (heard.refused, heard.of) == (10, 11)


def test_a_rule_that_changed_its_mode_has_both_told_apart(records: SqlRecords) -> None:
    records.add([new("before", rulings=[UNMET]), new("a", shadow=[MET])])
    totp = rule(look(records), "totp")
    assert totp.is_shadow
    assert totp.heard.outcomes == {Outcome.MET: 1}
    assert totp.before.outcomes == {Outcome.UNMET: 1}


def test_in_shadow_mode_every_rule_is_a_shadow_rule(records: SqlRecords) -> None:
    records.add([new("a", shadow=[DENIES])])
    billing = rule(look(records, all_shadow=True), "billing")
    assert billing.is_shadow
    assert billing.heard.refused == 1
    assert rule(look(records), "billing").heard.total == 0


def test_rules_that_only_records_know_are_told_apart(records: SqlRecords) -> None:
    moved = Ruling(Section.SESSIONS, "totp", 4, Outcome.MATCHED)
    gone = Ruling(Section.DENY, "last year's", 9, Outcome.MATCHED, Verdict.DENY)
    records.add([new("a", rulings=[DENIES, moved], shadow=[gone])])
    found = look(records).gone
    assert [(one.section, one.name, one.is_shadow) for one in found] == [
        ("deny", "last year's", True),
        ("sessions", "totp", False),
    ]
    assert found[0].heard.refused == 1


def test_only_rules_that_can_refuse_are_asked_what_they_would_have_refused(
    records: SqlRecords,
) -> None:
    found = look(records)
    assert rule(found, "totp").can_refuse
    assert not rule(found, "out").can_refuse
