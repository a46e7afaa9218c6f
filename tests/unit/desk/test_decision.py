"""One decision: everything that is known of it, and nothing personal."""

from __future__ import annotations

from typing import Any

import pytest
from unit.decided import ADA, NOON, REFUSED, new

from webhook_service.desk.decision import Decided, decided, found
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy
from webhook_service.records.keeping import Stored
from webhook_service.records.store import SqlRecords

POLICY = load(
    b"""
version: 1
deny:
  - name: billing
    when: client.id == "billing"
    message: Billing is closed.
  - name: far away
    events: [kratos.login]
    when: request.country == "AQ"
mfa:
  - name: totp
    mode: shadow
    when: client.id == "web"
    require: {aal: aal2}
"""
)
OTHER = load(b"version: 1\n")
HASHED = "0123456789abcdef0123456789abcdef"


def one(policy: Policy = POLICY, *, by: str = POLICY.digest, **more: Any) -> Decided:
    """Return a decision that the policy with the digest ``by`` made, as it looks under another."""
    kept = new("a", policy=by, facts={"token.grant": "refresh_token"})
    return decided(Stored(7, kept.at, {**kept.line, **more}), (), policy)


REFUSED_BILLING: dict[str, Any] = {
    **REFUSED,
    "client": "billing",
    "rules": [
        {"rule": "billing", "outcome": "matched", "verdict": "deny", "reason": "rule.denied"}
    ],
}


def test_a_refusal_is_told_with_its_message_while_its_policy_is_in_force() -> None:
    shown = one(**REFUSED_BILLING)
    assert shown.headline == "refused"
    assert shown.answered.message == "Billing is closed."
    assert "access_denied" in shown.answered.meaning
    assert shown.now is not None
    assert (shown.now.is_same_policy, shown.now.differs) == (True, False)


def test_the_message_of_another_policy_is_not_guessed() -> None:
    shown = one(OTHER, **REFUSED_BILLING)
    assert shown.answered.message is None
    assert "another one is in force" in (shown.answered.why_no_message or "")


def test_what_the_policy_in_force_would_decide_now_is_told() -> None:
    shown = one(OTHER, **REFUSED_BILLING)
    assert shown.now is not None
    assert (shown.now.is_same_policy, shown.now.differs) == (False, True)
    assert shown.now.told.verdict == "allow"
    assert [said.rule.text for said in shown.said] == ["billing"]
    assert shown.said[0].words == "matched: deny rule.denied"


def test_an_allowed_event_had_no_message() -> None:
    answered = one().answered
    assert (answered.message, answered.why_no_message) == (None, None)


def test_what_no_rule_decided_has_the_service_s_own_message() -> None:
    shown = one(verdict="deny", reason="session.ending", status=403)
    assert shown.answered.message == "You have been signed out. Please sign in again."


@pytest.mark.parametrize(
    ("event", "status", "notes", "means"),
    [
        ("hydra.token", 204, [], "Hydra issues the token unchanged"),
        ("hydra.refresh_token", 200, [], "claims that rules changed"),
        ("hydra.token", 503, [], "Hydra asks three times"),
        ("hydra.token", 401, ["check.of_client"], "turns the request down"),
        ("hydra.token", 303, ["gate.login"], "The browser was sent on"),
        ("hydra.token", 400, ["gate.consent"], "no way on"),
        ("kratos.registration", 403, [], "Kratos refuses and shows the message"),
        ("check", 200, [], "lets the request through"),
        ("check", 418, [], ""),
    ],
)
def test_what_an_answer_means_depends_on_who_asked(
    event: str, status: int, notes: list[str], means: str
) -> None:
    meaning = one(event=event, status=status, notes=notes).answered.meaning
    assert means in meaning
    assert bool(meaning) == bool(means)


