"""``simulate``: what a policy would have decided about recorded events."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from unit.workbench import PAYLOADS, VERSIONS, BenchMaker, Recorded

Run = Callable[..., Result]
Write = Callable[..., Path]

REFRESH = PAYLOADS / VERSIONS[1] / "hydra.token.refresh_token.consent-claims.json"
SUBJECT = "aea95835-aeaf-4997-bd01-d04160cc4ddc"
OPEN = "deny:\n  - {name: retired, when: client.id == 'retired'}\n"
CLOSED = """
deny:
  - {name: retired, when: client.id == 'retired'}
  - {name: closed, when: client.id == 'web' && "billing:write" in token.scopes}
sessions:
  - {name: not prolonged, when: client.id == 'web', extend: false}
"""
MFA = "mfa:\n  - {name: step up, when: client.id == 'web', require: {aal: aal2}}\n"


@pytest.fixture
def policy(write: Write) -> Path:
    return write(CLOSED)


@pytest.fixture
def lines(write: Write, recorded: Recorded) -> Callable[[int], Path]:
    def of(count: int) -> Path:
        line = json.dumps({"case": "hydra.token", "body": json.loads(REFRESH.read_text())["body"]})
        return write(f"{line}\n" * count, "calls.jsonl")

    return of


def test_every_rule_is_counted(
    run: Run, policy: Path, lines: Callable[[int], Path], write: Write
) -> None:
    machine = PAYLOADS / VERSIONS[1] / "hydra.token.client_credentials.json"
    assert (
        run("simulate", lines(1200), machine, "--policy", policy).stdout
        == """\
1,201 events  allow 1  step_up 0  enrol 0  deny 1,200

