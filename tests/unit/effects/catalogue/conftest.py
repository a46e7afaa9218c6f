"""The stand-in Ory in which effects are done: of both versions, and of the newer one alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from unit.effects.catalogue.shop import Shop, open_shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Hydra 26.2."""
    with open_shop(revokes_chains=True) as one:
        yield one


@pytest.fixture
def old_shop() -> Iterator[Shop]:
    """Hydra 2.3.0: it revokes by client or by person only."""
    with open_shop(revokes_chains=False) as one:
        yield one


@pytest.fixture(params=[True, False], ids=["26.2", "2.3.0"])
def any_shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Hydra of either version."""
    with open_shop(revokes_chains=request.param) as one:
        yield one
