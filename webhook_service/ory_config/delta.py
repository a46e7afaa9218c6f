"""What to change in a configuration that exists: as little as possible.

A delta follows the keys of the tree. Where it says nothing, everything stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from webhook_service.ory_config.plan import Json, Place, Tree


@dataclass(frozen=True, slots=True)
class Put:
    """A value, whatever was there."""

    value: Json


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing: the key goes."""


@dataclass(frozen=True, slots=True)
class Keep:
    """An element of the list, as it is."""

    index: int


@dataclass(frozen=True, slots=True)
class Amend:
    """An element of the list, changed."""

    index: int
    delta: Delta


@dataclass(frozen=True, slots=True)
class Items:
    """The elements of a list, in order; all that were there are among them."""

    entries: tuple[Keep | Amend | Put, ...]


Delta: TypeAlias = Mapping[str, "Delta | Put | Drop | Items"]
Change: TypeAlias = Delta | Put | Drop | Items


def nested(place: Place, change: Change) -> Delta:
    """Return the delta that makes a change at a place."""
    *above, last = place
    delta: Delta = {last: change}
    for key in reversed(above):
        delta = {key: delta}
    return delta


def joined(*deltas: Delta) -> Delta:
    """Return the delta that makes the changes of all; no two change the same value."""
    result: dict[str, Change] = {}
    for delta in deltas:
        for key, change in delta.items():
            known = result.get(key)
            if isinstance(known, Mapping) and isinstance(change, Mapping):
                result[key] = joined(known, change)
            else:
                result[key] = change
    return result


def difference(old: Tree, new: Tree, dropped: Sequence[Place] = ()) -> Delta:
    """Return what makes ``new`` of ``old``; keys that only ``old`` has stay, but ``dropped``."""
    changes: list[Delta] = []
    for key, value in new.items():
        known = old.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            inner = difference(known, value)
            changes += [{key: inner}] if inner else []
        elif key not in old or known != value:
            changes.append({key: Put(value)})
    for place in dropped:
        above: Json = old
        for key in place[:-1]:
            above = above.get(key, {}) if isinstance(above, Mapping) else {}
        if isinstance(above, Mapping) and place[-1] in above:
            changes.append(nested(place, Drop()))
    return joined(*changes)


def applied(old: Json, change: Delta | Put | Items) -> Json:
    """Return the value that a change makes of an old one."""
    if isinstance(change, Put):
        return change.value
    if isinstance(change, Items):
        return [_entry(old, entry) for entry in change.entries]
    result = dict(old) if isinstance(old, Mapping) else {}
    for key, inner in change.items():
        if isinstance(inner, Drop):
            result.pop(key, None)
        else:
            result[key] = applied(result.get(key), inner)
    return result


def _entry(old: Json, entry: Keep | Amend | Put) -> Json:
    if isinstance(entry, Put):
        return entry.value
    known = old[entry.index]
    return applied(known, entry.delta) if isinstance(entry, Amend) else known


def leaves(delta: Delta, place: Place = ()) -> Iterator[tuple[Place, Put | Drop | Items]]:
    """Yield each place that changes, with its change."""
    for key, change in delta.items():
        if isinstance(change, Mapping):
            yield from leaves(change, (*place, key))
        else:
            yield (*place, key), change
