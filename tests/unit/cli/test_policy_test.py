"""``policy test``: the tests that a policy file brings along."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from unit.workbench import PAYLOADS, VERSIONS

Run = Callable[..., Result]

REFRESH = PAYLOADS / VERSIONS[1] / "hydra.token.refresh_token.consent-claims.json"
LOGIN = PAYLOADS / VERSIONS[1] / "kratos.login.api.aal1.minimal.json"
RULES = """
mfa:
  - name: web needs a second factor
    when: client.id == "web"
    require: {aal: aal2}
claims:
  - name: who
    when: client.id != "web"
    access_token: {mail: token.id_claims.email, gone: token.claims.nothing}
"""


@pytest.fixture
def policy(write: Callable[..., Path]) -> Callable[..., Path]:
    def with_tests(*tests: dict[str, Any]) -> Path:
        named = [{"name": f"test {n}", "event": "hydra.token", **t} for n, t in enumerate(tests, 1)]
        return write(f"{RULES}tests: {json.dumps(named)}\n")

    return with_tests


def test_every_example_passes(run: Run, examples: list[Path]) -> None:
    counts = [run("policy", "test", path).stdout.splitlines()[-1] for path in examples]
    assert len(counts) == 12
    assert all(line.endswith("passed, 0 failed") for line in counts)
    assert counts[0] == "5 tests, 5 passed, 0 failed"


def test_a_failure_is_told_as_expected_and_got(run: Run, policy: Callable[..., Path]) -> None:
    path = policy(
        {"facts": {"client": {"id": "web"}}, "expect": {"verdict": "allow", "rule": None}},
        {"facts": {"client": {"id": "app"}}, "expect": {"verdict": "allow"}},
    )
    assert run("policy", "test", path, status=1).stdout == (
        f"FAIL  test 1  {path}:11\n"
        "    verdict  expected  allow  got  step_up\n"
        "    rule     expected  null   got  web needs a second factor\n"
        "2 tests, 1 passed, 1 failed\n"
    )


def test_a_payload_is_read_relative_to_the_file(
    run: Run, policy: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "calls").mkdir()
    (tmp_path / "calls" / "refresh.json").write_text(REFRESH.read_text())
    path = policy(
        {"payload": "calls/refresh.json", "expect": {"verdict": "step_up"}},
        {
            "payload": "calls/refresh.json",
            "facts": {"client": {"id": "app"}},
            "expect": {"verdict": "allow"},
        },
    )
    run("policy", "test", path)


def test_a_bare_body_is_a_payload_too(
    run: Run, policy: Callable[..., Path], tmp_path: Path
) -> None:
    body = json.loads(REFRESH.read_text())["body"]
    (tmp_path / "body.json").write_text(json.dumps(body))
    run("policy", "test", policy({"payload": "body.json", "expect": {"verdict": "step_up"}}))


def test_a_claim_that_a_payload_brings_is_not_shown(
    run: Run, policy: Callable[..., Path], tmp_path: Path
) -> None:
    """P34."""
    (tmp_path / "refresh.json").write_text(REFRESH.read_text())
    path = policy(
        {
            "payload": "refresh.json",
            "facts": {"client": {"id": "app"}},
            "expect": {"claims": {"access_token": {"mail": "x", "gone": "y", "other": "z"}}},
        }
    )
    hidden = run("policy", "test", path, status=1).stdout
    assert hidden.splitlines()[1:4] == [
        "    claims.access_token.mail   expected  x  got  another value",
        "    claims.access_token.gone   expected  y  got  null",
        "    claims.access_token.other  expected  z  got  no such claim",
    ]
    shown = run("policy", "test", "--show-values", path, status=1).stdout
    assert "got  ada.lovelace@example.org" in shown


def test_a_claim_of_facts_in_the_file_is_shown(run: Run, policy: Callable[..., Path]) -> None:
    facts = {"client": {"id": "app"}, "token": {"id_claims": {"email": "a@example.org"}}}
    path = policy({"facts": facts, "expect": {"claims": {"access_token": {"mail": "b"}}}})
    assert "got  a@example.org" in run("policy", "test", path, status=1).stdout


@pytest.mark.parametrize(
    ("content", "event", "why"),
    [
        (None, "hydra.token", "cannot be read: No such file or directory"),
        ("[", "hydra.token", "not JSON"),
        ("\xff", "hydra.token", "not JSON"),
        ("[]", "hydra.token", "not a JSON object"),
        ('{"a": 1}', "hydra.token", "not a hook call"),
        (LOGIN.read_text(), "hydra.token", "is one of kratos.login, not hydra.token"),
        ('{"case": "hydra.token", "body": {}}', "hydra.token", "session: Missing data"),
        ('{"case": "check", "body": {}}', "check", "no hook that reads"),
        (" " * (5 << 20), "hydra.token", "too large"),
    ],
)
def test_a_payload_that_cannot_be_used_fails_its_test(
    run: Run,
    policy: Callable[..., Path],
    tmp_path: Path,
    content: str | None,
    event: str,
    why: str,
) -> None:
    if content is not None:
        (tmp_path / "call.json").write_text(content, encoding="latin-1")
    path = policy({"event": event, "payload": "call.json", "expect": {"verdict": "allow"}})
    text = run("policy", "test", path, status=1).stdout
    assert "    payload call.json: " in text
    assert why in text


def test_tests_can_be_chosen_by_name(run: Run, policy: Callable[..., Path]) -> None:
    passing = {"facts": {"client": {"id": "app"}}, "expect": {"verdict": "allow"}}
    failing = {"name": "A Failing One", "expect": {"verdict": "deny"}}
    path = policy(passing, failing)
    assert run("policy", "test", path, "-k", "test").stdout == "1 test, 1 passed, 0 failed\n"
    run("policy", "test", path, "-k", "failing", status=1)
    result = run("policy", "test", path, "-k", "nothing", status=2)
    assert "has 'nothing' in its name" in result.stderr


def test_a_file_without_tests_passes(run: Run, write: Callable[..., Path]) -> None:
    assert run("policy", "test", write(RULES)).stdout == "0 tests, 0 passed, 0 failed\n"


def test_a_file_with_errors_is_not_tested(run: Run, write: Callable[..., Path]) -> None:
    assert "1 error" in run("policy", "test", write("mode: x\n"), status=1).stderr


def test_json_of_the_results(run_json: Callable[..., Any], policy: Callable[..., Path]) -> None:
    path = policy(
        {"facts": {"client": {"id": "web"}}, "expect": {"verdict": "allow"}},
        {"payload": "nowhere.json", "expect": {"verdict": "allow"}},
    )
    assert run_json("policy", "test", "--json", path, status=1) == {
        "file": str(path),
        "passed": 0,
        "failed": 2,
        "tests": [
            {
                "name": "test 1",
                "line": 11,
                "event": "hydra.token",
                "passed": False,
                "differences": [{"key": "verdict", "expected": "allow", "got": "step_up"}],
            },
            {
                "name": "test 2",
                "line": 11,
                "event": "hydra.token",
                "passed": False,
                "error": "payload nowhere.json: cannot be read: No such file or directory",
                "differences": [],
            },
        ],
    }
