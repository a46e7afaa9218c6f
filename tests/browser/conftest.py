"""Every test of this folder needs Chromium, nginx or Caddy, and most the real Ory servers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from browser import chromium
from browser.check_answers import ALLOWED
from browser.gateways import GATEWAYS, Gateway, Places, RunGateway
from browser.lab import CHECK_KEY, Lab, running_lab, sent_to_gates
from browser.operator_page import POLICY, OperatorPage, fill, opened
from browser.stand_in import Answer, StandIn
from browser.visitor import Visitor
from ory.configuration import Setup
from ory.lab import Ory
from ory.servers import free_ports
from playwright.sync_api import Browser
from server.running import Service, running

from webhook_service import sandbox

HERE = Path(__file__).parent

ACTION_MILLISECONDS = 15_000
"""How long a page may take to be there, or a form to be found on it."""

PAGE = Answer(200, (("Content-Type", "text/html"),), b"<!doctype html><h1>The application</h1>")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark this folder's tests, so that ``-m "not browser"`` leaves them out."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def _chromium() -> Iterator[Browser]:
    with chromium.running() as browser:
        yield browser


@pytest.fixture(scope="session")
def _lab_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Setup], Lab]]:
    """One running lab for each setup, started when first asked for."""
    templates = tmp_path_factory.mktemp("ory-templates")
    found: dict[Setup, Lab] = {}
    with ExitStack() as stack:

        def get(setup: Setup) -> Lab:
            if setup not in found:
                folder = tmp_path_factory.mktemp("ory")
                found[setup] = stack.enter_context(running_lab(setup, templates, folder))
            return found[setup]

        yield get


@pytest.fixture(scope="module")
def lab(_lab_of: Callable[[Setup], Lab], ory_setup: Setup) -> Lab:
    """Return Kratos and Hydra with pages for a real browser, and the module's setup."""
    return _lab_of(ory_setup)


@pytest.fixture(scope="module")
def gates(lab: Lab) -> Iterator[None]:
    """Let Hydra send browsers to the service's gates, for a module that uses this."""
    with sent_to_gates(lab):
        yield


@pytest.fixture(scope="module")
def ory(lab: Lab) -> Ory:
    """Return the lab's Kratos and Hydra, for ``service`` and all that works with them."""
    return lab.ory


@pytest.fixture(autouse=True)
def _switches_at_their_defaults(request: pytest.FixtureRequest) -> None:
    """Let no test's switches and recorded calls reach the next."""
    if "lab" in request.fixturenames:
        lab: Lab = request.getfixturevalue("lab")
        lab.ory.app.reset()
        lab.ory.receiver.reset()


@pytest.fixture
def visitor(_chromium: Browser, lab: Lab) -> Iterator[Visitor]:
    """Return a person at a browser that has never been anywhere."""
    with closing(_chromium.new_context()) as context:
        context.set_default_timeout(ACTION_MILLISECONDS)
        yield Visitor(lab, context.new_page())


@pytest.fixture
def check() -> Iterator[StandIn]:
    """Return a stand-in for the service's ``/check``."""
    with closing(StandIn(free_ports(1)[0])) as stand_in:
        yield stand_in


@pytest.fixture
def application() -> Iterator[StandIn]:
    """Return the application that gateways protect: a page."""
    with closing(StandIn(free_ports(1)[0], PAGE)) as stand_in:
        yield stand_in


@pytest.fixture(params=sorted(GATEWAYS))
def run_gateway(
    request: pytest.FixtureRequest, application: StandIn, tmp_path: Path
) -> Iterator[RunGateway]:
    """Return a way to run each gateway in turn, in front of the application."""
    with ExitStack() as stack:

        def run(*, check_port: int, port: int | None = None) -> Gateway:
            places = Places(port or free_ports(1)[0], check_port, application.port)
            return stack.enter_context(GATEWAYS[request.param](places, CHECK_KEY, tmp_path))

        yield run


@pytest.fixture
def gateway(run_gateway: RunGateway, check: StandIn) -> Gateway:
    """Return each gateway in turn, between a ``/check`` that allows and the application."""
    check.answer = ALLOWED
    return run_gateway(check_port=check.port)


@pytest.fixture(scope="module")
def operator_policy() -> str:
    """Return the policy of ``operator_service``; a module may override it."""
    return POLICY


@pytest.fixture(scope="module")
def operator_service(
    operator_policy: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Return a service with a stand-in Ory that has decided a few things, on SQLite."""
    folder = tmp_path_factory.mktemp("operator")
    with running(
        folder, "gunicorn", sandbox.stand_in(), operator_policy, WEB_CONCURRENCY="1"
    ) as service:
        fill(service)
        yield service


@pytest.fixture
def operator_tab(_chromium: Browser, operator_service: Service) -> Iterator[OperatorPage]:
    """Return an operator's browser in which nobody has signed in."""
    with opened(_chromium, operator_service) as operator:
        yield operator


@pytest.fixture
def operator_page(operator_tab: OperatorPage) -> OperatorPage:
    """Return an operator's browser, signed in, at the decisions."""
    operator_tab.sign_in()
    return operator_tab


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show where the browser was, and what the gateway logged, beside a failure."""
    report = yield
    if report.failed and call.when == "call" and isinstance(item, pytest.Function):
        visitor, gateway = item.funcargs.get("visitor"), item.funcargs.get("gateway")
        if isinstance(visitor, Visitor):
            report.sections.append(("page", visitor.seen()))
        if isinstance(gateway, Gateway):
            report.sections.append((f"log of {gateway.name}", gateway.program.tail()))
    return report
