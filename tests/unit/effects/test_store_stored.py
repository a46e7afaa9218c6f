"""What an effect needs to know, as text and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook_service.effects.effect import (
    Args,
    Cause,
    EndSession,
    EndSessions,
    ExtendSession,
    Kind,
    RevokeTokens,
    Unreadable,
)
from webhook_service.effects.store.stored import args_of, micros, moment, text_of

AT = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
WRITTEN = '"2026-11-25T09:30:00Z"'

texts = st.text(st.characters(exclude_categories=["Cs"]))
times = st.datetimes(timezones=st.just(UTC))
facts = st.dictionaries(
    texts, st.none() | st.booleans() | st.integers() | texts | st.lists(texts, max_size=3)
)
some_args = st.one_of(
    st.tuples(
        st.just(Kind.EXTEND_SESSION),
        st.builds(ExtendSession, texts, st.none() | texts, st.none() | times, facts),
    ),
    st.tuples(
        st.just(Kind.END_SESSION),
        st.builds(
            EndSession,
            *(texts, st.none() | texts, st.none() | times, st.sampled_from(Cause)),
            *(texts, times, times),
        ),
    ),
    st.tuples(
        st.sampled_from([Kind.END_OTHER_SESSIONS, Kind.END_ALL_SESSIONS]),
        st.builds(EndSessions, texts, st.none() | texts, times, st.booleans()),
    ),
    st.tuples(
        st.just(Kind.REVOKE_TOKENS), st.builds(RevokeTokens, texts, st.none() | texts, times)
    ),
)


@given(some_args)
def test_args_come_back_as_they_were_written(kind_and_args: tuple[Kind, Args]) -> None:
    kind, args = kind_and_args
    assert args_of(kind, text_of(args), "somebody") == args


@given(times)
def test_a_time_comes_back_to_the_microsecond(at: datetime) -> None:
    assert moment(micros(at)) == at


@pytest.mark.parametrize(
    ("kind", "args"),
    [
        (Kind.EXTEND_SESSION, ExtendSession("x", None, AT, {})),
        (Kind.END_SESSION, EndSession("x", "y", None, Cause.MAX_AGE, "z", AT, AT)),
        (Kind.END_ALL_SESSIONS, EndSessions("x", None, AT)),
        (Kind.REVOKE_TOKENS, RevokeTokens("x", None, AT)),
    ],
)
def test_what_a_later_version_adds_is_passed_over(kind: Kind, args: Args) -> None:
    written = json.dumps({**json.loads(text_of(args)), "colour": "blue"})
    assert args_of(kind, written, "x") == args


def test_what_an_earlier_version_did_not_write_has_its_default() -> None:
    written = f'{{"subject": "x", "spared_id": "y", "before": {WRITTEN}}}'
    assert args_of(Kind.END_OTHER_SESSIONS, written, "x") == EndSessions("x", "y", AT)


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": None},
        {"subject": 7},
        {"session_id": 7},
        {"cause": "boredom"},
        {"cause": None},
        {"rule": ["a rule"]},
        {"at": "tomorrow"},
        {"at": 1764063000},
        {"at": None},
        {"at": "2026-11-25T09:30:00"},
    ],
)
def test_args_of_another_shape_are_not_guessed(changed: dict[str, Any]) -> None:
    args = EndSession("x", "y", None, Cause.MAX_AGE, "z", AT, AT)
    written = json.dumps({**json.loads(text_of(args)), **changed})
    assert args_of(Kind.END_SESSION, written, "somebody") == Unreadable("somebody")


@pytest.mark.parametrize("missing", ["subject", "session_id", "cause", "at"])
def test_args_that_lack_something_are_not_guessed(missing: str) -> None:
    written = json.loads(text_of(EndSession("x", "y", None, Cause.MAX_AGE, "z", AT, AT)))
    del written[missing]
    assert args_of(Kind.END_SESSION, json.dumps(written), "x") == Unreadable("x")


@pytest.mark.parametrize("record", [None, [], "text"])
def test_a_record_is_a_mapping(record: object) -> None:
    written = json.dumps({"subject": "x", "session_id": None, "auth_time": None, "record": record})
    assert args_of(Kind.EXTEND_SESSION, written, "x") == Unreadable("x")


def test_times_are_written_in_utc() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=2)))
    written = text_of(RevokeTokens("x", None, elsewhere))
    assert WRITTEN in written
    assert args_of(Kind.REVOKE_TOKENS, written, "x") == RevokeTokens("x", None, AT)


def test_a_record_can_be_any_mapping() -> None:
    record = MappingProxyType({"facts": MappingProxyType({"session.aal": "aal2"})})
    read = args_of(Kind.EXTEND_SESSION, text_of(ExtendSession("x", None, None, record)), "x")
    assert read == ExtendSession("x", None, None, {"facts": {"session.aal": "aal2"}})


def test_what_json_cannot_hold_is_a_mistake_of_whoever_made_it() -> None:
    with pytest.raises(TypeError, match="bytes is not kept in args"):
        text_of(ExtendSession("x", None, None, {"facts": b"\0"}))


def test_what_could_not_be_read_can_be_shown() -> None:
    assert text_of(Unreadable("x")) == '{"subject":"x"}'
