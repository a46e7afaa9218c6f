"""What is wrong with a policy file, and where (P2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One error of a policy file: where (line and column, both from 1), what, and in words."""

    line: int
    column: int
    kind: str
    message: str


class PolicyError(Exception):
    """A policy file that cannot be used. ``problems`` has at least one entry, in file order."""

    def __init__(self, problems: Sequence[Problem], filename: str = "policy.yaml") -> None:
        self.problems = tuple(sorted(problems))
        self.filename = filename
        super().__init__(str(self))

    def __str__(self) -> str:
        """One line a problem: ``policy.yaml:4:11: condition.unknown_fact: …``."""
        return "\n".join(
            f"{self.filename}:{p.line}:{p.column}: {p.kind}: {p.message}" for p in self.problems
        )
