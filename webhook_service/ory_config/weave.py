"""Works a plan into a configuration that exists: foreign hooks stay, ours come right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from webhook_service.ory_config.delta import (
    Amend,
    Delta,
    Drop,
    Items,
    Keep,
    Put,
    difference,
    joined,
    nested,
)
from webhook_service.ory_config.jsonnet import is_inline
from webhook_service.ory_config.plan import (
    Change,
    Entries,
    HookList,
    Json,
    Place,
    Plan,
    TokenHook,
    Tree,
    Value,
    found,
)

PLACEHOLDER: Final = "${"
"""Begins what stands for a key that is not shown."""

_OVERRULES: Final[Sequence[Place]] = (("config", "can_interrupt"), ("config", "response", "ignore"))
"""Settings of a hook that contradict ``response.parse`` (F43), or once stood for it."""


class ConflictError(Exception):
    """The configuration holds something that only its operator can decide about."""


def woven(plan: Plan, config: Tree) -> Delta:
    """Return what to change in a configuration; nothing where it holds the plan already.

    Raises:
        ConflictError: something foreign is in the way.
    """
    return joined(*(delta for change in plan.changes for delta in _deltas(change, config)))


def _deltas(change: Change, config: Tree) -> Iterator[Delta]:
    match change:
        case HookList():
            yield from _hook_list(change, config)
        case TokenHook():
            yield from _token_hook(change, config)
        case Entries():
            yield from _entries(change, config)
        case Value(place, value, keep):
            known = found(config, place)
            if known is None or (known != value and not keep):
                yield nested(place, Put(value))


def is_ours(hook: Json, paths: Sequence[str]) -> bool:
    """Whether a hook of Kratos calls one of our paths, on whatever host."""
    url = found(hook, ("config", "url"))
    return isinstance(url, str) and _calls(url, paths)


def parses(hook: Json) -> bool:
    """Whether a hook's answer can refuse (F43): ``can_interrupt`` is the older word for it."""
    return True in {
        found(hook, ("config", "response", "parse")),
        found(hook, ("config", "can_interrupt")),
    }


def _calls(url: str, paths: Sequence[str]) -> bool:
    try:
        path = urlsplit(url).path.rstrip("/")
    except ValueError:
        return False
    return path.endswith(tuple(paths))


def _hook_list(wanted: HookList, config: Tree) -> Iterator[Delta]:
    there = found(config, wanted.at)
    if there is None:
        general = found(config, wanted.general) if wanted.general else None
        # This list takes the general one's place (F36): what stands there goes on being called.
        others = (
            [hook for hook in general if not is_ours(hook, wanted.paths)]
            if isinstance(general, list)
            else list(wanted.otherwise)
        )
        yield nested(wanted.at, Put([*wanted.hooks, *others]))
        return
    if not isinstance(there, list):
        raise ConflictError(f"{'.'.join(wanted.at)} is no list")
    entries: list[Keep | Amend | Put] = [Keep(index) for index in range(len(there))]
    changed = False
    first = 0
    for hook in wanted.hooks:
        index = _index_of(hook, there, wanted)
        if index is None:
            entries.insert(first, Put(hook))
            first, changed = first + 1, True
            continue
        at = entries.index(Keep(index))
        delta = difference(there[index], _as_decided(hook, there[index]), _OVERRULES)
        if delta:
            entries[at], changed = Amend(index, delta), True
        first = at + 1
    if changed:
        yield nested(wanted.at, Items(tuple(entries)))


def _index_of(hook: Tree, there: Sequence[Json], wanted: HookList) -> int | None:
    """Return where a hook of ours stands. Where there are two, ``parse`` tells them apart."""
    ours = [index for index, one in enumerate(there) if is_ours(one, wanted.paths)]
    alike = [index for index in ours if parses(there[index]) == parses(hook)]
    if alike:
        return alike[0]
    if len(wanted.hooks) == 1 and ours:
        return ours[0]
    return None


def _as_decided(hook: Tree, there: Tree) -> Tree:
    """Return our hook with what the operator has decided about: a file for the body, a key."""
    config = dict(hook["config"])
    body = found(there, ("config", "body"))
    if isinstance(body, str) and not is_inline(body) and is_inline(config["body"]):
        config["body"] = body
    config["auth"] = _known_key(config["auth"], found(there, ("config", "auth")))
    return {**hook, "config": config}


def _known_key(auth: Tree, there: Json) -> Tree:
    """Keep a key that stands there where ours is not to be shown."""
    known = found(there, ("config", "value"))
    if isinstance(known, str) and PLACEHOLDER in auth["config"]["value"]:
        return {**auth, "config": {**auth["config"], "value": known}}
    return auth


def _token_hook(wanted: TokenHook, config: Tree) -> Iterator[Delta]:
    there, other = found(config, wanted.at), found(config, wanted.other)
    if there is not None and not _calls(_url(there), [wanted.path]):
        raise ConflictError(
            f"{'.'.join(wanted.at)} calls {_without_query(_url(there))} already, and Hydra has one"
            " such hook: take it out, or let that program call this service"
        )
    if isinstance(there, Mapping):
        auth = _known_key(wanted.value["auth"], there.get("auth"))
        delta = difference(there, {**wanted.value, "auth": auth})
        if delta:
            yield nested(wanted.at, delta)
    else:
        yield nested(wanted.at, Put(wanted.value))
    if other is not None and _calls(_url(other), [wanted.other_path]):
        yield nested(wanted.other, Drop())


def _url(hook: Json) -> str:
    url = hook.get("url") if isinstance(hook, Mapping) else hook
    return url if isinstance(url, str) else ""


def _without_query(url: str) -> str:
    return url.partition("?")[0]


def _entries(wanted: Entries, config: Tree) -> Iterator[Delta]:
    there = found(config, wanted.at)
    if there is None:
        values = dict.fromkeys((*wanted.defaults, *wanted.values))
        yield nested(wanted.at, Put(list(values)))
        return
    if not isinstance(there, list):
        raise ConflictError(f"{'.'.join(wanted.at)} is no list")
    known = {_plain(one) for one in there}
    missing = [value for value in wanted.values if _plain(value) not in known]
    if missing:
        kept = [Keep(index) for index in range(len(there))]
        yield nested(wanted.at, Items((*kept, *map(Put, missing))))


def _plain(value: Json) -> str:
    """Return a header's name or an address without what makes no difference."""
    return str(value).casefold().rstrip("/")
