"""What a plan consists of: the changes that a configuration needs, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Json: TypeAlias = Any
"""What a configuration file may hold: mappings, lists, texts, numbers, booleans, null."""

Tree: TypeAlias = Mapping[str, Json]
Place: TypeAlias = tuple[str, ...]
"""The keys that lead to a value, from the top of the file."""


@dataclass(frozen=True, slots=True)
class HookList:
    """Our hooks in one of Kratos' lists.

    Attributes:
        at: the list.
        paths: the paths by which a hook of ours is known in it, whatever its host.
        hooks: ours, in order.
        general: the list that this one takes the place of (F36): what stands there must
            stand here as well.
        otherwise: what stands after ours where neither list is there yet.
    """

    at: Place
    paths: tuple[str, ...]
    hooks: tuple[Tree, ...]
    general: Place | None = None
    otherwise: tuple[Tree, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenHook:
    """Our hook at Hydra, which has one of a kind, and calls both kinds (F3).

    Attributes:
        at: where it stands.
        path: the path by which it is known as ours, whatever its host.
        value: the hook.
        other: where the hook of the other kind stands.
        other_path: the path by which that one is known as ours, and goes.
    """

    at: Place
    path: str
    value: Tree
    other: Place
    other_path: str


@dataclass(frozen=True, slots=True)
class Value:
    """One value. With ``keep`` one that is there already is left alone."""

    at: Place
    value: Json
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Entries:
    """Values that a list must have among its others; ``defaults`` are those it has unset."""

    at: Place
    values: tuple[str, ...]
    defaults: tuple[str, ...] = ()


Change: TypeAlias = HookList | TokenHook | Value | Entries


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one server's configuration needs.

    Attributes:
        changes: what to set, in the order in which it is written.
        notes: what to say beside a place.
        advice: what to look at besides; a paragraph each.
    """

    changes: tuple[Change, ...]
    notes: Mapping[Place, str]
    advice: tuple[str, ...] = ()


def found(tree: Json, place: Place) -> Json:
    """Return what stands at a place, ``None`` where nothing does."""
    for key in place:
        if not isinstance(tree, Mapping):
            return None
        tree = tree.get(key)
    return tree


AUTHORIZATION: Final = "Authorization"
"""The one header that Ory's logs redact (F92)."""


def bearer(key: str) -> Tree:
    """Return how a hook proves who calls. Without ``in`` Hydra sends no key at all (F91)."""
    config = {"in": "header", "name": AUTHORIZATION, "value": f"Bearer {key}"}
    return {"type": "api_key", "config": config}
