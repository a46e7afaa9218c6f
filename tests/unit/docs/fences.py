"""The fenced blocks of a document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, and the headings that it stands under."""

    language: str
    text: str
    part: str
    heading: str

    @property
    def file(self) -> str:
        """The file that its first line names (``# policy.yaml``), or nothing."""
        first = self.text.partition("\n")[0]
        return first[2:] if first.startswith("# ") and first.endswith((".yaml", ".yml")) else ""


def blocks_of(document: str) -> Iterator[Block]:
    """Yield the fenced blocks of a document, in order."""
    language: str | None = None
    lines: list[str] = []
    part = heading = ""
    for line in document.splitlines(keepends=True):
        if line.startswith("```"):
            if language is None:
                language, lines = line[3:].strip(), []
            else:
                yield Block(language, "".join(lines), part, heading)
                language = None
        elif language is not None:
            lines.append(line)
        elif line.startswith("#"):
            heading = line.strip("# \n")
            part = heading if line.startswith("## ") else part
