"""What would be decided about something that is pasted."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from unit.decided import ADA, NOON, new
from unit.workbench import Recorded

from webhook_service.desk.simulation import Simulated, simulate
from webhook_service.desk.simulation_form import MAX_YAML, Form, WrongError, form_of
from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.table import hooks
from webhook_service.policy.facts import EventName
from webhook_service.policy.loader import load

HOOKS = tuple(hooks(RequestHeaders()).values())
POLICY = load(
    b"""
version: 1
deny:
  - name: not by this mail
    events: [kratos.login, kratos.registration]
    when: 'identity.traits["email"] == "ada@example.org"'
    message: Not with this address.
mfa:
  - name: totp
    events: [hydra.token, check]
    require: {aal: aal2}
    on_error: deny
claims:
  - name: level
    access_token: {acr: session.aal}
"""
)
SESSION = """
identity: {}
session:
  factors:
    - {method: password, aal: aal1, completed_at: now-2h}
    - {method: totp, aal: aal2, completed_at: now-1h}
"""
AAL1 = "session: {factors: [{method: password, aal: aal1, completed_at: now-2h}]}\nidentity: {}\n"


def simulated(**fields: Any) -> Simulated:
    """Simulate what a form holds; a field that is no text is JSON."""
    form = {
        name: text if isinstance(text, str) else json.dumps(text) for name, text in fields.items()
    }
    return simulate(form_of(form), POLICY, HOOKS, NOON)


def outcomes(result: Simulated) -> dict[str, str]:
    return {rule.name: rule.outcome for rule in result.decided.told.rules}


@pytest.mark.recorded("hydra.", "kratos.")
def test_every_recorded_call_is_read_whole_or_as_its_body(recorded_path: Path) -> None:
    """Its case names the event; a bare body is known by its shape."""
    recording = json.loads(recorded_path.read_text())
    whole = simulated(document=recording)
    assert 'by its "case"' in whole.question.taken
    event = whole.question.facts.event
    bare = simulated(document=recording["body"], event=event)
    assert bare.question.facts.event is event
    assert bare.question.facts.values["event.name"] == event
    guessed = simulated(document=recording["body"])
    assert "by its shape" in guessed.question.taken
    assert guessed.question.facts.event is event


def test_what_calls_would_tell_is_unknown_unless_it_is_written_down(recorded: Recorded) -> None:
    refresh = recorded.body("hydra.token.refresh_token.consent-claims")
    alone = simulated(document=refresh)
    assert alone.decided.told.is_provisional
    assert outcomes(alone)["totp"] == "unknown"
    assert any("goes into the field for facts" in remark for remark in alone.decided.told.remarks)
    answered = simulated(document=refresh, facts=SESSION)
    assert not answered.decided.told.is_provisional
    assert outcomes(answered)["totp"] == "met"


def test_the_method_of_a_call_is_the_one_in_its_url(recorded: Recorded) -> None:
    """F34: bodies do not name it."""
    login = recorded.body("kratos.login.api.aal1")
    chosen = simulated(document=login, method="totp")
    assert chosen.question.facts.values["event.method"] == "totp"
    assert chosen.question.taken == "a hook call of kratos.login, method totp, by its shape"


def test_what_a_body_shows_costs_no_call(recorded: Recorded) -> None:
    refresh = recorded.body("hydra.token.refresh_token.consent-claims")
    assert simulated(document=refresh).decided.told.calls != ()
    refresh["session"]["id_token"]["subject"] = "no id of Kratos"
    result = simulated(document=refresh)
    assert result.decided.told.calls == ()
    assert not result.decided.told.is_provisional


def test_an_answer_is_told_as_ory_would_get_it(recorded: Recorded) -> None:
    refresh = recorded.body("hydra.token.refresh_token.consent-claims")
    answer = simulated(document=refresh, facts=AAL1).decided.answer
    assert answer is not None
    assert answer.status == 403
    assert "Hydra refuses the token" in answer.meaning
    assert json.loads(answer.body or "")["rule"] == "totp"
    unknown = simulated(document=refresh).decided.answer
    assert unknown is not None
    assert unknown.status == 503


def test_values_that_may_be_personal_are_shown_only_if_asked_for(recorded: Recorded) -> None:
    """P34: of traits, metadata, claims and headers."""
    login = recorded.body("kratos.login.api.aal1")
    login["identity"]["traits"]["email"] = "ada@example.org"
    hidden = simulated(document=login)
    assert outcomes(hidden)["not by this mail"] == "matched"
    lines = str(hidden.decided.told.rules[0].lines[0].on)
    assert "identity.traits" in lines
    assert "ada@example.org" not in lines
    shown = simulated(document=login, values="1")
    assert "ada@example.org" in str(shown.decided.told.rules[0].lines[0].on)


def test_claims_that_would_be_answered_are_hidden_as_well(recorded: Recorded) -> None:
    refresh = recorded.body("hydra.token.refresh_token.consent-claims")
    hidden = simulated(document=refresh, facts=SESSION).decided.answer
    assert hidden is not None
    assert (hidden.status, hidden.body, hidden.is_hidden) == (200, None, True)
    shown = simulated(document=refresh, facts=SESSION, values="1").decided.answer
    assert shown is not None
    assert json.loads(shown.body or "")["session"]["access_token"]["acr"] == "aal2"


def test_facts_alone_are_enough_with_the_event_that_they_are_of() -> None:
    result = simulated(event="check", facts=SESSION)
    assert result.question.taken == "facts of check"
    assert result.decided.told.verdict == "allow"
    assert result.decided.answer is not None
    assert result.decided.answer.status == 200
    token = simulated(event="hydra.token", facts=SESSION)
    assert token.decided.answer is not None
    assert token.decided.answer.status == 200
    change = simulated(event="kratos.settings", facts="identity: {}", method="password")
    assert change.question.facts.values["event.method"] == "password"


def test_a_line_of_the_log_is_decided_anew_and_says_what_was_decided_then() -> None:
    facts = {"session.found": True, "session.active": True, "session.aal": "aal1"}
    facts |= {"token.grant": "refresh_token"}
    line = dict(new("a", facts=facts, answered=["kratos.session"], policy="f" * 12).line)
    result = simulated(document=line)
    assert result.question.taken == "a decision record of hydra.token"
    assert result.question.whence == "as the record says"
    assert result.decided.answer is None
    assert "decided then: allow" in result.decided.told.remarks[-1]
    assert "policy ffffffffffff" in result.decided.told.remarks[-1]


@pytest.mark.parametrize(
    ("fields", "whence"),
    [
        ({"now": "2026-01-01T00:00:00Z", "facts": "now: 2026-02-01T00:00:00Z"}, "as given"),
        ({"facts": "now: 2026-02-01T00:00:00Z"}, "as the facts say"),
        ({}, "as the recording says"),
    ],
)
def test_when_it_happens_is_what_is_said_first(
    recorded: Recorded, fields: dict[str, str], whence: str
) -> None:
    body = recorded.body("hydra.token.client_credentials")
    document = {"case": "hydra.token", "body": body, "at": "2026-03-01T00:00:00Z"}
    assert simulated(document=document, **fields).question.whence == whence


def test_what_does_not_say_when_it_happens_happens_now(recorded: Recorded) -> None:
    token = simulated(document=recorded.body("hydra.token.client_credentials"))
    assert (token.question.now, token.question.whence) == (NOON, "by the clock")
    login = simulated(document=recorded.body("kratos.login.api.aal1"))
    assert login.question.whence == "when the login was authenticated"
    assert abs(login.question.now - NOON) < timedelta(days=3)


def test_another_policy_is_compared(recorded: Recorded) -> None:
    refresh = recorded.body("hydra.token.refresh_token.consent-claims")
    other = "version: 1\r\ndeny:\r\n  - name: closed\r\n    events: [hydra.token]\r\n"
    result = simulated(document=refresh, facts=SESSION, policy=other)
    assert result.other is not None
    assert result.other.digest == load(other.replace("\r\n", "\n").encode()).digest
    assert result.differences[:3] == (
        "verdict: allow → deny",
        "reason: none → rule.denied",
        "rule: none → closed",
    )
    assert "no longer: set access_token.acr" in result.differences
    alike = "version: 1\nclaims: [{name: c, access_token: {acr: session.aal}}]"
    assert simulated(document=refresh, facts=SESSION, policy=alike).differences == ()


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({}, "document", "paste a hook's body"),
        ({"facts": "identity: {}"}, "event", "choose the event"),
        ({"document": '{"a": 1,\n "b" 2}'}, "document", "line 2, column 6: not JSON"),
        ({"document": "[" * 100_000}, "document", "not JSON that a hook may send"),
        ({"document": "1" * 5000}, "document", "not JSON that a hook may send"),
        ({"document": "[]"}, "document", "not a JSON object"),
        ({"document": {"flow": {}}}, "event", "of which flow?"),
        ({"document": {"x": 1}, "event": "hydra.token"}, "document", "session"),
        ({"document": {"x": 1}, "event": "check"}, "document", "no hook that reads check"),
        (
            {"document": {"case": "kratos.login", "body": {}}, "event": "hydra.token"},
            "event",
            "names",
        ),
        ({"document": {"message": "decision"}}, "document", "without its event"),
        ({"event": "kratos.logon"}, "event", "is one of hydra.token"),
        ({"method": "Pass word"}, "method", "is a word such as"),
        ({"now": "yesterday"}, "now", "with seconds and an offset"),
        ({"event": "check", "facts": "x" * (MAX_YAML + 1)}, "facts", "may have 65,536 bytes"),
        ({"event": "check", "facts": "sesion: {}\nnow: x"}, "facts", "line 1, column 1: "),
        ({"event": "check", "facts": "session: {}", "policy": "version: 2"}, "policy", "line 1"),
    ],
)
def test_what_cannot_be_read_is_said_of_its_field_and_line(
    fields: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(WrongError) as wrong:
        simulated(**fields)
    assert wrong.value.field == field
    assert said in wrong.value.problems[0]


def test_every_error_of_a_text_is_said_at_once() -> None:
    with pytest.raises(WrongError) as wrong:
        simulated(event="check", facts="sesion: {}\nsession: {aal: 3}\n")
    assert len(wrong.value.problems) == 2


def test_a_record_takes_no_facts_and_no_other_event() -> None:
    line = dict(new("a").line)
    with pytest.raises(WrongError, match="facts"):
        simulated(document=line, facts="identity: {}")
    with pytest.raises(WrongError, match="event"):
        simulated(document=line, event="check")


def test_a_form_shows_nothing_of_what_was_pasted_where_it_is_printed() -> None:
    form = Form(document=ADA, facts=ADA, policy=ADA, event=EventName.CHECK)
    assert ADA not in repr(form)
