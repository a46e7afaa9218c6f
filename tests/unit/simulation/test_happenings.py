"""From a JSON document to the facts of one event."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from unit.workbench import BenchMaker, Recorded

from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.table import hooks
from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.facts import EventName, Facts, Source
from webhook_service.policy.loading.facts_file import read_upstream
from webhook_service.simulation.happenings import (
    Happening,
    NotAnEventError,
    Reader,
    SkippedError,
)
from webhook_service.simulation.inputs import Item, Unreadable
from webhook_service.simulation.upstream import told_by

CLOCK = datetime(2026, 12, 24, 18, tzinfo=UTC)
HOOKS = tuple(hooks(RequestHeaders()).values())
SUBJECT = "aea95835-aeaf-4997-bd01-d04160cc4ddc"


def reader(**options: Any) -> Reader:
    return Reader(HOOKS, lambda: CLOCK, **options)


def read(document: Any, **options: Any) -> Happening:
    return reader(**options).read(Item(document, "calls.jsonl", 7))


def test_a_recorded_call_is_an_event(recorded: Recorded) -> None:
    body = recorded.body("hydra.token.refresh_token.consent-claims")
    happening = read({"case": "hydra.token", "body": body})
    [facts] = happening.facts
    assert (facts.event, facts.value("client.id")) == (EventName.HYDRA_TOKEN, "web")
    assert (happening.subject, happening.client) == (SUBJECT, "web")
    assert happening.key == "calls.jsonl:7"


def test_what_a_call_would_tell_is_unknown(recorded: Recorded) -> None:
    body = recorded.body("hydra.token.refresh_token.consent-claims")
    [facts] = read(body).facts
    assert facts.value("session.aal") is UNKNOWN


def test_the_name_of_a_file_tells_the_event(recorded: Recorded) -> None:
    body = recorded.body("kratos.login.api.aal1.minimal")
    happening = reader().read(Item(body, "folder/kratos.login.api.json"))
    assert happening.facts[0].event is EventName.KRATOS_LOGIN
    assert happening.key == "folder/kratos.login.api.json"


def test_a_call_happens_when_it_says_else_now(recorded: Recorded) -> None:
    body = recorded.body("hydra.token.refresh_token.consent-claims")
    assert read(body).now == CLOCK
    at = {"case": "hydra.token", "at": "2026-11-25T12:00:00Z", "body": body}
    assert read(at).now == datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert read(at, now=CLOCK).now == CLOCK
    login = read(recorded.body("kratos.login.api.aal1.minimal"))
    assert login.now == login.facts[0].value("session.authenticated_at")


def test_a_record_is_an_event(make_bench: BenchMaker, recorded: Recorded) -> None:
    bench = make_bench("deny:\n  - {name: a, when: client.id == 'x'}\n")
    bench.token(recorded.body("hydra.token.refresh_token.consent-claims"))
    record = bench.record()
    happening = read(record)
    assert (happening.key, happening.subject, happening.client) == (record["key"], SUBJECT, "web")
    assert happening.now == datetime.fromisoformat(record["at"])
    assert read(record, now=CLOCK).now == CLOCK
    assert happening.facts[0].value("token.scopes")[0] == "openid"
    assert happening.facts[0].value("token.claims") is UNKNOWN


def test_a_record_of_an_earlier_version_is_an_event(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    bench = make_bench("deny:\n  - {name: a, when: client.id == 'x'}\n")
    bench.token(recorded.body("hydra.token.client_credentials"))
    record = bench.record()
    del record["facts"], record["answered"]
    [facts] = read(record).facts
    assert facts.value("client.id") == "machine"
    assert facts.value("token.grant") is UNKNOWN


def test_other_lines_of_a_log_are_passed_over(make_bench: BenchMaker) -> None:
    bench = make_bench()
    bench.token({})
    [refused] = bench.lines()
    with pytest.raises(NotAnEventError):
        read(refused)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ([], "not a JSON object"),
        ({"a": 1}, "not a hook call"),
        ({"case": "check", "body": {}}, "no hook that reads check"),
        ({"case": "hydra.token", "body": {}}, "session: Missing data"),
        ({"case": "hydra.token", "body": {"a": "\ud800"}}, "not UTF-8"),
        ({"message": "decision", "event": "hydra.token"}, "without its time"),
        ({"message": "decision", "at": "2026-11-25T12:00:00Z"}, "without its event"),
        ({"message": "decision", "event": "check", "at": "2026-11-25T12:00:00"}, "its time"),
    ],
)
def test_what_is_no_event_is_skipped_with_the_reason(document: Any, why: str) -> None:
    with pytest.raises(SkippedError, match=why):
        read(document)


def test_what_is_no_json_is_skipped() -> None:
    with pytest.raises(SkippedError, match="not JSON"):
        reader().read(Unreadable(None, "x", 1))


# What Kratos and Hydra would tell


UPSTREAM = f"""
subjects:
  {SUBJECT}:
    session:
      factors: [{{method: totp, aal: aal2, completed_at: now-5m}}]
    identity: {{traits: {{staff: true}}, second_factors: [totp]}}