rule                      no match  allowed  stepped up  enrolled  denied  undecidable
deny "retired"               1,201        0           0         0       0            0
deny "closed"                    1        0           0         0   1,200            0
sessions "not prolonged"         1    1,200           0         0       0            0
"""
    )


def test_a_policy_without_rules_allows_everything(run: Run, write: Write) -> None:
    text = run("simulate", REFRESH, "--policy", write("")).stdout
    assert text == "1 event  allow 1  step_up 0  enrol 0  deny 0\n"


def test_what_cannot_be_decided_is_counted_and_named(run: Run, write: Write) -> None:
    text = run("simulate", REFRESH, "--policy", write(MFA)).stdout
    assert text.startswith("1 event  allow 0  step_up 0  enrol 0  deny 0  undecidable 1\n")
    assert text.endswith(f"\nundecidable for want of: kratos.session 1 (first: {REFRESH})\n")


def test_facts_tell_what_kratos_and_hydra_would(run: Run, write: Write) -> None:
    factors = "[{method: password, aal: aal1, completed_at: now-5m}]"
    facts = write(
        f"subjects:\n  {SUBJECT}:\n    session: {{factors: {factors}}}\n"
        "    identity: {second_factors: [totp]}\n",
        "facts.yaml",
    )
    text = run("simulate", REFRESH, "--policy", write(MFA), "--facts", facts).stdout
    assert text.startswith("1 event  allow 0  step_up 1  enrol 0  deny 0\n")


def test_errors_in_the_facts_are_told_with_their_place(
    run: Run, policy: Path, write: Write
) -> None:
    facts = write("people: {}\n", "facts.yaml")
    result = run("simulate", REFRESH, "--policy", policy, "--facts", facts, status=1)
    assert f"{facts}:1:1: policy.unknown_key" in result.stderr


def test_effects_are_counted(run: Run, write: Write) -> None:
    policy = write("sessions:\n  - {name: a, extend: true, max_age: unlimited}\n")
    facts = write(f"subjects: {{{SUBJECT}: {{session: {{aal: aal1}}}}}}\n", "facts.yaml")
    text = run("simulate", REFRESH, "--policy", policy, "--facts", facts).stdout
    assert text.endswith("\nsessions: extended 1\n")


def test_a_folder_is_read_and_what_is_no_event_skipped(run: Run, policy: Path) -> None:
    text = run("simulate", PAYLOADS, "--policy", policy).stdout
    assert text.startswith("49 events  allow ")
    assert "skipped, because they are no events:\n" in text
    assert " not a hook call (first: " in text


def test_a_log_is_replayed(
    run: Run,
    policy: Path,
    write: Write,
    make_bench: BenchMaker,
    recorded: Recorded,
    tmp_path: Path,
) -> None:
    bench = make_bench("deny:\n  - {name: a, when: session.active == true}\n")
    bench.token(recorded.body("hydra.token.client_credentials"))
    bench.token(recorded.body("hydra.token.refresh_token.consent-claims"))
    bench.token({})
    log = tmp_path / "service.log"
    log.write_bytes(bench.log.getvalue())
    text = run("simulate", log, "--policy", policy).stdout
    assert text.startswith("2 events  allow 1  step_up 0  enrol 0  deny 1\n")
    assert "passed over: 1 log line without a decision\n" in text
    rules = write(f"{MFA}deny:\n  - {{name: b, when: token.claims.a == 'x'}}\n", "b-policy.yaml")
    text = run("simulate", log, "--policy", rules).stdout
    assert text.startswith("2 events  allow 0  step_up 0  enrol 0  deny 0  undecidable 2\n")
    assert "undecidable for want of: token.claims 2 (first: " in text
    # The session was asked for then.
    assert run("simulate", log, "--policy", write(MFA)).stdout.startswith(
        "2 events  allow 1  step_up 1  enrol 0  deny 0\n"
    )


def test_a_log_of_an_earlier_version_is_replayed_as_far_as_it_tells(
    run: Run, policy: Path, make_bench: BenchMaker, recorded: Recorded, tmp_path: Path
) -> None:
    """Settled question 3."""
    bench = make_bench(MFA)
    bench.token(recorded.body("hydra.token.client_credentials"))
    bench.token(recorded.body("hydra.token.refresh_token.consent-claims"))
    bench.token({})
    log = tmp_path / "service.log"
    lines = [
        {name: value for name, value in line.items() if name not in {"facts", "answered"}}
        for line in bench.lines()
    ]
    log.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    key = bench.lines()[1]["key"]
    text = run("simulate", log, "--policy", policy).stdout
    assert text.startswith("2 events  allow 1  step_up 0  enrol 0  deny 0  undecidable 1\n")
    assert f"undecidable for want of: token.scopes 1 (first: {key})\n" in text
    assert "passed over: 1 log line without a decision\n" in text


def test_standard_input_is_read(run: Run, policy: Path, lines: Callable[[int], Path]) -> None:
    text = run("simulate", "-", "--policy", policy, input=lines(3).read_bytes()).stdout
    assert text.startswith("3 events  allow 0  step_up 0  enrol 0  deny 3\n")


def test_the_time_can_be_set_for_all(run: Run, write: Write) -> None:
    policy = write("deny:\n  - {name: late, when: 'now > timestamp(\"2027-01-01T00:00:00Z\")'}\n")
    for now, count in (("2026-12-01T00:00:00Z", 0), ("2027-02-01T00:00:00Z", 1)):
        text = run("simulate", REFRESH, "--policy", policy, "--now", now).stdout
        assert text.splitlines()[0].endswith(f"deny {count}")


# Two policies


def test_who_is_decided_otherwise_and_why(
    run: Run, policy: Path, lines: Callable[[int], Path], write: Write
) -> None:
    other = write(OPEN, "old-policy.yaml")
    calls = lines(2)
    text = run("simulate", calls, "--policy", policy, "--against", other).stdout
    assert text.split("\n\n")[-1] == (
        f"against {other}: 2 events decided otherwise (0 alike)\n"
        '      2  hydra.token  allow -> deny  rule.denied, by "closed"\n'
        "         1 subject, 1 client\n"
        f"         {SUBJECT}  web  {calls}:1\n"
        f"         {SUBJECT}  web  {calls}:2\n"
    )
    text = run("simulate", calls, "--policy", other, "--against", policy).stdout
    assert 'deny -> allow  no longer rule.denied, by "closed"\n' in text


def test_an_event_that_names_nobody_is_shown_by_its_key(run: Run, write: Write) -> None:
    record = {"message": "decision", "event": "check", "at": "2026-11-25T12:00:00Z", "key": "abc"}
    log = write(f"{json.dumps(record)}\n" * 2, "service.log")
    rules = "deny:\n  - {name: closed, events: [check]}\n"
    old, new = write("", "old-policy.yaml"), write(rules, "new-policy.yaml")
    text = run("simulate", log, "--policy", new, "--against", old).stdout
    assert text.endswith('allow -> deny  rule.denied, by "closed"\n' + "         -  -  abc\n" * 2)


def test_what_cannot_be_compared_is_said(run: Run, policy: Path, write: Write) -> None:
    other = write(MFA, "old-policy.yaml")
    text = run("simulate", REFRESH, "--policy", policy, "--against", other).stdout
    assert f"against {other}: 0 events decided otherwise (0 alike, 1 undecidable)\n" in text


def test_more_denials_can_fail_the_build(
    run: Run, policy: Path, lines: Callable[[int], Path], write: Write
) -> None:
    other, calls, fail = write(OPEN, "old-policy.yaml"), lines(2), ("--fail-on", "deny-increase")
    stricter = run("simulate", calls, "--policy", policy, "--against", other, *fail, status=3)
    assert stricter.stderr == "2 are denied, 0 were before\n"
    run("simulate", calls, "--policy", other, "--against", policy, *fail)
    run("simulate", calls, "--policy", policy, "--against", policy, *fail)
    run("simulate", calls, "--policy", policy, *fail, status=2)


# JSON


def test_json_tells_the_same(
    run_json: Callable[..., Any], policy: Path, lines: Callable[[int], Path], write: Write
) -> None:
    other = write(OPEN, "old-policy.yaml")
    skipped = write("nothing", "nothing.json")
    calls = lines(2)
    document = run_json(
        "simulate", calls, skipped, "--policy", policy, "--against", other, "--json"
    )
    assert document["events"] == 2
    assert document["verdicts"] == {"allow": 0, "step_up": 0, "enrol": 0, "deny": 2}
    assert document["rules"][1] == {
        "section": "deny",
        "name": "closed",
        "shadow": False,
        "events": 2,
        "no_match": 0,
        "allow": 0,
        "step_up": 0,
        "enrol": 0,
        "deny": 2,
        "undecidable": 0,
    }
    assert document["skipped"] == [{"reason": "not JSON", "count": 1, "first": f"{skipped}:1"}]
    assert document["against"]["verdicts"]["allow"] == 2
    [kind] = document["changes"].pop("kinds")
    assert document["changes"] == {
        "same": 0,
        "changed": 2,
        "undecidable": 0,
        "denied_before": 0,
        "denied_after": 2,
    }
    assert (kind["before"], kind["after"], kind["rule_after"]) == ("allow", "deny", "closed")
    assert kind["first"][0] == {"key": f"{calls}:1", "subject": SUBJECT, "client": "web"}
    assert "changes" not in run_json("simulate", REFRESH, "--policy", policy, "--json")


# The command


def test_a_policy_comes_from_the_environment_too(run: Run, policy: Path) -> None:
    result = run("simulate", REFRESH, env={"POLICY_FILE": str(policy)})
    assert result.stdout.startswith("1 event  allow 0  step_up 0  enrol 0  deny 1\n")


def test_a_policy_with_errors_is_not_replayed(run: Run, write: Write) -> None:
    result = run("simulate", REFRESH, "--policy", write("mode: x\n"), status=1)
    assert "policy.value" in result.stderr


def test_without_any_event_it_fails(run: Run, policy: Path, write: Write) -> None:
    result = run("simulate", write("{}\n", "none.json"), "--policy", policy, status=1)
    assert "there is no event in what was given" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["nowhere.json"], [REFRESH, "--policy", "nowhere.yaml"]])
def test_what_is_not_there_is_a_usage_error(run: Run, arguments: list[Any]) -> None:
    run("simulate", *arguments, status=2)


def test_more_reasons_for_skipping_than_anyone_reads_are_one(
    run_json: Callable[..., Any], policy: Path, write: Write
) -> None:
    # The reason names the byte that is wrong.
    calls = [
        json.dumps({"case": "hydra.token", "body": {"k": "x" * number + "\ud800"}})
        for number in range(30)
    ]
    path = write("\n".join([REFRESH.read_text().replace("\n", ""), *calls]), "calls.jsonl")
    document = run_json("simulate", path, "--policy", policy, "--json")
    assert [skipped["count"] for skipped in document["skipped"]] == [*[1] * 20, 10]
    assert document["skipped"][-1]["reason"] == "other reasons"


def test_a_long_replay_shows_its_progress(
    run: Run, policy: Path, lines: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhook_service.cli.simulate._LONG", 1)
    assert "Replaying" not in run("simulate", lines(3), "--policy", policy).stderr
    monkeypatch.setattr("webhook_service.cli.simulate._is_watched", lambda: True)
    result = run("simulate", lines(3), "--policy", policy)
    assert "Replaying" in result.stderr
    assert "Replaying" not in result.stdout


def test_it_tells_its_exit_codes(run: Run) -> None:
    assert "\n    3  what --fail-on names has happened" in run("simulate", "--help").stdout
