"""The form that simulates, and what comes of it."""

from __future__ import annotations

import json
import re

import pytest
from unit.operator_desk import Operator, sign_in
from unit.workbench import BenchMaker, Recorded

POLICY = """
deny:
  - name: not by this mail
    events: [kratos.login]
    when: identity.traits["email"] == "ada@example.org"
    message: Not <here>.
mfa:
  - name: totp
    events: [hydra.token]
    require: {aal: aal2}
"""
FACTS = "session: {factors: [{method: password, aal: aal1, completed_at: now-2h}]}\nidentity: {}\n"
MAIL = "ada@example.org"


@pytest.fixture
def operator(make_bench: BenchMaker) -> Operator:
    return sign_in(make_bench(POLICY))


def login(recorded: Recorded) -> str:
    body = recorded.body("kratos.login.api.aal1")
    body["identity"]["traits"]["email"] = MAIL
    return json.dumps(body, indent=1)


def result(text: str) -> str:
    """Return the part of a page above its form."""
    return text.partition('<form method="post" action="/simulate"')[0]


def test_a_recorded_call_is_decided_with_every_rules_outcome(
    operator: Operator, recorded: Recorded
) -> None:
    body = json.dumps(recorded.body("hydra.token.refresh_token.consent-claims"))
    answer = operator.post("/simulate", {"document": body, "facts": FACTS})
    assert answer.status_code == 200
    text = result(answer.text)
    assert "a hook call of hydra.token, by its shape" in text
    assert "HTTP 403" in text
    assert "mfa.not_enrolled" in text
    assert "require aal2" in text
    assert "not by this mail" in text
    assert "<title>enrol: Simulate" in answer.text


def test_the_form_stays_filled(operator: Operator, recorded: Recorded) -> None:
    sent = {
        "document": "\n" + login(recorded),
        "event": "kratos.login",
        "method": "password",
        "now": "2026-12-01T00:00:00Z",
        "facts": "identity: {}",
        "policy": "version: 1",
        "values": "1",
    }
    text = operator.post("/simulate", sent).text
    found = re.search(r'<textarea id="document".*?>\n(.*?)</textarea>', text, re.DOTALL)
    assert found is not None
    assert found[1].replace("&#34;", '"') == sent["document"]
    assert re.search(r"<option selected>kratos.login</option>", text)
    for name in ("method", "now"):
        assert f'name="{name}" value="{sent[name]}"' in text
    assert ">\nidentity: {}</textarea>" in text
    assert ">\nversion: 1</textarea>" in text
    assert 'name="values" value="1" checked' in text


def test_private_values_are_in_the_form_only_unless_they_are_asked_for(
    operator: Operator, recorded: Recorded
) -> None:
    """P34. The form is what was pasted, to be sent once more."""
    hidden = operator.post("/simulate", {"document": login(recorded)})
    assert "“not by this mail”" in result(hidden.text)
    # What the condition says is the policy's own; what the person has is not told.
    assert result(hidden.text).count(MAIL) == 1
    assert MAIL in hidden.text.partition("<form")[2]
    shown = operator.post("/simulate", {"document": login(recorded), "values": "1"})
    assert result(shown.text).count(MAIL) == 2


def test_nothing_that_is_pasted_is_kept_logged_or_put_into_an_address(
    operator: Operator, recorded: Recorded
) -> None:
    wrong = f'{{"mail": "{MAIL}"'
    answers = [
        operator.post("/simulate", {"document": login(recorded), "values": "1"}),
        operator.post("/simulate", {"document": wrong}),
        operator.post("/simulate", {"document": "{}", "event": "check", "facts": MAIL}),
        operator.post("/simulate", {"document": "{}", "policy": MAIL}),
    ]
    assert MAIL not in operator.bench.log.getvalue().decode()
    assert operator.bench.effects.accepted == []
    assert operator.bench.ory.calls == []
    for answer in answers:
        assert "Location" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert f"?{MAIL}" not in answer.text
    assert MAIL not in operator.get("/simulate").text


