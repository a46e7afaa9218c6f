"""Extensions where Kratos answers in its other ways, and refresh tokens that may be reused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ory import database, oauth
from ory.configuration import Setup
from ory.device import SignIn
from ory.lab import Ory
from ory.service import Record, Service

EXTEND = """
sessions:
  - name: stays signed in
    extend: true
    max_age: 30d
"""


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return Setup(
        earliest_possible_extend="20m", faster_session_extend=True, rotation_grace_period="1m"
    )


def extension(record: Record) -> str:
    result: str = record["effects"]["extend_session"]["result"]
    return result


def test_an_extension_that_kratos_answers_without_the_session_is_verified(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """F54: 204 says nothing; what counts is the expires_at that a second look shows."""
    service.start(EXTEND)
    device = sign_in()
    end = database.leave(ory, device.session_id, timedelta(minutes=10))
    assert device.refresh().status_code == 200
    assert device.expiry > end
    assert extension(service.last("hydra.token", after=1)) == "extended"


def test_an_extension_that_comes_too_early_for_kratos_is_recorded_as_unchanged(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start(EXTEND)
    device = sign_in()
    end = database.leave(ory, device.session_id, timedelta(minutes=30))
    assert device.refresh().status_code == 200
    assert device.expiry == end
    assert extension(service.last("hydra.token", after=1)) == "unchanged"


def test_a_refresh_token_reused_in_its_grace_period_extends_once(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """F26: Hydra calls for each reuse, with the same bytes where they fall in one second."""
    service.start(EXTEND)
    device = sign_in()
    database.leave(ory, device.session_id, timedelta(minutes=10))
    replies = [oauth.refresh(ory, device.client, device.tokens.refresh) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 200, 200]
    service.last("hydra.token", after=3)
    first, *later = service.records("hydra.token")[1:]
    assert extension(first) == "extended"
    assert {extension(record) for record in later if record["key"] == first["key"]} <= {"repeated"}
    # Half a lifespan is more than earliest_possible_extend: Kratos itself refuses these.
    assert {extension(record) for record in later if record["key"] != first["key"]} <= {"unchanged"}
