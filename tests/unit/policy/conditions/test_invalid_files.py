"""The errors in conditions that section 10 lists, at their places in the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from webhook_service.policy.conditions import ConditionError, Expression, demand_bool

FIXTURES = Path(__file__).parent.parent / "fixtures" / "invalid.json"

NOT_THE_PARSERS = {"condition.unavailable_fact"}
"""What only the loader can know: the events of the rule (P7)."""


def listed() -> Iterator[object]:
    """Yield the condition of each one-line or block entry, and where its error lies in it."""
    for entry in json.loads(FIXTURES.read_text("utf-8")):
        for error in entry["errors"]:
            kind = error["kind"]
            if kind.startswith("condition.") and kind not in NOT_THE_PARSERS:
                place = condition_at(entry["text"].split("\n"), error["line"], error["column"])
                if place:
                    yield pytest.param(*place, kind, id=entry["name"])


def condition_at(lines: list[str], line: int, column: int) -> tuple[str, int] | None:
    """Return the condition that the error is in, and the offset of the error."""
    head = next(n for n in range(line, 0, -1) if ": " in lines[n - 1])
    before, _, value = lines[head - 1].partition(": ")
    if value == ">-":
        return None  # folded: the file's place is not the condition's
    if value != "|":
        return value, column - 1 - len(before) - 2
    indent = len(lines[head]) - len(lines[head].lstrip())
    block: list[str] = []
    for text in lines[head:]:
        if not text.startswith(" " * indent):
            break
        block.append(text[indent:])
    offset = sum(len(text) + 1 for text in block[: line - head - 1]) + column - 1 - indent
    return "\n".join(block), offset


def test_the_list_is_there() -> None:
    """Section 10: 32 to 40, 46 and 52 (33 and 40 are in other places than ``when:``)."""
    assert len(list(listed())) == 11


@pytest.mark.parametrize(("text", "offset", "kind"), list(listed()))
def test_a_listed_error_is_found_at_its_place(
    parsed: Callable[..., Expression], text: str, offset: int, kind: str
) -> None:
    with pytest.raises(ConditionError) as caught:
        demand_bool(parsed(text))
    assert (caught.value.kind, caught.value.offset) == (kind, offset)