@pytest.mark.parametrize(
    ("event", "verdict", "status", "why"),
    [
        ("kratos.recovery", "allow", 403, "service.store_unavailable"),
        ("hydra.token", "allow", 503, "service.store_unavailable"),
        ("kratos.login", "step_up", 204, "only a session can step up"),
        ("kratos.settings", "deny", 204, "cannot be refused any more"),
        ("hydra.token", "deny", 403, None),
        ("hydra.token", "allow", 204, None),
    ],
)
def test_an_answer_that_is_not_the_verdict_s_is_accounted_for(
    event: str, verdict: str, status: int, why: str | None
) -> None:
    told = one(event=event, verdict=verdict, status=status).answered.otherwise
    assert told is None if why is None else why in (told or "")


def test_what_a_rule_needs_and_the_record_does_not_hold_is_said() -> None:
    """P34: no record holds a header."""
    now = one(event="kratos.login", client=None).now
    assert now is not None
    assert now.told.is_provisional
    assert any("request.country" in remark for remark in now.told.remarks)


def test_a_record_that_cannot_be_decided_again_is_shown_all_the_same() -> None:
    shown = one(event="kratos.unheard_of")
    assert shown.now is None
    assert shown.row.event == "kratos.unheard_of"


def test_calls_that_told_nothing_are_told_with_their_time_and_why() -> None:
    shown = one(
        upstream=[
            {"call": "kratos.sessions", "outcome": "ok", "ms": 1.25},
            {"call": "kratos.identity", "outcome": "upstream.timeout", "ms": 1200.0},
        ],
        unknown={"kratos.identity": "upstream.timeout"},
    )
    assert [(call.operation, call.outcome, call.ms) for call in shown.calls] == [
        ("kratos.sessions", "ok", "1.2"),
        ("kratos.identity", "upstream.timeout", "1,200.0"),
    ]
    assert shown.ms_of_calls == "1,201.2"
    assert shown.unknown[0].meaning == "did not answer in time (upstream.timeout)"


def test_effects_are_told_and_lead_to_those_of_the_person() -> None:
    effects = {
        "extend_session": {"result": "extended", "expires_at": "2026-12-01T00:00:00.000Z"},
        "kept": [
            {
                "kind": "end_session",
                "cause": "max_age",
                "rule": "staff",
                "at": "2026-12-02T00:00:00.000Z",
                "result": "accepted",
            },
            {"kind": "revoke_tokens", "result": "lost"},
        ],
    }
    shown = one(effects=effects)
    assert shown.extension is not None
    assert shown.extension[0].word == "extended"
    assert shown.extension[1] == "2026-12-01T00:00:00.000Z"
    assert shown.effects == (
        (
            "end_session",
            'max_age, 2026-12-02T00:00:00.000Z, by "staff"',
            "kept, to be done after the answer",
        ),
        ("revoke_tokens", "", "lost: the database did not take it"),
    )
    assert shown.effects_path == f"/effects?subject={ADA}"


def test_the_effects_of_a_hash_cannot_be_found() -> None:
    """Effects hold the id itself, and nobody can tell it from the hash."""
    shown = one(subject=HASHED, hashed=True)
    assert shown.is_hashed
    assert shown.effects_path is None


def test_other_tries_of_the_same_call_are_found(records: SqlRecords) -> None:
    records.add([new("a", ms=1), new("other"), new("a", seconds=1, ms=2)])
    both = found(records, 1)
    assert both is not None
    shown = decided(*both, POLICY)
    assert [row.seq for row in shown.tries] == [3]
    assert found(records, 99) is None


def test_a_decision_leads_to_its_trace_where_there_is_one() -> None:
    assert one(trace_id="a" * 32, span_id="b" * 16).trace == "a" * 32
    assert one().trace is None


def test_the_record_itself_is_shown_as_the_log_has_it_and_turns_no_line() -> None:
    shown = one(client="a\u202eb")
    assert '"client": "a\\u202eb"' in shown.record
    assert "\n" in shown.record
    assert one().row.at == NOON
