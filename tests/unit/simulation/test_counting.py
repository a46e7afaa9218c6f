"""What the events that were decided again are counted as, and what has changed."""

from __future__ import annotations

from datetime import timedelta

from unit.simulation.events import MFA, NOW, happening, live, policy_of

from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.decision import Reason, Verdict
from webhook_service.simulation.changes import MOST, Changes, Many
from webhook_service.simulation.happenings import Happening
from webhook_service.simulation.replay import Replay
from webhook_service.simulation.tally import Tally

# Counting


def tallied(rules: str, *happenings: Happening) -> Tally:
    policy = policy_of(rules)
    tally, replay = Tally.of(policy), Replay(policy)
    for each in happenings:
        tally.add(each, replay.decide(each))
    return tally


def test_every_rule_is_counted_on_its_own() -> None:
    rules = f"{MFA}deny:\n  - {{name: closed, when: client.id == 'x'}}\n"
    expires = {"session.expires_at": NOW + timedelta(hours=1), "identity.second_factors": ["totp"]}
    tally = tallied(
        rules,
        happening({"client.id": "x", **live(), **expires}, answered=True),
        happening({"client.id": "y", **live(), **expires}, answered=True),
        happening({"client.id": "y"}),
        happening({"token.grant": "client_credentials"}, answered=True),
    )
    assert [rule.rule.name for rule in tally] == ["step up", "closed"]
    step_up, closed = tally
    assert (step_up.verdicts[Verdict.STEP_UP], step_up.undecidable, step_up.no_match) == (2, 1, 1)
    assert (closed.verdicts[Verdict.DENY], closed.no_match) == (1, 3)
    assert [rule.events for rule in tally] == [4, 4]
    assert tally.verdicts == {Verdict.DENY: 1, Verdict.STEP_UP: 1, Verdict.ALLOW: 1}
    assert (tally.undecidable, tally.events, tally.wanting) == (1, 4, {"kratos.session": 1})


def test_the_first_events_that_are_open_are_named() -> None:
    events = [happening() for _ in range(5)]
    for number, event in enumerate(events):
        event.key = f"key {number}"
    assert tallied(MFA, *events).undecided == ["key 0", "key 1", "key 2"]


def test_what_would_have_been_done_is_counted() -> None:
    rules = """
    sessions:
      - {name: a, extend: true, max_age: 8h}
    revoke:
      - {name: b, events: [kratos.recovery], revoke: [tokens]}
    """
    values = {**live(), "session.expires_at": NOW + timedelta(hours=1)}
    young = {**values, "session.authenticated_at": NOW}
    old = {**values, "session.authenticated_at": NOW - timedelta(hours=9)}
    tally = tallied(
        rules,
        happening(young, answered=True),
        happening(old, answered=True),
        happening({}, "kratos.recovery"),
    )
    assert (tally.extended, tally.ended, tally.revoked) == (1, 1, 1)


def test_an_event_of_which_a_rule_is_open_counts_no_effect() -> None:
    """Whether the open rule would have forbidden the extension is not known."""
    rules = """
    sessions:
      - {name: a, extend: true, max_age: unlimited}
      - {name: b, when: token.acr == "x", extend: false}
    """
    values = {**live(), "session.expires_at": NOW + timedelta(hours=1), "token.acr": UNKNOWN}
    tally = tallied(rules, happening(values, answered=True))
    assert (tally.verdicts, tally.extended) == ({Verdict.ALLOW: 1}, 0)


# Comparing


def compared(before: str, after: str, *happenings: Happening) -> Changes:
    earlier, later = Replay(policy_of(before)), Replay(policy_of(after))
    changes = Changes()
    for each in happenings:
        changes.add(each, earlier.decide(each), later.decide(each))
    return changes


def test_who_changes_and_why() -> None:
    closed = "deny:\n  - {name: closed, when: client.id == 'x'}\n"
    events = [
        happening({"client.id": "x"}, subject=f"person {number % 2}", client="x", answered=True)
        for number in range(5)
    ]
    changes = compared("", closed, *events, happening({"client.id": "y"}, answered=True))
    [(change, changed)] = changes.kinds.items()
    assert (change.before, change.after) == (Verdict.ALLOW, Verdict.DENY)
    assert (change.rule_after, change.reason_after) == ("closed", Reason.RULE_DENIED)
    assert (changed.count, str(changed.subjects), str(changed.clients)) == (5, "2", "1")
    assert [example.subject for example in changed.examples] == ["person 0", "person 1", "person 0"]
    assert (changes.count, changes.same, changes.incomparable) == (5, 1, 0)
    assert (changes.denied_before, changes.denied_after) == (0, 5)


def test_what_one_of_them_cannot_decide_is_not_compared() -> None:
    changes = compared("", MFA, happening())
    assert (changes.count, changes.same, changes.incomparable) == (0, 0, 1)


def test_names_are_told_apart_up_to_a_limit() -> None:
    many = Many()
    many.add(None)
    assert str(many) == "0"
    for number in range(MOST + 1):
        many.add(str(number))
    assert str(many) == "10,000 or more"
