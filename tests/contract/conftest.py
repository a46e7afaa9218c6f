"""One set of expectations, held against the stand-in and against the real servers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from contract.worlds import LIFESPAN, FakeWorld, RealWorld, World
from ory.configuration import Setup

from webhook_service.ory.fake import FakeOry

EARLIEST = {None: None, "30m": timedelta(minutes=30)}


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.ory)])
def world(request: pytest.FixtureRequest, ory_setup: Setup) -> Iterator[World]:
    """Return the stand-in, then the real servers, set up as the module asks."""
    if request.param == "real":
        yield RealWorld(request.getfixturevalue("ory"))
        return
    fake = FakeOry(
        lifespan=LIFESPAN,
        earliest_possible_extend=EARLIEST[ory_setup.earliest_possible_extend],
        faster_session_extend=ory_setup.faster_session_extend,
        revokes_chains=False,  # as 2.3.0, the newest one that can be built
    )
    with fake.serve() as served:
        yield FakeWorld(fake, served)
