"""What the tests of reading policy files share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from webhook_service.policy.errors import PolicyError, Problem
from webhook_service.policy.loader import load


def problems_of(text: str | bytes) -> tuple[Problem, ...]:
    """Return the errors of a file that must have some."""
    with pytest.raises(PolicyError) as caught:
        load(text if isinstance(text, bytes) else text.encode())
    return caught.value.problems


@pytest.fixture(scope="session")
def problems() -> Callable[[str | bytes], tuple[Problem, ...]]:
    return problems_of


@pytest.fixture(scope="session")
def errors() -> Callable[[str | bytes], list[str]]:
    """Return a function that gives a file's errors as `4:11 condition.type`."""
    return lambda text: [f"{p.line}:{p.column} {p.kind}" for p in problems_of(text)]


@pytest.fixture(scope="session")
def message() -> Callable[[str | bytes], str]:
    """Return a function that gives the message of a file's only error."""

    def only_message(text: str | bytes) -> str:
        (problem,) = problems_of(text)
        return problem.message

    return only_message
