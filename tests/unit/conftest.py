"""What unit tests share: the recorded hook requests, and the service on a workbench."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import pytest_socket
import responses
from unit.workbench import (
    CHECK_KEY,
    HYDRA_KEY,
    HYDRA_URL,
    KRATOS_KEY,
    KRATOS_PUBLIC_URL,
    KRATOS_URL,
    OPERATOR_KEY,
    ORIGIN,
    Bench,
    BenchMaker,
    Clock,
    HeldEffects,
    Recorded,
)

from webhook_service import runtime
from webhook_service.effects.recent import RecentEvents
from webhook_service.effects.store.database import open_engine
from webhook_service.ory.fake import FakeOry
from webhook_service.policy.loader import load as load_policy
from webhook_service.records.log import make_logger
from webhook_service.records.store import SqlRecords
from webhook_service.records.writer import Nowhere, Recorder
from webhook_service.settings import Settings
from webhook_service.web.factory import create_app
from webhook_service.wiring import wire

NOWHERE = Nowhere()


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture
def records(sqlite_database: str) -> Iterator[SqlRecords]:
    """A store with no decision records in it."""
    engine = open_engine(sqlite_database)
    yield SqlRecords(engine)
    engine.dispose()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test marked ``recorded("hydra.token")`` every recorded case of that prefix."""
    marker = metafunc.definition.get_closest_marker("recorded")
    if marker is not None:
        metafunc.parametrize("recorded_path", Recorded.cases(*marker.args))


@pytest.fixture(autouse=True)
def only_this_machine() -> None:
    """No unit test may leave the machine."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"])


@pytest.fixture
def make_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BenchMaker]:
    """Make a service on a policy: ``make_bench("mfa: …", mode="shadow")``."""
    monkeypatch.setenv(runtime.VARIABLE, str(tmp_path))
    # As if another process had asked already what the versions cannot do.
    tmp_path.joinpath("limits-told").touch()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:

        def make(
            policy: str = "",
            *,
            ory: FakeOry | None = None,
            recorder: Recorder = NOWHERE,
            **settings: Any,
        ) -> Bench:
            clock = Clock()
            ory = ory or FakeOry(
                clock=clock,
                lifespan=timedelta(hours=24),
                earliest_possible_extend=timedelta(hours=23),
            )
            ory.mount(
                mock,
                kratos_url=KRATOS_URL,
                hydra_url=HYDRA_URL,
                kratos_public_url=KRATOS_PUBLIC_URL,
            )
            chosen = Settings(
                **{
                    "kratos_hook_keys": (KRATOS_KEY.encode(),),
                    "hydra_hook_keys": (HYDRA_KEY.encode(),),
                    "check_keys": (CHECK_KEY.encode(),),
                    "operator_keys": (OPERATOR_KEY.encode(),),
                    "kratos_admin_url": KRATOS_URL,
                    "kratos_public_url": KRATOS_PUBLIC_URL,
                    "allowed_origins": frozenset({ORIGIN}),
                    "hydra_admin_url": HYDRA_URL,
                    **settings,
                }
            )
            log = BytesIO()
            effects = HeldEffects()
            logger = make_logger("json", "debug", log)
            wired = wire(
                chosen,
                load_policy(f"version: 1\n{dedent(policy)}".encode()),
                logger,
                recent=RecentEvents(tmp_path / "recent"),
                engine=effects,
                recorder=recorder,
                clock=clock,
            )
            app = create_app(chosen, wired, logger)
            app.testing = False
            return Bench(ory, clock, app, log, app.test_client(), effects)

        yield make


@pytest.fixture
def refresh(recorded: Recorded) -> Any:
    """The body of a refresh that names its session."""
    return recorded.body("hydra.token.refresh_token.consent-claims")
