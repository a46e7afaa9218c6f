"""Tables in a document that are made of the code, between marks that say so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

_BLOCK: Final = re.compile(
    r"(?P<start><!-- made by `make docs`: (?P<name>[a-z-]+) -->\n).*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def filled(document: str, tables: Mapping[str, Callable[[], str]]) -> str:
    """Return the document with every table as the code has it now.

    Raises:
        ValueError: it does not have each of them once, and no other.
    """
    found = [match["name"] for match in _BLOCK.finditer(document)]
    if sorted(found) != sorted(tables):
        raise ValueError(f"the guide has the tables {found}; there are {sorted(tables)}")
    return _BLOCK.sub(lambda m: f"{m['start']}\n{tables[m['name']]()}\n\n{m['end']}", document)
