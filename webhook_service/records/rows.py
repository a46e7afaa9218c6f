"""Decision records as rows, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from webhook_service.effects.store.stored import micros, moment
from webhook_service.records.keeping import NewRecord, Stored

_FILTERED_BY: Final = ("key", "event", "verdict", "reason", "rule", "subject", "client")

# Made once: json.dumps would make an encoder for each line.
_encode: Final = json.JSONEncoder(separators=(",", ":"), default=str).encode


def row_of(record: NewRecord) -> dict[str, Any]:
    """Return the columns of a record."""
    line = record.line
    if record.left_out:
        line = {**line, "left_out": record.left_out}
    return {
        "at": micros(record.at),
        **{name: line[name] for name in _FILTERED_BY},
        "left_out": record.left_out,
        "line": _encode(line),
    }


def ruling_rows(record: NewRecord, number: int) -> Iterator[dict[str, Any]]:
    """Yield the columns of each rule's part in a record."""
    for shadow, rulings in ((False, record.rulings), (True, record.shadow)):
        for ruling in rulings:
            yield {
                "rule": ruling.rule,
                "at": micros(record.at),
                "seq": number,
                "section": ruling.section.value,
                "shadow": shadow,
                "outcome": ruling.outcome.value,
                "verdict": ruling.verdict.value,
                "stands_for": 1 + record.left_out,
            }


def stored(seq: int, at: int, line: str) -> Stored:
    """Return a record from its columns."""
    return Stored(seq, moment(at), json.loads(line))
