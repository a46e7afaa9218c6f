"""Effects as rows, and what each kind needs to know as JSON text.

A reader takes what it knows and leaves the rest: a later version may have written more. What
it misses, or finds of another shape than it knows, it does not guess.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from webhook_service.effects.effect import (
    Args,
    Cause,
    Effect,
    EndSession,
    EndSessions,
    ExtendSession,
    Kind,
    NewEffect,
    RevokeTokens,
    State,
    Unreadable,
)

UNREADABLE: Final = "effect.unreadable"
"""Why an effect failed whose args cannot be read."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return a time as the table holds it."""
    return (moment - _EPOCH) // _MICROSECOND


def micros_long(length: timedelta) -> int:
    """Return how long something takes, in the table's measure."""
    return length // _MICROSECOND


def moment(count: int) -> datetime:
    """Return a time that the table holds."""
    return _EPOCH + timedelta(microseconds=count)


def maybe_moment(count: int | None) -> datetime | None:
    """Return a time that the table may hold."""
    return None if count is None else moment(count)


def row_of(new: NewEffect) -> dict[str, Any]:
    """Return the columns of a new effect, but those that are the same for all."""
    return {
        "key": new.key,
        "kind": new.kind.value,
        "lane": new.lane,
        "subject": new.args.subject,
        "args": text_of(new.args),
        "due": micros(new.due),
        "counts_from": None if new.counts_from is None else micros(new.counts_from),
        "deadline": micros(new.deadline),
        "trace": new.trace,
    }


def effect_of(row: Any) -> Effect:  # noqa: ANN401  a row names its columns only when it is there
    """Return the effect of a whole row of the table."""
    kind = Kind(row.kind)
    return Effect(
        seq=row.seq,
        key=row.key,
        kind=kind,
        lane=row.lane,
        args=args_of(kind, row.args, row.subject),
        state=State(row.state),
        due=moment(row.due),
        counts_from=maybe_moment(row.counts_from),
        deadline=moment(row.deadline),
        attempts=row.attempts,
        created=moment(row.created),
        token=row.token,
        reason=row.reason,
        ended=maybe_moment(row.ended),
        owner=row.owner,
        trace=row.trace,
    )


def text_of(args: Args) -> str:
    """Write args as JSON: times in RFC 3339, to the microsecond."""
    named = {field.name: getattr(args, field.name) for field in fields(args)}
    return json.dumps(named, default=_plain, separators=(",", ":"))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not kept in args")


def args_of(kind: Kind, text: str, subject: str) -> Args:
    """Read args of a kind back; ``subject`` stands for those that cannot be read."""
    make, readers, optional = _SHAPES[kind]
    try:
        found = json.loads(text)
        told = {
            name: read(found[name])
            for name, read in readers.items()
            if name in found or name not in optional
        }
    except (ValueError, TypeError, KeyError, RecursionError):
        return Unreadable(subject)
    return make(**told)


_Reader: TypeAlias = Callable[[Any], Any]
"""Makes a value of what JSON holds; raises ``TypeError`` or ``ValueError`` where it cannot."""


def _typed(kind: type) -> _Reader:
    def read(value: object) -> object:
        if not isinstance(value, kind):
            raise TypeError
        return value

    return read


def _or_none(read: _Reader) -> _Reader:
    return lambda value: None if value is None else read(value)


def _time(value: str) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError
    return found.astimezone(UTC)


_text: Final = _typed(str)
_flag: Final = _typed(bool)
_facts: Final = _typed(dict)

_Shape: TypeAlias = tuple[Callable[..., Args], Mapping[str, _Reader], frozenset[str]]
"""What makes args, how each of them is read, and which ones an earlier version did not write."""

_END_SESSIONS: Final[_Shape] = (
    EndSessions,
    {
        "subject": _text,
        "spared_id": _or_none(_text),
        "before": _time,
        "spares_recovery": _flag,
    },
    frozenset({"spares_recovery"}),
)
_SHAPES: Final[Mapping[Kind, _Shape]] = {
    Kind.EXTEND_SESSION: (
        ExtendSession,
        {
            "subject": _text,
            "session_id": _or_none(_text),
            "auth_time": _or_none(_time),
            "record": _facts,
        },
        frozenset(),
    ),
    Kind.END_SESSION: (
        EndSession,
        {
            "subject": _text,
            "session_id": _or_none(_text),
            "signed_in_at": _or_none(_time),
            "cause": Cause,
            "rule": _text,
            "at": _time,
            "event_at": _time,
        },
        frozenset(),
    ),
    Kind.END_OTHER_SESSIONS: _END_SESSIONS,
    Kind.END_ALL_SESSIONS: _END_SESSIONS,
    Kind.REVOKE_TOKENS: (
        RevokeTokens,
        {"subject": _text, "client_id": _or_none(_text), "before": _time},
        frozenset(),
    ),
}
