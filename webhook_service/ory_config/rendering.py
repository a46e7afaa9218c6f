"""A plan as text: a file to merge by hand, or commands for Ory Network."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from webhook_service.ory_config.delta import Delta, Drop, applied, leaves
from webhook_service.ory_config.plan import Place, Plan, Tree, found
from webhook_service.ory_config.weave import woven
from webhook_service.ory_config.yaml_text import block, comment

_PLACEHOLDER: Final = re.compile(r"\$\{(\w+)\}")


def as_yaml(plan: Plan, head: str) -> Iterator[str]:
    """Yield the lines of a file with the plan and nothing else; the advice comes last."""
    yield from comment(head)
    tree = applied({}, woven(plan, {}))
    if tree:
        yield from block(tree, notes=plan.notes)
    else:
        yield "# No rule of the policy listens to a hook of it: nothing to configure."
    yield from advice_lines(plan.advice)


def advice_lines(advice: Sequence[str]) -> Iterator[str]:
    """Yield what to look at besides, as comments."""
    if advice:
        yield ""
        yield "# Look at these as well:"
        for text in advice:
            first, *rest = (line.removeprefix("# ") for line in comment(text))
            yield f"# - {first}"
            yield from (f"#   {line}" for line in rest)


def as_patch(command: str, config: Tree, delta: Delta) -> Iterator[str]:
    """Yield a command that makes the changes at Ory Network, all of them at once.

    ``add`` sets a value whether there is one or not, and makes what lies above it.
    """
    lines = [f'ory patch {command} --project "$ORY_PROJECT_ID" --workspace "$ORY_WORKSPACE_ID"']
    for place, change in leaves(delta):
        pointer = _pointer(place)
        if isinstance(change, Drop):
            lines.append(f"  --remove {shlex.quote(pointer)}")
        else:
            value = applied(found(config, place), change)
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            lines.append(f"  --add {_quoted(f'{pointer}={text}')}")
    for number, line in enumerate(lines, 1):
        yield line if number == len(lines) else f"{line} \\"


def _pointer(place: Place) -> str:
    """Return a place as a JSON pointer (RFC 6901)."""
    return "".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in place)


def _quoted(text: str) -> str:
    """Quote for a shell, which puts in what a placeholder stands for."""
    return _PLACEHOLDER.sub(lambda match: f"'\"${match[1]}\"'", shlex.quote(text))
