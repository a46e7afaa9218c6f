"""One service a module and server, with two processes as by default."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from server.running import POLICY, SERVERS, Service, running

from webhook_service import sandbox


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def service(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp(server)
    with running(folder, server, sandbox.stand_in(), POLICY) as one:
        yield one
