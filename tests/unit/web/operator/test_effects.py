"""The list of effects, each of them, and what an operator does about one, on the real store."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from databases.shelf import HOUR, Shelf
from unit.operator_desk import Operator, sign_in
from unit.workbench import BenchMaker, Clock

from webhook_service.effects.effect import Cause, EndSession, EndSessions, Failed, Kind, State
from webhook_service.effects.store.database import open_engine

HOSTILE = "<script>alert(1)</script>\u202e\"'"
SHOWN = re.compile(r'id="effect-(\d+)"')


@pytest.fixture
def shelf(sqlite_database: str) -> Iterator[Shelf]:
    engine = open_engine(sqlite_database)
    yield Shelf(engine, Clock().now)
    engine.dispose()


@pytest.fixture
def operator(make_bench: BenchMaker, shelf: Shelf) -> Operator:
    """An operator who is signed in, at a service that keeps its effects on the shelf."""
    bench = make_bench()
    bench.effects.store = shelf.store
    return sign_in(bench)


@pytest.fixture
def some(shelf: Shelf) -> Shelf:
    """Effects 1 to 4: done, failed, running, and one that is due in an hour."""
    shelf.accept("done", "failed", "running")
    claimed = {effect.key: effect for effect in shelf.turn(owner="web-1:4711").claimed}
    shelf.finish(claimed["done"])
    shelf.finish(claimed["failed"], Failed("upstream.busy"))
    shelf.accept("waiting", due_in=HOUR)
    return shelf


def shown(operator: Operator, path: str) -> list[int]:
    """Return the numbers of the effects on a page."""
    return [int(seq) for seq in SHOWN.findall(operator.get(path).text)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [4, 3, 2, 1]),
        ("?state=failed", [2]),
        ("?state=pending&kind=end_all_sessions", [4]),
        ("?kind=revoke_tokens", []),
        ("?subject=running", [3]),
        ("?state=&kind=&subject=", [4, 3, 2, 1]),
        ("?before=3", [2, 1]),
    ],
)
def test_effects_are_found_by_what_is_asked_for(
    operator: Operator, some: Shelf, query: str, found: list[int]
) -> None:
    assert shown(operator, f"/effects{query}") == found


def test_a_list_says_how_many_there_are_and_leads_to_them(operator: Operator, some: Shelf) -> None:
    some.accept("late", due_in=-HOUR)
    text = operator.get("/effects").text
    assert re.search(r'href="/effects\?state=failed">.*failed</span> 1</a>', text)
    assert re.search(r'href="/effects\?state=pending">.*pending</span> 2</a>', text)
    assert "has waited for <strong>1h</strong>" in text


def test_an_open_list_asks_again_and_an_older_page_does_not(
    operator: Operator, some: Shelf
) -> None:
    assert 'data-live hx-get="/effects?state=failed"' in operator.get("/effects?state=failed").text
    assert "hx-get" not in operator.get("/effects?before=3").text


def test_a_list_that_is_cut_leads_on(operator: Operator, shelf: Shelf) -> None:
    shelf.store.accept([shelf.new(f"{number}") for number in range(103)])
    text = operator.get("/effects?state=pending").text
    assert len(SHOWN.findall(text)) == 100
    link = re.search(r'href="([^"]+)" rel="next"', text)
    assert link is not None
    older = operator.get(link[1].replace("&amp;", "&")).text
    assert len(SHOWN.findall(older)) == 3
    assert 'href="/effects?state=pending">Newest' in older


def test_an_empty_list_says_whether_there_is_anything(operator: Operator, shelf: Shelf) -> None:
    assert "No effects yet." in operator.get("/effects").text
    shelf.accept("a")
    assert "No such effects." in operator.get("/effects?state=failed").text


def test_what_was_typed_wrong_is_said_beside_the_field(operator: Operator, some: Shelf) -> None:
    text = operator.get("/effects?state=over&subject=done").text
    assert re.search(r'name="state" aria-invalid="true" aria-describedby="state-wrong"', text)
    assert "is one of pending, running, done, failed, cancelled" in text
    assert SHOWN.findall(text) == ["1"]


def test_an_effect_is_told_in_full(operator: Operator, shelf: Shelf) -> None:
    at = shelf.now() + HOUR
    args = EndSession("ada", "s-1", None, Cause.MAX_AGE, "every morning", at, shelf.now())
    shelf.accept("a key", kind=Kind.END_SESSION, args=args, due_in=HOUR)
    text = operator.get("/effects/1").text
    for word in ("due in 1h", "s-1", "2026-11-25 13:00:00", "a key", "endings:a key"):
        assert word in text
    assert 'href="/?rule=every+morning"' in text or 'href="/?rule=every%20morning"' in text
    assert 'href="/?subject=ada"' in text
    assert 'href="/effects?subject=ada"' in text


def test_the_proof_of_who_holds_an_effect_is_shown_to_nobody(
    operator: Operator, some: Shelf
) -> None:
    token = some.find("running").token
    assert token is not None
    text = operator.get("/effects/3").text
    assert "web-1:4711" in text
    assert token not in text + operator.get("/effects").text


def test_a_failed_effect_is_retried_and_the_log_says_by_what(
    operator: Operator, some: Shelf
) -> None:
    answer = operator.post("/effects/2/retry")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/effects/2?done=retry")
    assert some.state("failed") is State.PENDING
    assert "Effect 2 is due now." in operator.get("/effects/2?done=retry").text
    line = operator.bench.lines()[-1]
    assert line["message"] == "an effect is retried"
    assert line["seq"] == 2
    assert line["by"] == "the operator's page"


@pytest.mark.parametrize(
    ("seq", "said"),
    [
        (1, "Effect 1 is unchanged, for it is done: 0s ago."),
        (3, "Effect 3 is unchanged, for it is running: held for 30s at most."),
    ],
)
def test_what_is_done_or_held_is_not_retried_and_the_page_says_why(
    operator: Operator, some: Shelf, seq: int, said: str
) -> None:
    before = some.store.show(seq)
    answer = operator.post(f"/effects/{seq}/retry")
    assert answer.headers["Location"] == f"/effects/{seq}?left=retry"
    text = operator.get(answer.headers["Location"]).text
    assert said in text
    assert f'action="/effects/{seq}/retry"' not in text
    assert some.store.show(seq) == before
    assert "retried" not in str(operator.bench.lines())


def test_an_effect_is_cancelled_after_a_second_look(operator: Operator, some: Shelf) -> None:
    page = operator.get("/effects/4/cancel").text
    assert "A session that it was to end lives on" in page
    assert some.state("waiting") is State.PENDING
    answer = operator.post("/effects/4/cancel")
    assert some.state("waiting") is State.CANCELLED
    assert "Effect 4 is cancelled." in operator.get(answer.headers["Location"]).text
    assert operator.bench.lines()[-1]["message"] == "an effect is cancelled"


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_what_has_ended_or_is_held_cannot_be_cancelled(
    operator: Operator, some: Shelf, seq: int
) -> None:
    before = some.store.show(seq)
    left = f"/effects/{seq}?left=cancel"
    assert operator.get(f"/effects/{seq}/cancel").headers["Location"] == left
    assert operator.post(f"/effects/{seq}/cancel").headers["Location"] == left
    assert "unchanged, for it is" in operator.get(left).text
    assert some.store.show(seq) == before


@pytest.mark.parametrize("action", ["retry", "cancel"])
def test_nothing_is_changed_without_the_token_of_the_form(
    operator: Operator, some: Shelf, action: str
) -> None:
    before = some.store.list()
    assert operator.send(f"/effects/4/{action}", {"x": "y"}).status_code == 403
    assert operator.send(f"/effects/4/{action}", {"token": "x" * 43}).status_code == 403
    assert operator.get(f"/effects/2/{action}").status_code in {303, 405}
    assert some.store.list() == before


@pytest.mark.parametrize("seq", ["7", "0", "99999999999999999999999"])
def test_an_effect_that_is_not_there_is_said_not_to_be(
    operator: Operator, some: Shelf, seq: str
) -> None:
    for answer in (
        operator.get(f"/effects/{seq}"),
        operator.get(f"/effects/{seq}/cancel"),
        operator.post(f"/effects/{seq}/retry"),
        operator.post(f"/effects/{seq}/cancel"),
    ):
        assert answer.status_code == 404
        assert "kept for a day" in answer.text


def test_an_address_puts_no_words_on_the_page(operator: Operator, some: Shelf) -> None:
    text = operator.get("/effects/1?done=Send+money&left=now&said=hello").text
    assert "money" not in text
    assert 'class="notice' not in text


@pytest.mark.parametrize("path", ["/effects", "/effects/1", "/effects/1/cancel"])
def test_a_database_that_is_away_is_a_page_that_says_so(operator: Operator, path: str) -> None:
    operator.bench.effects.away = True
    answer = operator.get(path)
    assert answer.status_code == 503
    assert "The database does not answer" in answer.text


@pytest.mark.parametrize("path", ["/effects", "/effects/1", "/effects/1/cancel"])
def test_what_an_effect_holds_runs_nowhere(operator: Operator, shelf: Shelf, path: str) -> None:
    """A rule's name is what somebody wrote."""
    args = EndSession(HOSTILE, HOSTILE, None, Cause.MAX_AGE, HOSTILE, shelf.now(), shelf.now())
    shelf.accept(HOSTILE, kind=Kind.END_SESSION, args=args)
    text = operator.get(path).text
    assert "&lt;script&gt;" in text
    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert not re.search(r'="[^"]*"\'', text)


def test_what_is_typed_into_a_filter_runs_nowhere(operator: Operator, shelf: Shelf) -> None:
    shelf.accept("a", args=EndSessions("a", None, shelf.now()))
    text = operator.get('/effects?subject="><script>alert(1)</script>&state="><script>').text
    assert "<script>alert" not in text
    assert '"><script>' not in text
