"""The stand-in against the recorded answers, and the parts of it that no contract covers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from webhook_service.ory.fake import FakeOry, Served, faults

API = Path(__file__).parents[2] / "payloads" / "kratos-1.3.1_hydra-2.3.0" / "api"
UNKNOWN = "11111111-2222-4333-8444-555555555555"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def recorded(case: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((API / f"{case}.json").read_text())
    return answer


def shape(value: object) -> object:
    """Reduce JSON to its keys and the kinds of its values; of a list, its first item."""
    match value:
        case dict():
            return {key: shape(inner) for key, inner in value.items()}
        case list():
            return [shape(item) for item in value[:1]]
        case _:
            return type(value).__name__


def surplus(mine: object, real: object, path: str = "") -> list[str]:
    """Name what the stand-in answers and the real one does not, or in another kind."""
    if isinstance(mine, dict) and isinstance(real, dict):
        unknown = [f"{path}.{key}" for key in mine.keys() - real.keys()]
        known = mine.keys() & real.keys()
        return unknown + [
            text for key in known for text in surplus(mine[key], real[key], f"{path}.{key}")
        ]
    if isinstance(mine, list) and isinstance(real, list):
        return [text for one in mine[:1] for two in real[:1] for text in surplus(one, two, path)]
    return [] if mine == real else [f"{path}: {mine} is {real}"]


@pytest.fixture
def person(fake: FakeOry) -> str:
    return fake.kratos.add_identity(
        {"email": "ada@example.org", "staff": True},
        verified=["ada@example.org"],
        second_factors=["totp"],
    )


def test_its_answers_hold_nothing_that_the_recorded_ones_lack(fake: FakeOry, person: str) -> None:
    fake.hydra.add_client("web")
    challenge = fake.hydra.add_login_request("web")
    session = fake.kratos.sign_in(person, "password", "totp")
    asked = {
        "kratos.session.get.aal2": ("kratos", "GET", f"/admin/sessions/{session}?expand=devices"),
        "kratos.session.extend.inside-window": (
            "kratos",
            "PATCH",
            f"/admin/sessions/{session}/extend",
        ),
        "kratos.sessions.list.two": ("kratos", "GET", f"/admin/identities/{person}/sessions"),
        "kratos.identity.get": ("kratos", "GET", f"/admin/identities/{person}"),
        "kratos.identity.get.with-credential-types": (
            "kratos",
            "GET",
            f"/admin/identities/{person}?include_credential=totp",
        ),
        "hydra.client.get": ("hydra", "GET", "/admin/clients/web"),
        "hydra.login-request.get": (
            "hydra",
            "GET",
            f"/admin/oauth2/auth/requests/login?login_challenge={challenge}",
        ),
    }
    for case, (upstream, method, target) in asked.items():
        real = recorded(case)
        mine = fake.handle(upstream, method, target)  # type: ignore[arg-type]  # one of the two names
        assert mine.status == real["status"], case
        assert mine.headers["Content-Type"] == real["headers"]["Content-Type"], case
        assert mine.headers["Cache-Control"] == real["headers"]["Cache-Control"], case
        assert surplus(shape(json.loads(mine.body)), shape(real["body"])) == [], case


@pytest.mark.parametrize(
    "case",
    [
        "kratos.session.get.unknown",
        "kratos.session.delete.unknown",
        "kratos.session.extend.unknown",
        "kratos.identity.get.unknown",
        "kratos.identity.sessions.delete.none",
        "kratos.sessions.list.unknown-identity",
        "hydra.login-request.get.bad-challenge",
    ],
)
def test_what_is_not_there_is_answered_to_the_letter(fake: FakeOry, case: str) -> None:
    real = recorded(case)
    request = real["request"]
    upstream = "kratos" if request["to"] == "kratos-admin" else "hydra"
    mine = fake.handle(upstream, request["method"], request["path"])  # type: ignore[arg-type]  # one of the two names
    assert (mine.status, json.loads(mine.body)) == (real["status"], real["body"])
    assert mine.headers["Content-Type"] == real["headers"]["Content-Type"]


def test_its_sessions_live_by_the_clock_it_is_given() -> None:
    now = NOON
    fake = FakeOry(clock=lambda: now, lifespan=timedelta(hours=1))
    session = fake.kratos.sign_in(fake.kratos.add_identity())

    def is_active() -> bool:
        answer = fake.handle("kratos", "GET", f"/admin/sessions/{session}")
        active: bool = json.loads(answer.body)["active"]
        return active

    assert is_active()
    now += timedelta(hours=1)
    assert not is_active()


def test_a_code_can_be_a_second_factor_where_it_is_said_so(fake: FakeOry, person: str) -> None:
    session = fake.kratos.sign_in(person, "code")
    fake.kratos.add_factor(session, "code", "aal2")
    answer = json.loads(fake.handle("kratos", "GET", f"/admin/sessions/{session}").body)
    assert answer["authenticator_assurance_level"] == "aal2"


def test_calls_are_kept_broken_ones_too(fake: FakeOry, served: Served) -> None:
    fake.break_calls("hydra", faults.says(500), method="GET", times=1)
    for _ in range(2):
        requests.get(f"{served.hydra.url}/health/ready", timeout=5)
    requests.get(f"{served.kratos.url}/admin/health/ready?x=1", timeout=5)
    assert [(call.upstream, call.method, call.target) for call in fake.calls] == [
        ("hydra", "GET", "/health/ready"),
        ("hydra", "GET", "/health/ready"),
        ("kratos", "GET", "/admin/health/ready?x=1"),
    ]


def test_only_the_calls_that_were_meant_go_wrong(fake: FakeOry, served: Served) -> None:
    address = f"{served.kratos.url}/admin/sessions/{UNKNOWN}"
    fake.break_calls("kratos", faults.says(500), method="DELETE")
    fake.break_calls("hydra", faults.says(500))
    assert requests.get(address, timeout=5).status_code == 404
    assert requests.delete(address, timeout=5).status_code == 500
    fake.heal()
    assert requests.delete(address, timeout=5).status_code == 404


def test_what_has_no_route_is_answered_without_ado(fake: FakeOry) -> None:
    assert fake.handle("kratos", "POST", "/admin/identities").status == 404
    assert fake.handle("hydra", "DELETE", "/admin/clients/web").status == 404


def test_its_port_can_be_chosen(fake: FakeOry) -> None:
    with fake.serve() as free:
        port = free.kratos.server_address[1]
    with fake.serve(kratos_port=port) as served:
        assert served.kratos.url == f"http://127.0.0.1:{port}"
