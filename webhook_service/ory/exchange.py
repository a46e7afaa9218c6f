"""A request to an upstream, and what came back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

T = TypeVar("T")

_REPEATABLE: Final = frozenset({"GET", "DELETE", "PUT"})
"""Methods that may be sent twice: what is gone is gone, what is put is the same."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request. ``only_asks``: it changes nothing, whatever its method."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    only_asks: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again where nobody knows whether it arrived."""
        return self.only_asks or self.method in _REPEATABLE


class Answer(NamedTuple):
    """What came back, whatever it means. ``set_cookies``: each ``Set-Cookie``, as it came."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    set_cookies: tuple[str, ...] = ()


Meaning = Callable[[Answer], T]
"""Makes a value of an answer, or raises ``OryError``."""
