"""How Ory's JSON is read: times and flags, strictly; unknown fields, not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from webhook_service.wire import Flag, Time, WireSchema, parse_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T15:07:56Z", datetime(2026, 11, 24, 15, 7, 56, tzinfo=UTC)),
        ("2026-11-24T15:07:56.1Z", datetime(2026, 11, 24, 15, 7, 56, 100_000, tzinfo=UTC)),
        (
            "2026-11-24T15:07:56.182868999Z",
            datetime(2026, 11, 24, 15, 7, 56, 182_868, tzinfo=UTC),
        ),
        ("2026-11-24T23:30:00+01:00", datetime(2026, 11, 24, 22, 30, tzinfo=UTC)),
        ("2026-11-24T23:30:00-01:00", datetime(2026, 11, 25, 0, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+01:00", None),
    ],
)
def test_a_time_is_read_in_utc_and_cut_to_microseconds(
    text: str, expected: datetime | None
) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-24",
        "2026-W48-2T15:07:56Z",
        "20261124T150756Z",
        "2026-11-24 15:07:56Z",
        "2026-11-24T15:07:56",
        "2026-11-24T15:07Z",
        "2026-11-24T24:07:56Z",
        "2026-02-30T15:07:56Z",
        "2026-11-24T15:07:56+25:00",
        "9999-12-31T23:59:59-01:00",
        "\uff12026-11-24T15:07:56Z",
        "2026-11-24T15:07:56Z\n",
        1795562722,
        None,
    ],
)
def test_what_is_no_rfc_3339_time_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="not a"):
        parse_time(text)


@given(
    st.datetimes(min_value=datetime(2, 1, 2), max_value=datetime(9999, 12, 30)),  # noqa: DTZ001  the zone is drawn next
    st.integers(-23 * 60, 23 * 60),
    st.text("0123456789", max_size=3),
)
def test_every_time_that_go_writes_is_read_back(
    naive: datetime, offset: int, nanoseconds: str
) -> None:
    time = naive.replace(tzinfo=timezone(timedelta(minutes=offset)))
    text = time.isoformat(timespec="microseconds")
    at = text.index(".") + 7
    assert parse_time(text[:at] + nanoseconds + text[at:]) == time


class Probe(WireSchema):
    at = Time(allow_none=True)
    on = Flag()


@pytest.mark.parametrize("value", ["yes", "true", 1, 0, "on", None, [], {}])
def test_only_true_and_false_are_flags(value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Probe().load({"on": value})
    assert list(caught.value.messages_dict) == ["on"]


def test_what_ory_adds_is_passed_over() -> None:
    assert Probe().load({"on": True, "at": None, "added_later": 1}) == {"on": True, "at": None}


def test_a_message_does_not_repeat_the_value() -> None:
    with pytest.raises(ValidationError) as caught:
        Probe().load({"on": "ada@example.org", "at": "grace@example.org"})
    assert "example" not in str(caught.value)
