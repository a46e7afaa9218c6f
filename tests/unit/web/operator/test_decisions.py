"""The list of decisions and each of them, on the real store."""

from __future__ import annotations

import re
from typing import Any

import pytest
from unit.decided import ADA, BOB, DENIES, REFUSED, STAYS, new
from unit.operator_desk import Operator, sign_in
from unit.workbench import BenchMaker

from webhook_service.records.identifiers import hashed, with_hashes
from webhook_service.records.keeping import NewRecord
from webhook_service.records.store import SqlRecords

POLICY = """
deny:
  - name: billing
    when: client.id == "billing"
    message: Billing is <closed>.
"""
SHOWN = re.compile(r'href="/decisions/(\d+)"')
AFTER = re.compile(r'id="live" data-live hx-get="([^"]+)"')


@pytest.fixture
def operator(make_bench: BenchMaker, records: SqlRecords, sqlite_database: str) -> Operator:
    """An operator who is signed in, at a service with a database."""
    return sign_in(make_bench(POLICY, database_url=sqlite_database))


@pytest.fixture
def some(records: SqlRecords) -> SqlRecords:
    records.add(
        [
            new("login", event="kratos.login", subject=BOB, client=None),
            new("refused", seconds=60, rulings=[STAYS, DENIES], **REFUSED),
            new("mobile", seconds=120, client="mobile", rulings=[STAYS]),
            new("would", seconds=180, shadow=[DENIES]),
        ]
    )
    return records


def shown(operator: Operator, path: str) -> list[int]:
    """Return the numbers of the decisions on a page."""
    return [int(seq) for seq in SHOWN.findall(operator.get(path).text)]


def unescaped(path: str) -> str:
    return path.replace("&amp;", "&")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [4, 3, 2, 1]),
        ("?event=kratos.login", [1]),
        ("?verdict=deny", [2]),
        ("?verdict=refused", [2]),
        ("?reason=rule.denied", [2]),
        ("?rule=stays", [3, 2]),
        (f"?subject={BOB}", [1]),
        ("?client=mobile", [3]),
        ("?key=refused", [2]),
        ("?shadow=1", [4]),
        (f"?rule=stays&subject={ADA}&client=mobile", [3]),
        ("?client=nobody", []),
    ],
)
def test_decisions_are_found_by_what_is_asked_for(
    operator: Operator, some: SqlRecords, query: str, found: list[int]
) -> None:
    assert shown(operator, f"/{query}") == found


def test_decisions_are_found_by_how_long_ago_they_were(
    operator: Operator, records: SqlRecords
) -> None:
    records.add([new("now"), new("two hours ago", seconds=-7200), new("old", seconds=-90_000)])
    assert shown(operator, "/?since=1h") == [1]
    assert shown(operator, "/?since=24h") == [1, 2]
    assert shown(operator, "/?since=7d") == [1, 2, 3]


def test_what_was_typed_wrong_is_said_beside_the_field(
    operator: Operator, some: SqlRecords
) -> None:
    text = operator.get("/?verdict=<b>&since=soon&client=mobile").text
    assert "“&lt;b&gt;” is one of refused, allow, step_up, enrol, deny" in text
    assert re.search(r'name="since" aria-invalid="true" aria-describedby="since-wrong"', text)
    assert SHOWN.findall(text) == ["3"]


def test_a_person_is_found_by_an_id_that_records_have_hashed(
    make_bench: BenchMaker, records: SqlRecords, sqlite_database: str
) -> None:
    key = b"h" * 32
    kept = new("hashed")
    line = with_hashes(dict(kept.line), key)
    records.add([NewRecord(kept.at, line), new("plain"), new("bob", subject=BOB)])
    operator = sign_in(make_bench(database_url=sqlite_database, hash_key=key))
    assert shown(operator, f"/?subject={ADA}") == [2, 1]
    text = operator.get("/decisions/1").text
    assert hashed(ADA, key) in text
    assert ADA not in text


def test_older_decisions_are_a_link_away(operator: Operator, records: SqlRecords) -> None:
    records.add([new(str(number), client="web" if number else "app") for number in range(60)])
    text = operator.get("/?client=web").text
    older = re.search(r'href="([^"]+)" rel="next"', text)
    assert older is not None
    assert len(SHOWN.findall(text)) == 50
    page = operator.get(unescaped(older[1])).text
    assert [int(seq) for seq in SHOWN.findall(page)] == list(range(10, 1, -1))
    assert "data-live" not in page  # what is new belongs on the first page
    assert 'href="/?client=web"' in page


def follow(operator: Operator, text: str) -> tuple[Any, str]:
    """Ask what a page asks by itself; return the answer, and its text."""
    found = AFTER.search(text)
    assert found is not None
    answer = operator.get(unescaped(found[1]), HX_Request="true")
    return answer, answer.text


def test_an_open_page_gets_each_new_decision_once(
    operator: Operator, some: SqlRecords, records: SqlRecords
) -> None:
    page = operator.get("/").text
    assert follow(operator, page)[0].status_code == 204
    records.add([new("a", seconds=600), new("b", seconds=601)])
    answer, text = follow(operator, page)
    assert answer.status_code == 200
    assert [int(seq) for seq in SHOWN.findall(text)] == [6, 5]
    assert '<p id="news" hx-swap-oob="innerHTML">2 new decisions</p>' in text
    assert "<html" not in text
    assert follow(operator, text)[0].status_code == 204


def test_an_open_page_gets_only_what_it_was_filtered_for(
    operator: Operator, some: SqlRecords, records: SqlRecords
) -> None:
    page = operator.get("/?client=mobile").text
    records.add([new("a", client="web")])
    answer, text = follow(operator, page)
    assert (answer.status_code, SHOWN.findall(text)) == (200, [])
    assert "new decision" not in text
    records.add([new("b", client="mobile")])
    assert SHOWN.findall(follow(operator, text)[1]) == ["6"]


