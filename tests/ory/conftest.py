"""Every test of this folder needs the real Kratos and Hydra."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ory.device import SignIn, signing_in
from ory.lab import Ory

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark this folder's tests, so that ``-m "not ory"`` leaves them out."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("ory")


@pytest.fixture(autouse=True)
def _switches_at_their_defaults(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let no test's switches and recorded calls reach the next, here or in another folder."""
    yield
    if "ory" in request.fixturenames:
        ory: Ory = request.getfixturevalue("ory")
        ory.app.reset()
        ory.receiver.reset()


@pytest.fixture
def sign_in(ory: Ory) -> Iterator[SignIn]:
    """Return a way to sign people in to OAuth clients through a browser."""
    with signing_in(ory) as give:
        yield give
