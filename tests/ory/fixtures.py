"""The fixtures that give tests the real Kratos and Hydra. Loaded by ``tests/conftest.py``."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TypeAlias

import pytest
from ory.configuration import Setup
from ory.lab import Ory, running_ory
from ory.line import Line
from ory.service import Service

OryOf: TypeAlias = Callable[[Setup], Ory]


@pytest.fixture(scope="session")
def _ory_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OryOf]:
    """One running pair for each setup, started when first asked for."""
    templates: Path = tmp_path_factory.mktemp("ory-templates")
    found: dict[Setup, Ory] = {}
    with ExitStack() as stack:

        def get(setup: Setup) -> Ory:
            if setup not in found:
                folder = tmp_path_factory.mktemp("ory")
                found[setup] = stack.enter_context(running_ory(setup, templates, folder))
            return found[setup]

        yield get


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    """How Kratos and Hydra are configured. A test module overrides it for its own needs."""
    return Setup()


@pytest.fixture(scope="module")
def ory(_ory_of: OryOf, ory_setup: Setup) -> Ory:
    """Return the real Kratos and Hydra with the module's setup."""
    return _ory_of(ory_setup)


@pytest.fixture
def service(ory: Ory, tmp_path: Path) -> Iterator[Service]:
    """Return our service, which runs from the test's ``service.start(POLICY)`` on."""
    under_test = Service(ory, tmp_path)
    yield under_test
    under_test.stop()


@pytest.fixture
def line_to_kratos(ory: Ory) -> Iterator[Line]:
    """Return a way to Kratos' admin API that the test can cut or freeze."""
    with closing(Line(ory.servers.ports.kratos_admin)) as line:
        yield line


@pytest.fixture
def line_to_hydra(ory: Ory) -> Iterator[Line]:
    """Return a way to Hydra's admin API that the test can cut or freeze."""
    with closing(Line(ory.servers.ports.hydra_admin)) as line:
        yield line


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of each server's log beside the failure of a test that used it."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        ory, service = item.funcargs.get("ory"), item.funcargs.get("service")
        programs = [*ory.programs] if isinstance(ory, Ory) else []
        if isinstance(service, Service):
            programs += service.programs
        report.sections += [(f"log of {program.name}", program.tail()) for program in programs]
    return report
