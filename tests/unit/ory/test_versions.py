"""What an operator is told at start of the Kratos and the Hydra that run."""

from __future__ import annotations

import json

import pytest

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import UpstreamReason
from webhook_service.ory.fake import FakeOry, Served, faults
from webhook_service.ory.transport import Transport
from webhook_service.ory.versions import Told, ask_version, limits


def told(fake: FakeOry, served: Served, body: object) -> Told:
    """Return what is made of an answer of Kratos."""
    fake.break_calls("kratos", faults.says(200, body=json.dumps(body).encode()))
    return ask_version(Transport("kratos", served.kratos.url), Deadline.after(5))


@pytest.mark.parametrize("version", ["v1.3.1", "26.2.0", "master", ""])
def test_a_version_is_what_the_server_says(fake: FakeOry, served: Served, version: str) -> None:
    assert told(fake, served, {"version": version}) == Told("kratos", version)


def test_each_is_asked_where_its_admin_api_says_it_and_the_stand_in_has_no_limits(
    fake: FakeOry, served: Served
) -> None:
    for upstream, listener in (("kratos", served.kratos), ("hydra", served.hydra)):
        version = ask_version(Transport(upstream, listener.url), Deadline.after(5))
        assert version.failure is None
        assert limits(version) == []
    assert [call.target for call in fake.calls] == ["/admin/version", "/version"]


@pytest.mark.parametrize("body", [{}, {"version": None}, {"version": 26.2}, [], "v26.2.0"])
def test_another_answer_is_no_version(fake: FakeOry, served: Served, body: object) -> None:
    assert told(fake, served, body) == Told("kratos", failure=UpstreamReason.INVALID)


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (faults.hang, UpstreamReason.TIMEOUT),
        (faults.hang_up, UpstreamReason.UNREACHABLE),
        (faults.says(401), UpstreamReason.UNAUTHORIZED),
        (faults.says(503), UpstreamReason.BUSY),
        (faults.says(204), UpstreamReason.INVALID),
        (faults.says(404, body=b'{"error": {"code": 404}}'), UpstreamReason.INVALID),
    ],
)
def test_a_server_that_tells_nothing_stops_nobody(
    fake: FakeOry, served: Served, fault: faults.Fault, failure: UpstreamReason
) -> None:
    fake.break_calls("hydra", fault)
    transport = Transport("hydra", served.hydra.url)
    assert ask_version(transport, Deadline.after(0.2)) == Told("hydra", failure=failure)


def test_a_version_stays_one_short_line(fake: FakeOry, served: Served) -> None:
    version = told(fake, served, {"version": "v1.3.1\r\nforged\x1b[2J" + "x" * 100}).version
    assert version.startswith("v1.3.1forged[2Jxxx")
    assert len(version) == 64


@pytest.mark.parametrize(
    "version", ["v26.2.0", "26.2.0", "v26.2.1-pre.0", "v26.3.0", "v27.1.0", "v26.2"]
)
def test_of_a_version_without_these_limits_nothing_is_said(version: str) -> None:
    assert limits(Told("kratos", version), Told("hydra", version)) == []


@pytest.mark.parametrize("version", ["v1.3.1", "1.3.1", "v25.4.0", "v26.1.9", "v2.26.2"])
def test_of_an_older_kratos_it_is_said_what_its_hooks_lack(version: str) -> None:
    session, trigger = limits(Told("kratos", version), Told("hydra", "v26.2.0"))
    assert session.startswith(f"Kratos is {version}, older than 26.2: its settings hooks do not")
    assert "KRATOS_PUBLIC_URL" in session
    assert "Ory-Webhook-Trigger-Id" in trigger


def test_of_an_older_hydra_it_is_said_that_tokens_are_revoked_by_client() -> None:
    (notice,) = limits(Told("kratos", "v26.2.0"), Told("hydra", "v2.3.0"))
    assert notice.startswith("Hydra is v2.3.0, older than 26.2: it cannot revoke")
    assert "those of other sessions included" in notice


@pytest.mark.parametrize("version", ["master", "", "2026-02-01", "sha-1.2", "v26", "26.20260201.1"])
def test_a_version_that_is_no_number_is_said_to_tell_nothing(version: str) -> None:
    (notice,) = limits(Told("hydra", version))
    assert notice.startswith(
        f'Hydra says that its version is "{version}", which tells nothing;'
        " if it is older than 26.2: it cannot revoke"
    )


def test_a_version_that_could_not_be_read_is_said_with_the_reason() -> None:
    notices = limits(Told("kratos", failure=UpstreamReason.TIMEOUT))
    assert len(notices) == 2
    assert all(
        notice.startswith(
            "the version of Kratos could not be read (upstream.timeout); if it is older than 26.2:"
        )
        for notice in notices
    )


def test_of_an_upstream_that_is_not_configured_nothing_is_said() -> None:
    assert limits() == []
