"""A stand-in Ory on real sockets of 127.0.0.1, and our clients to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from webhook_service.ory.fake import FakeOry, Served
from webhook_service.ory.hydra import Hydra
from webhook_service.ory.kratos import Kratos
from webhook_service.ory.transport import Transport

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def fake() -> FakeOry:
    return FakeOry(clock=lambda: NOW)


@pytest.fixture
def served(fake: FakeOry) -> Iterator[Served]:
    with fake.serve() as listeners:
        yield listeners


@pytest.fixture
def kratos(served: Served) -> Iterator[Kratos]:
    transport = Transport("kratos", served.kratos.url)
    yield Kratos(transport)
    transport.close()


@pytest.fixture
def hydra(served: Served) -> Iterator[Hydra]:
    transport = Transport("hydra", served.hydra.url)
    yield Hydra(transport)
    transport.close()


@pytest.fixture
def session_id(fake: FakeOry) -> str:
    """The session of a person who signed in with a password."""
    return fake.kratos.sign_in(fake.kratos.add_identity({"email": "ada@example.org"}))
