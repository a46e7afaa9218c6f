"""The lines of the log: JSON for machines, and one readable line for people."""

from __future__ import annotations

import json
import logging
from io import BytesIO
from typing import Any

from unit.workbench import BenchMaker, Recorded

from webhook_service.records.log import console_line, line_formatter, make_logger


def line(log_format: Any, **fields: Any) -> str:
    out = BytesIO()
    make_logger(log_format, "info", out).info(fields.pop("message", "hello"), **fields)
    return out.getvalue().decode()


def decision(**more: Any) -> dict[str, Any]:
    return {
        "message": "decision",
        "event_name": "hydra.token",
        "verdict": "step_up",
        "status": 403,
        "reason": "mfa.aal_too_low",
        "rule": "billing",
        "client": "web",
        "subject": "aea95835-aeaf-4997-bd01-d04160cc4ddc",
        "upstream": [{"call": "kratos.session", "outcome": "ok", "ms": 3.1}],
        "ms": 4.2,
        **more,
    }


def test_json_begins_with_time_level_and_message() -> None:
    fields = json.loads(line("json", client="web"))
    assert list(fields) == ["at", "level", "message", "client"]
    assert fields["at"].endswith("Z")
    assert fields["level"] == "info"


def test_a_level_that_is_not_wanted_costs_no_line() -> None:
    out = BytesIO()
    logger = make_logger("json", "warning", out)
    logger.info("hello")
    assert out.getvalue() == b""
    logger.warning("careful")
    assert json.loads(out.getvalue())["level"] == "warning"


def test_a_decision_reads_as_a_sentence() -> None:
    text = line(
        "console",
        **decision(
            effects={"extend_session": {"result": "failed", "reason": "upstream.timeout"}},
            notes=["extend.failed"],
            unknown={"kratos.session": "upstream.timeout"},
            shadow=[
                {"rule": "weekly", "outcome": "unmet", "verdict": "deny", "reason": "rule.denied"},
                {"rule": "quiet", "outcome": "no match"},
            ],
        ),
    )
    assert text.count("\n") == 1
    assert "hydra.token" in text
    assert 'step_up  403  mfa.aal_too_low  by "billing"  client web' in text
    assert "extend_session failed: upstream.timeout" in text
    assert 'would: deny rule.denied by "weekly"' in text
    assert "quiet" not in text
    assert "kratos.session unknown: upstream.timeout" in text
    assert "1 call  4.2 ms" in text
    assert "\x1b" not in text


def test_what_follows_from_a_decision_is_said() -> None:
    kept = [
        {
            "kind": "end_session",
            "cause": "max_age",
            "rule": "staff",
            "at": "2026-11-25T20:00:00.000Z",
            "result": "accepted",
        },
        {"kind": "revoke_tokens", "result": "lost"},
    ]
    text = line("console", **decision(effects={"kept": kept}))
    assert "end_session (max_age, 2026-11-25T20:00:00.000Z) accepted" in text
    assert "revoke_tokens lost" in text


def test_how_many_were_left_out_is_said() -> None:
    """Of a record out of the database: the log leaves out none."""
    assert "7 like it left out before" in line("console", **decision(left_out=7))


def test_an_allowed_one_is_short() -> None:
    fields = decision(verdict="allow", status=204, reason=None, rule=None, upstream=[])
    extended = {"extend_session": {"result": "extended", "expires_at": "2026-11-26T12:00:00.000Z"}}
    text = line("console", **fields, effects=extended)
    assert "None" not in text
    assert "extend_session extended (2026-11-26T12:00:00.000Z)  0 calls" in text


def test_colours_only_where_a_terminal_shows_them() -> None:
    fields = {"at": "2026-11-25T12:00:00.000Z", "level": "error", "message": "no"}
    assert "\x1b[31m" in console_line(fields, colour=True)
    assert "\x1b" not in console_line(fields, colour=False)


def test_a_name_cannot_move_the_cursor() -> None:
    text = line("console", **decision(client="web\x1b[2J\r\nfake", rule="a\tb"))
    assert text.count("\n") == 1
    assert "\x1b" not in text
    assert "\r" not in text
    assert r"web\x1b[2J\r\nfake" in text


def test_other_lines_show_their_fields() -> None:
    text = line("console", message="serving", port=8080, rules=["a"])
    assert 'serving  port=8080  rules=["a"]' in text


def test_the_servers_own_lines_look_alike() -> None:
    record = logging.LogRecord("gunicorn.error", logging.INFO, "x", 1, "Booting %s", ("w",), None)
    fields = json.loads(line_formatter("json")().format(record))
    assert fields["message"] == "Booting w"
    assert fields["by"] == "gunicorn.error"
    assert "Booting w" in line_formatter("console")().format(record)


def test_a_servers_exception_is_named_and_not_quoted() -> None:
    error = RuntimeError("assertion-of-somebody")
    trace = (RuntimeError, error, None)
    record = logging.LogRecord("gunicorn.error", logging.ERROR, "x", 1, "failed", (), trace)
    text = line_formatter("json")().format(record)
    assert json.loads(text)["error"] == "RuntimeError"
    assert "somebody" not in text


def test_every_decision_leaves_exactly_one_line(make_bench: BenchMaker, recorded: Recorded) -> None:
    bench = make_bench()
    bench.token(recorded.body("hydra.token.client_credentials"))
    bench.login(recorded.body("kratos.login.api.aal1.minimal"))
    assert [entry["event"] for entry in bench.lines()] == ["hydra.token", "kratos.login"]
