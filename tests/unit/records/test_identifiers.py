"""Hashed identifiers (settled question 11)."""

from __future__ import annotations

import json
from typing import Any

from unit.workbench import BenchMaker, Recorded

from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.recorded import facts_of_record
from webhook_service.records.identifiers import hashed, with_hashes, written

KEY, OTHER = b"k" * 32, b"o" * 32
SUBJECT = "aea95835-aeaf-4997-bd01-d04160cc4ddc"


def test_a_hash_is_the_same_for_one_and_another_for_others() -> None:
    one = hashed(SUBJECT, KEY)
    assert one == hashed(SUBJECT, KEY)
    assert len({one, hashed(SUBJECT, OTHER), hashed(SUBJECT[:-1], KEY)}) == 3
    assert len(one) == 32
    assert SUBJECT[:8] not in one


def test_people_and_sessions_are_hashed_and_clients_are_not() -> None:
    line = {"subject": SUBJECT, "session": "s", "client": "web", "ms": 1}
    assert with_hashes(line, KEY) == {
        "subject": hashed(SUBJECT, KEY),
        "session": hashed("s", KEY),
        "client": "web",
        "ms": 1,
        "hashed": True,
    }
    assert line["subject"] == SUBJECT


def test_nobody_has_no_hash() -> None:
    line = {"subject": None, "session": None}
    assert with_hashes(line, KEY) == {"subject": None, "session": None, "hashed": True}


def test_a_person_is_looked_for_in_both_ways_to_write_the_id() -> None:
    assert written(SUBJECT, None) == {SUBJECT}
    assert written(SUBJECT, KEY) == {SUBJECT, hashed(SUBJECT, KEY)}


def test_no_identifier_of_a_person_is_in_the_log_where_they_are_hashed(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    """With every hook that was ever recorded."""
    bench = make_bench(
        "mfa:\n  - {name: a, require: {aal: aal2}}\n"
        "revoke:\n  - {name: b, events: [kratos.settings], revoke: [other_sessions, tokens]}",
        hash_key=KEY,
    )
    people = set()
    for case in Recorded.cases("hydra.token", "kratos.login", "kratos.settings"):
        body = json.loads(case.values[0].read_text())["body"]
        bench.post(_path(case.id), body)
        people |= _people(body)
    text = bench.log.getvalue().decode()
    assert text.count('"hashed":true') > 20
    assert len(people) > 2
    assert [person for person in people if person in text] == []


def _path(name: str) -> str:
    """Return where a recorded call went: ``…/kratos.settings-password.api`` to settings."""
    sender, event = name.rpartition("/")[2].split(".")[:2]
    if sender == "hydra":
        return "/hooks/hydra/token"
    return f"/hooks/kratos/{event.split('-')[0]}/password"


def _people(body: Any) -> set[str]:
    """Return the identities that a body names."""
    found = set()
    if isinstance(body, dict):
        for name, value in body.items():
            if name in {"subject", "identity_id"} and isinstance(value, str) and value:
                found.add(value)
            if name == "identity" and isinstance(value, dict):
                found.add(value["id"])
            found |= _people(value)
    return found - {"machine"}


def test_what_is_hashed_is_no_fact_to_decide_by() -> None:
    record = {
        "event": "hydra.token",
        "subject": hashed(SUBJECT, KEY),
        "session": hashed("s", KEY),
        "client": "web",
        "answered": ["kratos.session"],
        "facts": {"session.found": True, "identity.found": True},
    }
    plain, hidden = facts_of_record(record)[0], facts_of_record({**record, "hashed": True})[0]
    for name in ("token.subject", "session.id", "identity.id"):
        assert plain.value(name) is not UNKNOWN
        assert hidden.value(name) is UNKNOWN
    assert hidden.value("session.found") is True
    assert hidden.value("client.id") == "web"