clients:
  web: {{client: {{metadata: {{level: 2}}}}}}
"""


def told(document: Any, upstream: str = UPSTREAM) -> tuple[Facts, datetime]:
    file = read_upstream(upstream.encode(), "facts.yaml")
    happening = read(document, told=told_by(file))
    return happening.facts[0], happening.now


def test_a_file_tells_of_the_subject_and_the_client(recorded: Recorded) -> None:
    facts, now = told(recorded.body("hydra.token.refresh_token.consent-claims"))
    assert facts.value("session.aal") == "aal2"
    assert facts.value("session.authenticated_at") == now - timedelta(minutes=5)
    assert facts.value("identity.traits") == {"staff": True}
    assert facts.value("client.metadata") == {"level": 2}
    assert facts.value("client.owner") is None
    assert facts.answered == set(Source)


def test_of_others_it_tells_nothing(recorded: Recorded) -> None:
    facts, _ = told(recorded.body("hydra.token.client_credentials"))
    assert facts.answered == {Source.KRATOS_SESSION, Source.KRATOS_IDENTITY}


def test_what_it_does_not_tell_stays_unknown(recorded: Recorded) -> None:
    body = recorded.body("hydra.token.refresh_token.consent-claims")
    facts, _ = told(body, f"subjects: {{{SUBJECT}: {{session: {{aal: aal2}}}}}}")
    assert facts.value("session.found") is True
    assert facts.value("identity.traits") is UNKNOWN


def test_what_the_event_tells_stands_above_the_file(recorded: Recorded) -> None:
    body = recorded.body("kratos.login.api.aal1.minimal")
    subject = body["identity"]["id"]
    file = f"subjects: {{{subject}: {{session: {{aal: aal2}}, identity: {{second_factors: []}}}}}}"
    facts, _ = told(body, file)
    assert facts.value("session.aal") == "aal1"
    assert facts.value("identity.second_factors") == []


def test_facts_without_times_are_read_once_for_all_events(recorded: Recorded) -> None:
    file = f"subjects: {{{SUBJECT}: {{session: {{aal: aal2}}}}}}"
    tell = told_by(read_upstream(file.encode(), "facts.yaml"))
    body = recorded.body("hydra.token.refresh_token.consent-claims")
    first, second = (read(body, told=tell).facts[0] for _ in range(2))
    assert first.value("session.aal") == second.value("session.aal") == "aal2"


def test_a_record_is_completed_by_the_file(make_bench: BenchMaker, recorded: Recorded) -> None:
    bench = make_bench("deny:\n  - {name: a, when: session.active == false}\n")
    bench.fail("GET", 503)
    bench.token(recorded.body("hydra.token.refresh_token.consent-claims"))
    record = bench.record()
    assert record["unknown"] == {"kratos.session": "upstream.busy"}
    facts, _ = told(record)
    assert facts.value("session.aal") == "aal2"
    assert facts.value("token.claims") is UNKNOWN
    assert facts.failed == {}


def test_what_a_record_tells_stands_above_the_file(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    bench = make_bench("deny:\n  - {name: a, when: session.active == false}\n")
    bench.token(recorded.body("hydra.token.refresh_token.consent-claims"))
    facts, _ = told(bench.record())
    assert facts.value("session.found") is False
    assert facts.value("session.aal") is None
    assert facts.value("identity.second_factors") == ["totp"]


@pytest.mark.recorded("hydra", "kratos.login")
def test_every_recorded_payload_of_a_hook_is_an_event(recorded_path: Path) -> None:
    document = json.loads(recorded_path.read_text())
    assert len(reader().read(Item(document, str(recorded_path))).facts) == 1