@pytest.mark.parametrize(("before", "after"), [(0, 1), (1, 101)])
def test_an_open_page_is_loaded_anew_where_rows_cannot_be_added(
    operator: Operator, records: SqlRecords, before: int, after: int
) -> None:
    """It had no table yet, or more has come than one wants to see come in."""
    records.add([new(str(number)) for number in range(before)])
    page = operator.get("/").text
    records.add([new(str(number)) for number in range(after)])
    answer, _ = follow(operator, page)
    assert answer.headers["HX-Refresh"] == "true"
    assert answer.headers["Cache-Control"] == "no-store"


def test_nothing_decided_yet_says_what_to_do(operator: Operator) -> None:
    text = operator.get("/").text
    assert "webhook-service ory-config kratos" in text
    assert "webhook-service doctor" in text
    assert "data-live" in text


def test_nothing_found_leads_back_to_everything(operator: Operator, some: SqlRecords) -> None:
    text = operator.get("/?client=nobody&since=24h").text
    assert "No such decisions." in text
    assert '<a href="/">Show all</a>' in text
    assert '<a href="/?client=nobody">' in text
    assert "ory-config" not in text


def test_records_that_are_switched_off_are_said_to_be(
    make_bench: BenchMaker, sqlite_database: str
) -> None:
    operator = sign_in(make_bench(database_url=sqlite_database, record_days=0))
    text = operator.get("/").text
    assert "RECORD_DAYS is 0" in text
    assert "ory-config" not in text


@pytest.mark.parametrize("path", ["/", "/decisions/1", "/decisions/rows?after=0&shown=1"])
def test_a_database_that_is_away_is_a_page_that_says_so(
    make_bench: BenchMaker, tmp_path: Any, path: str
) -> None:
    operator = sign_in(make_bench(database_url=f"sqlite:///{tmp_path}/nowhere.db"))
    answer = operator.get(path)
    assert answer.status_code == 503
    assert "The database does not answer" in answer.text
    assert str(tmp_path) not in answer.text


def test_a_decision_is_told_in_full(operator: Operator, records: SqlRecords) -> None:
    records.add([new("refused", seconds=60, rulings=[DENIES], **{**REFUSED, "client": "billing"})])
    text = operator.get("/decisions/1").text
    assert "hydra.token: refused" in text
    assert "Hydra refuses the token" in text
    assert "not in force any more" in text  # the record names no policy
    assert "client.id == &#34;billing&#34;" in text
    assert "2026-11-25 12:01:00" in text


def test_a_decision_of_the_policy_in_force_has_its_message(
    operator: Operator, records: SqlRecords
) -> None:
    digest = operator.bench.app.extensions["policies"].current.digest
    records.add([new("a", policy=digest, facts={}, **{**REFUSED, "client": "billing"})])
    text = operator.get("/decisions/1").text
    assert "Billing is &lt;closed&gt;." in text
    assert "What rules said then" not in text  # it is what they say now


def test_shadow_mode_is_said_where_it_would_look_like_another_decision(
    make_bench: BenchMaker, records: SqlRecords, sqlite_database: str
) -> None:
    records.add([new("a", client="billing")])
    operator = sign_in(make_bench(POLICY, database_url=sqlite_database, mode="shadow"))
    assert "MODE=shadow" in operator.get("/decisions/1").text


@pytest.mark.parametrize("seq", ["7", "0", "99999999999999999999999"])
def test_a_decision_that_is_not_there_is_said_not_to_be(operator: Operator, seq: str) -> None:
    answer = operator.get(f"/decisions/{seq}")
    assert answer.status_code == 404
    assert "kept for 14 days" in answer.text


HOSTILE = "<script>alert(1)</script>\u202e\"'" + "x" * 3000
HOSTILE_FIELDS = {
    **dict.fromkeys(("subject", "client", "rule", "session", "reason"), HOSTILE),
    "notes": [HOSTILE],
    "unknown": {HOSTILE: HOSTILE},
    "upstream": [{"call": HOSTILE, "outcome": HOSTILE, "ms": 1}],
    "rules": [{"rule": HOSTILE, "outcome": HOSTILE, "verdict": HOSTILE, "reason": HOSTILE}],
    "effects": {
        "extend_session": {"result": HOSTILE, "reason": HOSTILE},
        "kept": [{"kind": HOSTILE, "rule": HOSTILE, "cause": HOSTILE, "result": HOSTILE}],
    },
    "policy": HOSTILE,
    "trace_id": HOSTILE,
}


@pytest.mark.parametrize("path", ["/", "/decisions/1", "/decisions/rows?after=0&shown=1"])
def test_what_a_record_holds_runs_nowhere_and_turns_no_line(
    operator: Operator, records: SqlRecords, path: str
) -> None:
    """A client's id is what somebody chose: so is a rule's name, and a log may be forged."""
    records.add([new(HOSTILE, **HOSTILE_FIELDS)])
    answer = operator.get(path)
    assert answer.status_code == 200
    assert "&lt;script&gt;" in answer.text
    assert "<script>alert" not in answer.text
    assert "\u202e" not in answer.text
    assert not re.search(r'="[^"]*"\'x', answer.text)


def test_what_is_typed_into_a_filter_runs_nowhere(operator: Operator, some: SqlRecords) -> None:
    text = operator.get('/?client="><script>alert(1)</script>&verdict="><script>').text
    assert "<script>alert" not in text
    assert '"><script>' not in text
