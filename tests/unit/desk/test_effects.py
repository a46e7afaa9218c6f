"""What an operator is told of effects, from either database."""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from databases.shelf import HOUR, Shelf

from webhook_service.desk.effect_detail import About, Row, detail
from webhook_service.desk.effect_words import CAUSES, KINDS, STATES, meaning
from webhook_service.desk.effects import (
    Action,
    Counting,
    asked,
    can,
    change,
    event_key_of,
    listed,
    why_not,
)
from webhook_service.effects import catalogue, judging, worker
from webhook_service.effects.catalogue.tokens import SOME_UNKNOWN
from webhook_service.effects.effect import (
    Cause,
    Effect,
    EndSession,
    EndSessions,
    ExtendSession,
    Failed,
    Kind,
    Retry,
    RevokeTokens,
    State,
)
from webhook_service.effects.extend_session import Result
from webhook_service.ory.errors import UpstreamReason

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
EVENT = "0123456789abcdef" * 2

MODULES = [
    judging,
    worker,
    catalogue,
    *(
        import_module(f"{catalogue.__name__}.{each.name}")
        for each in pkgutil.iter_modules(catalogue.__path__)
    ),
]
REASONS = {
    value
    for module in MODULES
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, str)
} - {SOME_UNKNOWN}


@pytest.mark.parametrize("reason", sorted(REASONS | {*UpstreamReason} | {*Result} - {"deferred"}))
def test_every_reason_of_an_effect_means_something(reason: str) -> None:
    """Those of the catalogue are found by themselves: a new one needs its words."""
    assert meaning(reason).endswith(".")


def test_what_was_done_is_told_part_by_part() -> None:
    text = meaning("ended_before; tokens by chain, some unknown")
    assert text.count(".") == 3
    assert text.startswith("It had ended before. Its tokens were revoked one sign-in at a time.")
    assert meaning("revoked; newer ones too").count(".") == 2


def test_a_reason_of_another_version_is_left_without_words() -> None:
    assert meaning("some.day") == ""


def test_every_kind_state_and_cause_means_something() -> None:
    assert set(KINDS) == set(Kind)
    assert set(STATES) == set(State)
    assert set(CAUSES) == set(Cause)


@pytest.fixture
def some(shelf: Shelf) -> Shelf:
    """Effects in several states."""
    shelf.accept("a", "b", "c", "d")
    claimed = {effect.key: effect for effect in shelf.turn(room=3).claimed}
    shelf.finish(claimed["a"])
    shelf.finish(claimed["b"], Failed("upstream.busy"))
    shelf.accept("later", due_in=HOUR)
    return shelf


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["later", "d", "c", "b", "a"]),
        ({"state": "failed"}, ["b"]),
        ({"state": "running", "kind": "end_all_sessions"}, ["c"]),
        ({"kind": "revoke_tokens"}, []),
        ({"subject": " d "}, ["d"]),
        ({"state": "", "kind": "", "subject": ""}, ["later", "d", "c", "b", "a"]),
    ],
)
def test_effects_are_found_by_what_is_asked_for(
    some: Shelf, query: dict[str, str], found: list[str]
) -> None:
    page = listed(some.store, asked(query), Counting())
    assert [effect.key for effect in page.effects] == found
    assert page.older is None


def test_how_many_there_are_is_told_whatever_is_asked_for(some: Shelf) -> None:
    page = listed(some.store, asked({"state": "done"}), Counting())
    assert list(page.totals.items()) == [
        (State.PENDING, 2),
        (State.RUNNING, 1),
        (State.DONE, 1),
        (State.FAILED, 1),
        (State.CANCELLED, 0),
    ]
    assert page.oldest_due is not None


def test_counting_that_takes_long_is_not_done_each_time(some: Shelf) -> None:
    """A page that is open asks every two seconds."""
    clock = iter([0.0, 1.0, 2.0, 20.9, 21.1, 21.1, 21.1, 21.1])
    counting = Counting(lambda: next(clock))
    first = counting.counts(some.store)
    some.accept("one more")
    assert counting.counts(some.store) == counting.counts(some.store) == first
    assert counting.counts(some.store) != first  # 20 s after it was done
    some.accept("and another")
    assert sum(counting.counts(some.store).by_state.values()) == 7  # it took no time


def test_a_long_list_goes_on_at_the_next_page(some: Shelf) -> None:
    first = listed(some.store, asked({}), Counting(), limit=3)
    second = listed(some.store, asked({"before": str(first.older)}), Counting(), limit=3)
    assert [effect.key for effect in first.effects + second.effects] == [
        "later",
        "d",
        "c",
        "b",
        "a",
    ]
    assert second.older is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"state": "over"}, "state"),
        ({"kind": "Revoke"}, "kind"),
        ({"subject": "x" * 201}, "subject"),
        ({"subject": "x\0y"}, "subject"),
    ],
)
def test_what_cannot_be_read_is_said_and_not_asked_for(query: dict[str, str], field: str) -> None:
    which = asked(query)
    assert set(which.wrong) == {field}
    assert not which.is_filtered


