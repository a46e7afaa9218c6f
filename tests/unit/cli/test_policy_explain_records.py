"""``policy explain --record``: why a recorded event was decided as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from unit.cli.explaining import RULES, SHADOW
from unit.workbench import BenchMaker, Recorded

Run = Callable[..., Result]
Write = Callable[..., Path]


@pytest.fixture
def policy(write: Write) -> Path:
    return write(RULES.replace("sessions:", SHADOW.lstrip("\n") + "sessions:"))


@pytest.fixture
def log(make_bench: BenchMaker, recorded: Recorded, tmp_path: Path) -> Path:
    bench = make_bench(RULES)
    bench.token(recorded.body("hydra.token.refresh_token.consent-claims"))
    bench.token(recorded.body("hydra.token.client_credentials"))
    path = tmp_path / "service.log"
    noise = b'{"message": "serving"}\nnot JSON "decision" KEY\n'.replace(b"KEY", b"0" * 32)
    path.write_bytes(noise + bench.log.getvalue())
    return path


def keys(log: Path) -> list[str]:
    lines = [json.loads(line) for line in log.read_text().splitlines()[2:]]
    return [line["key"] for line in lines if line["message"] == "decision"]


@pytest.fixture
def earlier_log(log: Path) -> Path:
    """A log of a version whose records kept no facts."""
    lines = [json.loads(line) for line in log.read_text().splitlines()[2:]]
    kept = [{k: v for k, v in line.items() if k not in {"facts", "answered"}} for line in lines]
    log.write_text("\n\n" + "".join(json.dumps(line) + "\n" for line in kept))
    return log


def test_a_record_is_explained(run: Run, policy: Path, log: Path) -> None:
    text = run("policy", "explain", policy, "--record", keys(log)[0], "--log", log).stdout
    assert text.startswith("hydra.token  ->  step_up  mfa.no_session\n")
    assert 'token.scopes ["openid", "offline", "profile", "billing:write"]' in text
    assert "require aal2, < 15m, totp or webauthn  no session" in text
    assert "not in the record" not in text
    assert text.splitlines()[-1].startswith('decided then: step_up mfa.no_session, by "billing')


def test_what_a_record_does_not_keep_is_named(run: Run, write: Write, log: Path) -> None:
    """Settled question 3."""
    policy = write("""
        deny:
          - {name: tenants, when: token.claims.tenant == "gone" && client.metadata.old == true}
    """)
    text = run("policy", "explain", policy, "--record", keys(log)[0], "--log", log).stdout
    assert text.startswith("hydra.token  ->  deny  policy.unknown  (as far as is known)\n")
    assert "unknown: token.claims, hydra.client → deny" in text
    assert "not in the record: 1 fact (token.claims)" in text
    assert "not asked then: hydra.client\n" in text


def test_a_record_of_an_earlier_version_is_explained_as_far_as_it_tells(
    run: Run, policy: Path, earlier_log: Path
) -> None:
    log = earlier_log
    text = run("policy", "explain", policy, "--record", keys(log)[0], "--log", log).stdout
    assert text.splitlines()[0].endswith("(as far as is known)")
    assert 'client.id "web"' in text
    assert "unknown: token.scopes → deny" in text
    assert "not in the record: 1 fact (token.scopes)" in text
    assert "not in the record: what kratos.identity, kratos.session told" in text
    assert "decided then: step_up mfa.no_session" in text


def test_a_record_of_a_machine_is_explained_as_what_it_was(
    run: Run, log: Path, write: Write
) -> None:
    policy = write(RULES)
    text = run("policy", "explain", policy, "--record", keys(log)[1], "--log", log).stdout
    assert text.startswith("hydra.token  ->  allow\n")
    assert "jwt-bearer" not in text


def test_an_earlier_record_of_a_machine_is_explained_in_one_of_two_readings(
    run: Run, earlier_log: Path, write: Write
) -> None:
    log, policy = earlier_log, write(RULES)
    text = run("policy", "explain", policy, "--record", keys(log)[1], "--log", log).stdout
    assert text.splitlines()[-1].startswith("decided then: allow (")
    assert "explained as client_credentials; it may be jwt-bearer" in text


def test_json_tells_what_was_recorded(
    run_json: Callable[..., Any], policy: Path, earlier_log: Path
) -> None:
    log = earlier_log
    key = keys(log)[0]
    document = run_json("policy", "explain", policy, "--record", key, "--log", log, "--json")
    assert document["recorded"]["key"] == key
    assert document["provisional"] is True
    assert document["missing"] == ["kratos.identity", "kratos.session", "token.scopes"]


@pytest.mark.parametrize("key", ["0" * 32, "ffff"])
def test_a_key_that_no_record_has_is_an_error(run: Run, policy: Path, log: Path, key: str) -> None:
    result = run("policy", "explain", policy, "--record", key, "--log", log, status=1)
    assert f"has no decision with the key {key}" in result.stderr


def test_a_broken_record_is_an_error(run: Run, policy: Path, write: Write) -> None:
    log = write('{"message": "decision", "key": "a", "event": "hydra.token"}\n', "log")
    result = run("policy", "explain", policy, "--record", "a", "--log", log, status=1)
    assert "a decision record without its time" in result.stderr


def test_another_line_that_holds_the_key_is_no_record(run: Run, policy: Path, write: Write) -> None:
    line = {"message": "other", "note": "decision", "about": "abc", "key": "x"}
    log = write(json.dumps({**line, "note": '"decision"'}) + "\n" + '["decision", "abc"]\n', "log")
    run("policy", "explain", policy, "--record", "abc", "--log", log, status=1)


def test_control_characters_of_a_record_do_not_reach_the_terminal(
    run: Run, policy: Path, write: Write
) -> None:
    record = {"message": "decision", "event": "check", "at": "2026-11-25T12:00:00Z", "key": "a"}
    log = write(json.dumps({**record, "rule": "x\x1b[31my"}) + "\n", "log")
    text = run("policy", "explain", policy, "--record", "a", "--log", log).stdout
    assert "\x1b" not in text
    assert "x\\x1b[31my" in text
