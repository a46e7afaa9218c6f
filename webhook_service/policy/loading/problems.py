"""Collects the errors of a policy file (P2)."""

from __future__ import annotations

from typing import Final

from webhook_service.policy.errors import Problem
from webhook_service.policy.loading.yaml_nodes import AnyNode, MappingNode, Node, SequenceNode

MAX_PROBLEMS: Final = 200
"""More are not collected: nobody reads them, and suggestions for 40,000 words take a minute."""


class StopReadingError(Exception):
    """What has been noted is enough; the rest of the file is not read."""


class Problems:
    """The errors found so far."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, node: Node, kind: str, message: str) -> None:
        """Note an error at the first character of the node."""
        self.add_at(node.line, node.column, kind, message)

    def add_at(self, line: int, column: int, kind: str, message: str) -> None:
        """Note an error at a line and column.

        Raises:
            StopReadingError: with the last error that is collected.
        """
        full = len(self.found) == MAX_PROBLEMS - 1
        more = f" (and perhaps more: reading stopped after {MAX_PROBLEMS} errors)" if full else ""
        self.found.append(Problem(line, column, kind, message + more))
        if full:
            raise StopReadingError


def described(node: AnyNode) -> str:
    """Return what a value is, for "… is a list"; never the value itself (P34)."""
    if isinstance(node, SequenceNode):
        return "a list"
    if isinstance(node, MappingNode):
        return "a mapping"
    match node.value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case _:
            return "a number"
