"""Reads a policy file for a command, and says what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any, Final

import click

from webhook_service.cli.terminal import counted, echo_json, printable
from webhook_service.policy.errors import PolicyError, Problem
from webhook_service.policy.loader import load
from webhook_service.policy.loading.yaml_reader import MAX_BYTES
from webhook_service.policy.model import Policy

FILE: Final = click.argument("file", type=click.File("rb"), metavar="FILE")
"""A policy file; ``-`` is standard input."""


class WrongFileError(click.ClickException):
    """A file with errors: each on a line of its own, then how many. Exit code 1.

    With the command's ``--json`` they are a document instead, where it would print its own.
    """

    def __init__(self, error: PolicyError) -> None:
        super().__init__(str(error))
        self.error = error
        context = click.get_current_context(silent=True)
        self._as_json = context is not None and bool(context.params.get("as_json"))

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the errors to standard error; as JSON to standard output."""
        if self._as_json:
            echo_json(_document(self.error))
            return
        for problem in self.error.problems:
            click.echo(_line(problem, self.error.filename), file=file, err=True)
        click.echo(counted(len(self.error.problems), "error"), file=file, err=True)


def _document(error: PolicyError) -> dict[str, Any]:
    return {
        "file": error.filename,
        "valid": False,
        "errors": [
            {
                "line": problem.line,
                "column": problem.column,
                "kind": problem.kind,
                "message": problem.message,
            }
            for problem in error.problems
        ],
    }


def _line(problem: Problem, filename: str) -> str:
    place = click.style(f"{printable(filename)}:{problem.line}:{problem.column}", bold=True)
    return f"{place}: {click.style(problem.kind, fg='red')}: {printable(problem.message)}"


def read_policy(file: IO[bytes]) -> Policy:
    """Read a policy file.

    Raises:
        WrongFileError: it has errors.
    """
    try:
        return load(file.read(MAX_BYTES + 1), file_name(file))
    except PolicyError as error:
        raise WrongFileError(error) from None


def read_policy_at(path: Path) -> Policy:
    """Read the policy file at a path.

    Raises:
        WrongFileError: it has errors.
    """
    with path.open("rb") as file:
        return read_policy(file)


def file_name(file: IO[bytes]) -> str:
    """Return how messages name the file."""
    name = getattr(file, "name", "<stdin>")
    return "standard input" if name == "<stdin>" else str(name)