@pytest.mark.parametrize("before", ["x", "-1", "²", ""])
def test_a_place_that_is_none_is_the_beginning(before: str) -> None:
    assert asked({"before": before}).before is None


def test_the_query_of_a_page_is_what_was_asked_for() -> None:
    which = asked({"state": "failed", "subject": "x", "before": "7", "evil": "y"})
    assert which.fields() == {"state": "failed", "subject": "x"}
    assert which.fields(before="3", state=None) == {"subject": "x", "before": "3"}


@pytest.mark.parametrize("key", ["a", "b", "c", "later"])
def test_what_is_offered_is_what_the_store_does(some: Shelf, key: str) -> None:
    for action in Action:
        effect = some.find(key)
        assert change(some.store, action, effect.seq) is can(action, effect)


def test_why_an_effect_stays_as_it_is_is_told(some: Shelf) -> None:
    assert why_not(None, some.now()) == "there is no such effect"
    assert why_not(some.find("a"), some.now()).startswith("unchanged, for it is done: ")


def told(effect: Effect) -> dict[str, Row]:
    """Return every row about an effect, by its name."""
    found = detail(effect)
    return {row.name: row for rows in (found.does, found.tries, found.origin) for row in rows}


def effect_of(shelf: Shelf, kind: Kind, args: object, key: str = "key") -> Effect:
    shelf.accept(key, kind=kind, args=args)
    return shelf.find(key)


def test_the_end_of_a_session_names_its_rule_and_its_cause(shelf: Shelf) -> None:
    args = EndSession("ada", None, NOW, Cause.STEP_UP_WITHIN, "staff", NOW, NOW)
    rows = told(effect_of(shelf, Kind.END_SESSION, args))
    assert rows["rule"] == Row("rule", "staff", about=About.RULE)
    assert rows["cause"].means == CAUSES[Cause.STEP_UP_WITHIN]
    assert rows["session"].value == "not known yet"
    assert rows["signed in at"].value == rows["ends at"].value == NOW


def test_the_event_of_an_effect_is_named_where_it_has_one(shelf: Shelf) -> None:
    revoke = effect_of(
        shelf, Kind.REVOKE_TOKENS, RevokeTokens("ada", "web", NOW), f"{EVENT}:revoke_tokens:ada"
    )
    assert told(revoke)["event key"] == Row("event key", EVENT, about=About.KEY)
    assert told(revoke)["client"].about is About.CLIENT
    cap = EndSession("ada", "s", None, Cause.MAX_AGE, "x:end_session:y", NOW, NOW)
    end = effect_of(shelf, Kind.END_SESSION, cap, "end_session:s:max_age:x:end_session:y")
    assert event_key_of(end) is None
    assert "event key" not in told(end)


def test_the_trace_that_an_effect_comes_from_is_named_where_there_is_one(shelf: Shelf) -> None:
    effect = effect_of(shelf, Kind.REVOKE_TOKENS, RevokeTokens("ada", "web", NOW))
    assert "trace" not in told(effect)
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    traced = replace(effect, trace=f"00-{trace}-00f067aa0ba902b7-01")
    assert told(traced)["trace"].value == trace


def test_every_kind_is_told(shelf: Shelf) -> None:
    spared = EndSessions("ada", "s", NOW, spares_recovery=True)
    rows = told(effect_of(shelf, Kind.END_OTHER_SESSIONS, spared))
    assert {"spared session", "also spared", "authenticated before"} <= set(rows)
    record = {"facts": {"session.aal": "aal1"}}
    extension = effect_of(
        shelf,
        Kind.EXTEND_SESSION,
        ExtendSession("ada", "s", NOW, record),
        f"{EVENT}:extend_session:s",
    )
    rows = told(extension)
    assert rows["session"].value == "s"
    assert "aal1" not in str(rows)
    everyone = told(effect_of(shelf, Kind.REVOKE_TOKENS, RevokeTokens("ada", None, NOW), "k"))
    assert everyone["client"].value == "every one"


def test_what_became_of_the_tries_is_told_and_what_is_next(shelf: Shelf) -> None:
    shelf.accept("a")
    assert "first try" in told(shelf.find("a"))
    held = shelf.claim_one()
    running = told(shelf.find("a"))
    assert running["held by"].value == "a worker"
    assert str(held.token) not in str(running)
    shelf.finish(held, Retry("upstream.timeout"), timedelta(hours=1))
    waiting = told(shelf.find("a"))
    assert waiting["why the last one did not end it"].means == meaning("upstream.timeout")
    assert {"next try", "given up after"} <= set(waiting)
    shelf.pass_time(HOUR)
    shelf.finish(shelf.claim_one(), Failed("upstream.busy"))
    over = told(shelf.find("a"))
    assert over["how it ended"].value == "upstream.busy"
    assert over["tries that ended"].value == "2"
    assert "given up after" not in over