@pytest.mark.parametrize(
    ("sent", "name", "said"),
    [
        ({"document": '{"a": 1,\n "b" 2}'}, "document", "line 2, column 6: not JSON"),
        ({"event": "check"}, "document", "paste a hook"),
        ({"event": "<b>", "document": "{}"}, "event", "is one of hydra.token"),
        ({"event": "check", "facts": "sesion: {}"}, "facts", "line 1, column 1"),
        ({"event": "check", "facts": FACTS, "policy": "version: 2"}, "policy", "line 1, column 10"),
        ({"document": "{}", "now": "<b>"}, "now", "with seconds and an offset"),
        ({"document": "{}", "method": "<b>"}, "method", "is a word such as"),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field(
    operator: Operator, sent: dict[str, str], name: str, said: str
) -> None:
    answer = operator.post("/simulate", sent)
    assert answer.status_code == 400
    text = answer.text
    assert "<title>Error: Simulate" in text
    assert re.search(rf'name="{name}"[^>]*aria-invalid="true" aria-describedby="{name}-wrong', text)
    problem = re.search(rf'<span class="error" id="{name}-wrong" role="alert">(.*?)</span>', text)
    assert problem is not None
    assert said in problem[1]
    assert text.count('class="error"') == 1


def test_two_policies_are_shown_beside_each_other(operator: Operator, recorded: Recorded) -> None:
    body = json.dumps(recorded.body("hydra.token.refresh_token.consent-claims"))
    sent = {"document": body, "facts": FACTS, "policy": "version: 1\n"}
    text = result(operator.post("/simulate", sent).text)
    assert "By the policy in force" in text
    assert "By the pasted policy" in text
    assert "<li>verdict: enrol → allow</li>" in text
    assert "HTTP 403" in text
    assert "HTTP 204" in text


def test_shadow_mode_is_said(make_bench: BenchMaker) -> None:
    assert "MODE=shadow" in sign_in(make_bench(POLICY, mode="shadow")).get("/simulate").text


def test_a_body_as_large_as_a_hook_may_send_fits_and_no_larger_one(
    operator: Operator, recorded: Recorded
) -> None:
    body = recorded.body("hydra.token.client_credentials")
    body["session"]["extra"] = {"more": "ü" * 500_000}
    fits = operator.post("/simulate", {"document": json.dumps(body, ensure_ascii=False)})
    assert fits.status_code == 200
    body["session"]["extra"] = {"more": "ü" * 530_000}
    larger = operator.post("/simulate", {"document": json.dumps(body, ensure_ascii=False)})
    assert larger.status_code == 400
    assert "may have 1,048,576 bytes" in larger.text
    assert operator.post("/simulate", {"document": "x" * 4_000_000}).status_code == 413


def test_a_condition_that_takes_too_many_steps_ends(make_bench: BenchMaker) -> None:
    """P33: the budget of a rule holds here as well."""
    operator = sign_in(
        make_bench(
            "deny:\n  - name: long\n    events: [hydra.token]\n"
            '    when: token.scopes.exists(a, token.scopes.exists(b, a != b && b == "x"))\n'
        )
    )
    scopes = [f"scope{number}" for number in range(3000)]
    facts = json.dumps({"token": {"scopes": scopes}})
    text = operator.post("/simulate", {"event": "hydra.token", "facts": facts}).text
    assert "too many steps" in text


def test_what_is_pasted_runs_nowhere(operator: Operator, recorded: Recorded) -> None:
    evil = "<script>alert(1)</script></textarea>\u202e"
    body = recorded.body("hydra.token.client_credentials")
    body["request"]["client_id"] = evil
    policy = f'version: 1\ndeny:\n  - name: "{evil[:-1]}"\n    when: client.id == "x"\n'
    for sent in (
        {"document": json.dumps(body, ensure_ascii=False), "policy": policy, "values": "1"},
        {"document": evil, "facts": evil, "policy": evil, "now": evil, "method": evil},
        {"event": "check", "facts": evil},
        {"event": "check", "facts": FACTS, "policy": evil},
    ):
        text = operator.post("/simulate", sent).text
        assert "&lt;script&gt;" in text
        assert "<script>alert" not in text
        assert "\u202e" not in result(text)


def test_nothing_is_simulated_without_the_token_of_the_form(
    operator: Operator, recorded: Recorded
) -> None:
    answer = operator.send("/simulate", {"document": login(recorded)})
    assert answer.status_code == 403
    assert "not by this mail" not in answer.text
