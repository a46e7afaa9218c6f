"""The records that the service makes, replayed: nothing is lost that may be kept."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from unit.workbench import NOW, Bench, BenchMaker, Recorded

from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.table import hooks
from webhook_service.ory.fake.people import FakeIdentity, FakeSession
from webhook_service.policy.conditions.types import UNKNOWN, Value
from webhook_service.policy.facts import FACTS, Facts
from webhook_service.policy.known import FACTORS
from webhook_service.policy.loader import load
from webhook_service.policy.recorded import KEPT, facts_for_record, facts_of_record
from webhook_service.simulation.happenings import Reader
from webhook_service.simulation.inputs import Item
from webhook_service.simulation.replay import Replay

WORLDS = ("second factor", "password", "signed out", "nobody", "down")
BEGAN = NOW - timedelta(hours=13)
EVENTS = "events: [hydra.token, hydra.refresh_token, kratos.login]"
HYDRA = "events: [hydra.token, hydra.refresh_token]"
LOGIN = "events: [kratos.login]"


def rule(name: str, events: str, *lines: str) -> str:
    return "\n    ".join([f"  - name: {name}", events, *lines]) + "\n"


RULES = "".join(
    [
        "deny:\n",
        rule("scope", HYDRA, 'when: token.scopes.exists(s, s == "billing:write")'),
        rule("kept", HYDRA, "when: token.audience == [] && token.acr == null"),
        rule("flow", LOGIN, 'when: flow.type == "api" && flow.refresh != true'),
        rule("app", LOGIN, 'when: client.id == "web"'),
        rule("gone", EVENTS, 'when: identity.state == "inactive" || identity.found == false'),
        rule("young", EVENTS, 'when: now - identity.created_at < duration("720h")'),
        rule("codes", HYDRA, 'when: ("lookup_secret" in identity.second_factors)'),
        rule("named", EVENTS, "when: identity.id == session.id"),
        "mfa:\n",
        rule("fresh", HYDRA, "require: {aal: aal2, max_age: 12h, methods: [totp]}"),
        rule("any", HYDRA, "require: {aal: aal2}", "enrolment: {grace: 30d}", "on_error: allow"),
        rule("soon", LOGIN, "require: {aal: aal2}", "step_up_within: 1h"),
        "sessions:\n",
        rule("day", EVENTS, "max_age: 24h", "counted_from: issued_at"),
        rule("used", HYDRA, "extend: {when_left: 1h}", "max_age: 90d", "must_be_active: true"),
        "claims:\n",
        rule("level", HYDRA, "access_token: {aal: session.aal, amr: session.methods}"),
    ]
)
"""Reads what a record keeps, and nothing else."""

PRIVATE = "".join(
    [
        "deny:\n",
        rule("trait", EVENTS, 'when: identity.traits.a == "x"'),
        rule("claim", HYDRA, 'when: token.claims.a == "x"'),
        rule("header", LOGIN, 'when: request.headers["a"] == "x"'),
    ]
)


def populate(bench: Bench, body: dict[str, Any], world: str, mark: str | None = None) -> None:
    """Let the stand-in know, or not know, the person and the session that a body names."""
    if world == "down":
        bench.fail("GET", 503)
        return
    challenge = body.get("flow", {}).get("oauth2_login_challenge")
    bench.ory.hydra.add_client("web", name=mark or "", owner=mark or "", metadata={"a": mark})
    if challenge:
        bench.ory.hydra.flows.add_login("web", challenge=challenge)
    session = body["session"]
    subject = body["identity"]["id"] if "identity" in body else session["id_token"]["subject"]
    if world == "nobody":
        return
    bench.ory.kratos.identities[subject] = FakeIdentity(
        subject,
        created_at=NOW - timedelta(days=20),
        traits={"a": mark},
        metadata_public={"a": mark},
        metadata_admin={"a": mark},
        addresses={mark: True} if mark else {},
        second_factors={"totp"} if world == "second factor" else set(),
    )
    if world == "signed out":
        return
    session_id = session.get("id") or (session["extra"] or {}).get("kratos_session_id")
    methods = ["password", "totp"] if world == "second factor" else ["password"]
    if session_id:
        bench.ory.kratos.sessions[session_id] = FakeSession(
            session_id,
            subject,
            issued_at=BEGAN,
            authenticated_at=BEGAN + timedelta(minutes=1),
            expires_at=NOW + timedelta(hours=1, microseconds=7),
            factors=[
                (method, "aal2" if method == "totp" else "aal1", BEGAN + timedelta(minutes=one))
                for one, method in enumerate(methods)
            ],
        )


def post(bench: Bench, case: str, body: dict[str, Any]) -> None:
    event = case.partition(".")[2]
    if case.startswith("kratos"):
        bench.login(body)
    elif event.startswith("refresh_token_hook"):
        bench.post("/hooks/hydra/refresh-token", body)
    else:
        bench.token(body)


@pytest.fixture
def facts_seen(monkeypatch: pytest.MonkeyPatch) -> list[Facts]:
    """Collect the facts of which records are made."""
    seen: list[Facts] = []

    def watched(facts: Facts) -> dict[str, Any]:
        seen.append(facts)
        return facts_for_record(facts)

    monkeypatch.setattr("webhook_service.records.record.facts_for_record", watched)
    return seen


def plain(value: Value) -> Value:
    return tuple(value) if isinstance(value, list) else value


@pytest.mark.recorded("hydra", "kratos.login")
@pytest.mark.parametrize("world", WORLDS)
def test_what_a_record_keeps_is_what_was_known(
    make_bench: BenchMaker, recorded_path: Path, world: str, facts_seen: list[Facts]
) -> None:
    bench = make_bench(RULES)
    body = json.loads(recorded_path.read_text())["body"]
    populate(bench, body, world)
    post(bench, recorded_path.stem, body)
    [known] = facts_seen
    record = bench.record()
    [restored] = facts_of_record(record)
    kept = [name for name in KEPT if known.event in FACTS[name].source]
    assert {name: plain(restored.value(name)) for name in kept} == {
        name: plain(known.value(name)) for name in kept
    }
    assert restored.values.get(FACTORS, ()) == known.values.get(FACTORS, ())
    assert (restored.answered, restored.failed) == (known.answered, known.failed)
    for name in FACTS.keys() - {"now", "event.name"}:  # of the others nothing is wrong
        if known.event in FACTS[name].source and restored.value(name) is not UNKNOWN:
            assert plain(restored.value(name)) == plain(known.value(name))


@pytest.mark.recorded("hydra", "kratos.login")
@pytest.mark.parametrize("world", WORLDS)
def test_a_record_is_decided_as_the_event_was(
    make_bench: BenchMaker, recorded_path: Path, world: str
) -> None:
    """Every rule of the policy that was in force reads only what records keep."""
    bench = make_bench(RULES)
    body = json.loads(recorded_path.read_text())["body"]
    populate(bench, body, world)
    post(bench, recorded_path.stem, body)
    record = bench.record()
    read = Reader(tuple(hooks(RequestHeaders()).values()), lambda: NOW, now=NOW)
    replayed = Replay(load(f"version: 1\n{RULES}".encode())).decide(read.read(Item(record, "log")))
    assert replayed.lacking == {}
    assert replayed.verdict is not None
    decided = (replayed.verdict, replayed.reason, replayed.rule)
    assert decided == (record["verdict"], record["reason"], record["rule"])
    assert replayed.decision.matched == tuple(record["matched"])
    outcomes = {one.rule: one.outcome.value for one in replayed.decision.rulings}
    assert {one["rule"]: one["outcome"] for one in record["rules"]}.items() <= outcomes.items()


@pytest.mark.parametrize(
    "case", ["hydra.token.refresh_token.consent-claims", "kratos.login.api.aal1"]
)
def test_a_rule_on_what_is_not_kept_is_undecidable(
    make_bench: BenchMaker, recorded: Recorded, case: str
) -> None:
    """P34: and it is said which fact is missing, even where its source was asked."""
    bench = make_bench(RULES)
    body = recorded.body(case)
    populate(bench, body, "second factor")
    post(bench, case, body)
    read = Reader(tuple(hooks(RequestHeaders()).values()), lambda: NOW)
    happening = read.read(Item(bench.record(), "log"))
    replayed = Replay(load(f"version: 1\n{PRIVATE}".encode())).decide(happening)
    assert replayed.verdict is None
    names = {name for missing in replayed.lacking.values() for name in missing}
    assert names == (
        {"identity.traits", "token.claims"}
        if case.startswith("hydra")
        else {"identity.traits", "request.headers"}
    )


MARK = "somebody-s-own-words"
EVERYTHING = "".join(
    [
        "deny:\n",
        rule("traits", EVENTS, f'when: identity.traits.a == "{MARK}"'),
        rule("metadata", EVENTS, f'when: identity.metadata_public.a == "{MARK}"'),
        rule("admin", EVENTS, f'when: identity.metadata_admin.a == "{MARK}"'),
        rule("addresses", EVENTS, f'when: identity.verified_addresses.exists(a, a == "{MARK}")'),
        rule("client", EVENTS, f'when: client.metadata.a == "{MARK}" && client.name == "{MARK}"'),
        rule("claims", HYDRA, f'when: token.claims.a == "{MARK}" && token.id_claims.a == "{MARK}"'),
        rule("address", LOGIN, f'when: request.ip == "{MARK}" && request.country == "{MARK}"'),
        rule("browser", LOGIN, f'when: request.user_agent == "{MARK}"'),
        rule("headers", LOGIN, f'when: request.headers["cookie"] == "{MARK}"'),
        rule("flow", LOGIN, f'when: flow.transient.a == "{MARK}"'),
        "mfa:\n",
        rule("factor", HYDRA, "require: {aal: aal2}"),
    ]
)
"""Matches only where the marker has reached every private fact."""


def marked(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body whose private parts are all the marker."""
    body = deepcopy(body)
    if "flow" in body:
        identity = body["identity"]
        identity["traits"] = identity["metadata_public"] = {"a": MARK}
        identity["verifiable_addresses"] = [{"value": MARK, "via": "email", "verified": True}]
        body["session"]["devices"] = [{"ip_address": MARK, "user_agent": MARK}]
        body["flow"]["transient_payload"] = {"a": MARK}
        names = ("User-Agent", "True-Client-Ip", "X-Country", "Cookie")
        body["request_headers"] = {name: [MARK] for name in names}
        return body
    session = body["session"]
    session["extra"] = {**(session["extra"] or {}), "a": MARK}
    session["id_token"]["id_token_claims"]["ext"] = {"a": MARK, MARK: MARK}
    session["id_token"]["username"] = MARK
    requester = body.get("request") or body["requester"]
    requester["payload"] = {"assertion": [MARK], "password": [MARK]}
    return body


