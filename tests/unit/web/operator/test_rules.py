"""The policy in force and what its rules said, on the real store."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from unit.decided import DENIES, REFUSED, STAYS, new
from unit.operator_desk import Operator, sign_in
from unit.workbench import BenchMaker

from webhook_service.policy.decision import Outcome, Reason, Ruling, Verdict
from webhook_service.policy.model import Section
from webhook_service.policy_exchange import Refused
from webhook_service.policy_in_force import PolicyInForce
from webhook_service.records.store import SqlRecords

POLICY = """
deny:
  - name: billing
    description: <b>Closed</b> in spring.
    events: [hydra.token]
    when: client.id == "billing"
  - name: never
    events: [hydra.token]
    when: client.id == "never"
mfa:
  - name: totp
    mode: shadow
    events: [hydra.token]
    require: {aal: aal2}
"""
UNMET = Ruling(Section.MFA, "totp", 4, Outcome.UNMET, Verdict.STEP_UP, Reason.MFA_AAL_TOO_LOW)


@pytest.fixture
def operator(make_bench: BenchMaker, records: SqlRecords, sqlite_database: str) -> Operator:
    """An operator who is signed in, at a service with a database."""
    file = Path("/srv/secret-project/policy.yaml")
    return sign_in(make_bench(POLICY, database_url=sqlite_database, policy_file=file))


def row(text: str, name: str) -> str:
    """Return the row of a rule, without tags and line breaks."""
    found = next(each for each in re.findall(r"<tr>.*?</tr>", text, re.DOTALL) if name in each)
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def policies(operator: Operator) -> PolicyInForce:
    held: PolicyInForce = operator.bench.app.extensions["policies"]
    return held


def test_every_rule_is_told_with_what_it_said(operator: Operator, records: SqlRecords) -> None:
    records.add(
        [
            new("a", rulings=[DENIES], shadow=[UNMET], **REFUSED),
            new("b", shadow=[UNMET], left_out=1998),
        ]
    )
    text = operator.get("/rules").text
    assert "client.id == &#34;billing&#34;" in text
    assert "&lt;b&gt;Closed&lt;/b&gt;" in text
    assert row(text, ">billing<").endswith("1 of 2,000 matched 1 refused 1")
    assert row(text, ">totp<").endswith(
        "2,000 of 2,000 unmet 2,000 would have refused 2,000 of 2,000"
    )
    assert row(text, ">never<").endswith("0 of 2,000 never matched")
    assert "kratos.identity, kratos.session" in row(text, ">totp<")


def test_each_count_leads_to_its_decisions(operator: Operator, records: SqlRecords) -> None:
    records.add([new("a", rulings=[DENIES], shadow=[UNMET], **REFUSED), new("b")])
    links = re.findall(r'href="(/\?[^"]+)"', operator.get("/rules").text)
    assert len(links) == 4
    for link in links:
        found = operator.get(link.replace("&amp;", "&")).text
        assert re.findall(r'href="/decisions/(\d+)"', found) == ["1"], link


def test_the_policy_in_force_is_named_without_its_folder(
    operator: Operator, records: SqlRecords
) -> None:
    policies(operator).since = datetime(2026, 11, 25, 11, tzinfo=UTC)
    text = operator.get("/rules").text
    assert policies(operator).current.digest in text
    assert "policy.yaml" in text
    assert "secret-project" not in text
    assert "2026-11-25 11:00:00" in text
    assert "1h ago" in text


def test_a_file_that_does_not_load_is_said_loudly(operator: Operator, records: SqlRecords) -> None:
    assert 'role="alert"' not in operator.get("/rules").text
    place = "4:11: condition.unknown_fact"
    policies(operator).refused = Refused("2026-11-25T11:59:00Z", place, 2)
    text = operator.get("/rules").text
    assert "2 errors, the first at" in text
    assert place in text
    assert "stays in force" in text


def test_shadow_mode_is_said_loudly(
    make_bench: BenchMaker, records: SqlRecords, sqlite_database: str
) -> None:
    records.add([new("a", shadow=[DENIES])])
    text = (
        sign_in(make_bench(POLICY, database_url=sqlite_database, mode="shadow")).get("/rules").text
    )
    assert "MODE=shadow" in text
    assert row(text, ">billing<").endswith("would have refused 1 of 1")


def test_rules_that_only_records_know_are_listed_below(
    operator: Operator, records: SqlRecords
) -> None:
    assert "not in this policy" not in operator.get("/rules").text
    records.add([new("a", rulings=[STAYS])])
    text = operator.get("/rules").text
    assert "In records, but not in this policy" in text
    assert row(text, ">stays<") == "sessions stays 1 matched 1"


def test_warnings_of_the_policy_are_told(operator: Operator, records: SqlRecords) -> None:
    assert "warning.grant_escapes" in operator.get("/rules").text


def test_a_policy_without_rules_says_what_to_do(
    make_bench: BenchMaker, records: SqlRecords, sqlite_database: str
) -> None:
    text = sign_in(make_bench(database_url=sqlite_database)).get("/rules").text
    assert "has no rules" in text
    assert "webhook-service policy check" in text


def test_a_rule_of_any_name_runs_nowhere(
    make_bench: BenchMaker, records: SqlRecords, sqlite_database: str
) -> None:
    evil = "<script>alert(1)</script>\\\"'"
    policy = f'deny:\n  - name: "{evil}"\n    events: [hydra.token]\n'
    ruling = Ruling(Section.DENY, "<script>alert(2)</script>\u202e", 1, Outcome.MATCHED)
    records.add([new("a", rulings=[ruling])])
    text = sign_in(make_bench(policy, database_url=sqlite_database)).get("/rules").text
    assert text.count("&lt;script&gt;") >= 2
    assert "<script>alert" not in text
    assert "\u202e" not in text


def test_while_the_database_is_away_the_rules_are_told_without_what_they_said(
    make_bench: BenchMaker, tmp_path: Path
) -> None:
    operator = sign_in(make_bench(POLICY, database_url=f"sqlite:///{tmp_path}/nowhere.db"))
    answer = operator.get("/rules")
    assert answer.status_code == 200
    assert "The database does not tell what the rules said" in answer.text
    assert row(answer.text, ">billing<").endswith("none not known")
    assert str(tmp_path) not in answer.text
