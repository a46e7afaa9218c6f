"""Decisions as an operator sees them: one line each, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from webhook_service.desk.decision_filters import Asked, place_of
from webhook_service.desk.words import all_printable, counted, printable
from webhook_service.records.keeping import EVERYTHING, Records, Stored

AT_ONCE: Final = 50
"""How many decisions a page lists."""

MOST_SHOWN: Final = 200
"""How many a page that is left open keeps."""

AT_MOST_NEW: Final = 100
"""How many are added to an open page at once; where there are more, it is loaded anew."""


class Link(NamedTuple):
    """A text, and the page that it leads to."""

    text: str
    path: str


class Hint(NamedTuple):
    """Something beside a verdict.

    ``kind`` is ``effect``, ``note``, ``unknown``, ``shadow`` or ``left_out``.
    """

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One decision in a list. ``by``, ``subject`` and ``client`` lead to more of the same."""

    seq: int
    at: datetime
    event: str
    verdict: str
    reason: str | None
    by: Link | None
    subject: Link | None
    client: Link | None
    status: int
    ms: str
    hints: tuple[Hint, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    Attributes:
        rows: what is on it.
        older: the page that goes on; ``None`` where there is nothing older.
        last: the number of the newest record when this was read: what comes after it is new.
        is_empty: whether there are no decisions at all.
    """

    rows: tuple[Row, ...]
    older: str | None
    last: int
    is_empty: bool


@dataclass(frozen=True, slots=True)
class News:
    """What has come since a page was read: ``None`` in place of rows where that is too much."""

    rows: tuple[Row, ...] | None
    last: int

    @property
    def words(self) -> str:
        """Say how many there are."""
        return counted(len(self.rows or ()), "new decision")


def page(
    records: Records, which: Asked, now: datetime, hash_key: bytes | None, limit: int = AT_ONCE
) -> Page:
    """Read a page.

    Raises:
        StoreUnavailableError: the store does not tell.
    """
    last = records.last()  # first: what is kept meanwhile is shown twice rather than never
    wanted = which.wanted(now, hash_key)
    found = records.newest(wanted, limit=limit + 1, before=which.before)
    shown = found[:limit]
    older = which.path(before=place_of(shown[-1])) if len(found) > limit else None
    seen = max([last, *(one.seq for one in shown)]) if which.before is None else last
    nothing = not found and wanted == EVERYTHING and which.before is None
    return Page(tuple(row(one, which) for one in shown), older, seen, nothing)


def news(records: Records, which: Asked, after: int, now: datetime, hash_key: bytes | None) -> News:
    """Read what was kept since the record with the number ``after``.

    Raises:
        StoreUnavailableError: the store does not tell.
    """
    last = records.last()
    if last <= after:
        # Less, where the database is another one: then the page goes on from its beginning.
        return News((), last)
    wanted = which.wanted(now, hash_key)
    found = records.following(wanted, after=after, limit=AT_MOST_NEW + 1)
    if len(found) > AT_MOST_NEW:
        return News(None, last)
    newest_first = sorted(found, key=lambda one: (one.at, one.seq), reverse=True)
    seen = max([last, *(one.seq for one in found)])
    return News(tuple(row(one, which) for one in newest_first), seen)


def row(one: Stored, which: Asked) -> Row:
    """Lay a record out as one line."""
    line = all_printable(one.line)
    return Row(
        one.seq,
        one.at,
        str(line.get("event")),
        str(line.get("verdict")),
        line.get("reason"),
        _link(one.line, "rule", which),
        _link(one.line, "subject", which),
        _link(one.line, "client", which),
        int(line.get("status") or 0),
        milliseconds(line.get("ms")),
        tuple(_hints(line)),
    )


def milliseconds(value: object) -> str:
    """Write a duration in milliseconds with one digit after the point."""
    return f"{value:,.1f}" if isinstance(value, int | float) else ""


def _link(line: Mapping[str, Any], name: str, which: Asked) -> Link | None:
    value = line.get(name)
    if value is None:
        return None
    return Link(printable(str(value)), which.path(**{name: str(value)}))


def _hints(line: Mapping[str, Any]) -> Iterator[Hint]:
    for ruling in refusing(line.get("shadow")):
        yield Hint("shadow", f'would: {ruling["verdict"]} by "{ruling["rule"]}"')
    for source, why in (line.get("unknown") or {}).items():
        yield Hint("unknown", f"{source} unknown: {why}")
    for words in effects(line):
        yield Hint("effect", words)
    for note in line.get("notes") or ():
        yield Hint("note", str(note))
    if left_out := line.get("left_out"):
        yield Hint("left_out", f"{left_out:,} like it not kept")


def refusing(rulings: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401  a list out of a record
    """Yield those of a record's rulings that asked for more than to allow."""
    return (ruling for ruling in rulings or () if ruling.get("reason"))


def effects(line: Mapping[str, Any]) -> Iterator[str]:
    """Name what was done to the session, and what is to be done."""
    found = line.get("effects") or {}
    if (extension := found.get("extend_session")) is not None:
        yield f"extension: {extension['result']}"
    for kept in found.get("kept", ()):
        if kept.get("result") != "repeated":  # an earlier decision tells of it
            yield str(kept["kind"])
