"""Commands of the service as documents and files of platforms write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import click

from webhook_service.cli import main

_COMMAND = re.compile(
    # Where a shell begins a command, or behind the name of the image or of what runs it.
    r"(?:^|\$\(|[|;&] ?|webhook-service |heroku run )"
    r"(?:webhook-service|python -m webhook_service)\b(?P<words>(?: [^|;&)`]*)?)"
)
_INLINE = re.compile(r"`((?:webhook-service|python -m webhook_service) [^`]+)`")


def in_shell(text: str) -> Iterator[list[str]]:
    """Yield the words after the program's name of each command in a script."""
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    for line in joined.splitlines():
        code = re.sub(r"(^|\s)#.*", "", line).removeprefix("$ ").strip()
        for match in _COMMAND.finditer(code):
            yield match["words"].split()


def in_prose(text: str) -> Iterator[list[str]]:
    """Yield the same of each command that stands in a sentence, as code."""
    for code in _INLINE.findall(text):
        yield code.removeprefix("python -m webhook_service").removeprefix("webhook-service").split()


def fault(words: Sequence[str]) -> str | None:
    """Say what is wrong with a command; nothing where there is such a one, with such options.

    ``a|b`` is a choice of commands, ``…`` anything.
    """
    command: click.Command = main
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        names = rest.pop(0)
        if names == "…":
            return None
        found = [
            (name, command.get_command(click.Context(command), name)) for name in names.split("|")
        ]
        missing = [name for name, one in found if one is None]
        if missing:
            return f"no command {missing[0]} in {' '.join(words)}"
        command = next(one for _, one in found if one is not None)
    known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
    options = [word.partition("=")[0] for word in rest if word.startswith("-")]
    unknown = [option for option in options if option not in known | {"--version"}]
    return f"no option {unknown[0]} of {' '.join(words)}" if unknown else None