@pytest.mark.parametrize(
    "case",
    [
        "hydra.token.refresh_token.consent-claims",
        "hydra.refresh_token_hook.consent-claims",
        "kratos.login.browser.aal1.oauth2",
    ],
)
def test_nothing_private_is_in_a_record(
    make_bench: BenchMaker, recorded: Recorded, case: str, facts_seen: list[Facts]
) -> None:
    """P34."""
    bench = make_bench(EVERYTHING, country_header="X-Country", hook_deadline=timedelta(seconds=5))
    body = marked(recorded.body(case))
    populate(bench, body, "second factor", MARK)
    post(bench, case, body)
    everywhere = {"traits", "metadata", "admin", "addresses", "client"}
    of_login = {"address", "browser", "headers", "flow"}
    of_this = of_login if case.startswith("kratos") else {"claims", "factor"}
    assert set(bench.record()["matched"]) == everywhere | of_this
    assert MARK in str(facts_seen[0].values)
    assert bench.record()["facts"]["session.methods"]
    assert MARK not in bench.log.getvalue().decode()


def test_a_time_keeps_its_microseconds(make_bench: BenchMaker, recorded: Recorded) -> None:
    bench = make_bench(RULES)
    body = recorded.body("hydra.token.refresh_token.consent-claims")
    populate(bench, body, "password")
    bench.token(body)
    [facts] = facts_of_record(bench.record())
    expires_at = facts.value("session.expires_at")
    assert expires_at == datetime(2026, 11, 25, 13, 0, 0, 7, tzinfo=UTC)
