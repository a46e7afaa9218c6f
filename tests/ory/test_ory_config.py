"""Kratos and Hydra with the hooks that ``ory-config`` prints, as a second configuration file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from ory import configuration, native, native_account, servers
from ory.configuration import Ports, Setup, url
from ory.device import SignIn
from ory.keys import HYDRA_HOOK_KEY, KRATOS_HOOK_KEY
from ory.lab import Ory, running_ory
from ory.service import Service
from ory.waiting import wait_for

POLICY = """
deny:
  - name: nobody registers for the board
    events: [kratos.registration]
    when: identity.traits.department == "board"
  - name: the department stays
    events: [kratos.settings]
    when: event.method == "profile" && identity.traits.department == "board"
  - name: the board signs in elsewhere
    events: [kratos.login]
    when: identity.traits.department == "board"
sessions:
  - name: stays signed in
    extend: true
    max_age: 30d
revoke:
  - name: a new password ends the other sessions
    events: [kratos.settings]
    when: event.method == "password"
    revoke: [other_sessions]
  - name: so does a recovery
    events: [kratos.recovery]
    revoke: [other_sessions]
"""


@pytest.fixture(scope="module")
def ory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ory]:
    """Return servers whose own configuration has no hook, beside what the command prints."""
    folder = tmp_path_factory.mktemp("configured")
    policy = folder / "policy.yaml"
    policy.write_text("version: 1\n" + POLICY)
    where: dict[str, str] = {}
    of_kratos = configuration.kratos

    def without_hooks(setup: Setup, ports: Ports, dsn: str) -> Any:
        where["PUBLIC_URL"] = url(ports.hooks)
        config: Any = of_kratos(setup, ports, dsn)
        del config["selfservice"]["flows"]["login"]["after"]
        return config

    class WithPrintedHooks(servers.Server):
        def __init__(
            self, name: str, arguments: Sequence[str], ports: Sequence[int], folder: Path
        ) -> None:
            printed = folder / f"{name}-hooks.yml"
            printed.write_text(run("ory-config", name, POLICY_FILE=str(policy), **where))
            super().__init__(name, [*arguments, "--config", str(printed)], ports, folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(configuration, "kratos", without_hooks)
        patch.setattr(servers, "Server", WithPrintedHooks)
        with running_ory(
            Setup(token_hook=False), tmp_path_factory.mktemp("templates"), folder
        ) as ory:
            yield ory


def run(*arguments: str, **environment: str) -> str:
    """Run a command as an operator does, and return what it prints; it must end with 0."""
    keys = {"KRATOS_HOOK_KEYS": KRATOS_HOOK_KEY, "HYDRA_HOOK_KEYS": HYDRA_HOOK_KEY}
    done = subprocess.run(  # noqa: S603  the program under test
        [sys.executable, "-m", "webhook_service", *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**keys, **environment},
    )
    return done.stdout


def test_a_login_and_a_token_refresh_reach_the_service(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start(POLICY)
    device = sign_in()
    assert device.refresh().status_code == 200
    assert service.last("kratos.login")["verdict"] == "allow"
    refreshed = service.last("hydra.token", after=1)
    assert refreshed["effects"]["extend_session"]["result"] == "extended"


def test_the_doctor_finds_nothing_wrong(ory: Ory) -> None:
    files = {name: str(ory.folder / f"{name}-hooks.yml") for name in ("kratos", "hydra")}
    printed = run(
        *("doctor", "--json", "--kratos", files["kratos"], "--hydra", files["hydra"]),
        POLICY_FILE=str(ory.folder / "policy.yaml"),
        PUBLIC_URL=url(ory.hooks_port),
        DATABASE_URL=f"sqlite:///{ory.folder}/effects.db",
        KRATOS_ADMIN_URL=ory.kratos_admin_url,
        HYDRA_ADMIN_URL=ory.hydra_admin_url,
    )
    told = json.loads(printed)
    assert told["errors"] == 0
    found = {one["code"] for one in told["findings"]}
    # The printed files say nothing of these, the servers were built by hand, and the tests may
    # run in a container.
    assert found <= {None, "settings.notice", "upstream.older", "kratos.writes_each_time"} | {
        "hydra.no_grace_period",
        "hydra.no_identity_provider",
        "database.ephemeral",
    }


def test_a_refused_login_shows_its_message(ory: Ory, service: Service) -> None:
    service.start(POLICY)
    person = ory.people.create({"department": "board"})
    reply = native.try_login(ory, person)
    assert reply.status_code == 400
    assert reply.json()["ui"]["messages"][0]["type"] == "error"
    assert service.last("kratos.login")["rule"] == "the board signs in elsewhere"


def test_a_registration_can_be_refused_and_signs_in_who_is_not(ory: Ory, service: Service) -> None:
    service.start(POLICY)
    refused = native_account.try_register(ory, "board@example.org", {"department": "board"})
    assert refused.status_code == 400
    _, session = native_account.register(ory)
    assert native.whoami(ory, session).status_code == 200
    assert len(service.records("kratos.registration")) == 2


def test_a_new_password_is_told_once_and_after_it_is_stored(ory: Ory, service: Service) -> None:
    """No deny rule can hold at a change of the password: nobody is called before it."""
    service.start(POLICY)
    person = ory.people.create()
    session, other = native.login(ory, person), native.login(ory, person)
    native_account.change_password(ory, session, person)
    wait_for(lambda: not ory.people.is_live(other.id), "the end of the other session")
    assert [record["verdict"] for record in service.records("kratos.settings")] == ["allow"]


def test_a_change_of_the_profile_can_be_refused_before_it_is_stored(
    ory: Ory, service: Service
) -> None:
    service.start(POLICY)
    person = ory.people.create({"department": "sales"})
    session = native.login(ory, person)
    form = {"method": "profile", "traits": {"email": person.email, "department": "board"}}
    reply = native.submit(native.begin(ory, "settings", session), form, session)
    assert reply.status_code == 400
    assert [record["rule"] for record in service.records("kratos.settings")] == [
        "the department stays"
    ]


def test_a_recovery_reaches_the_service(ory: Ory, service: Service) -> None:
    service.start(POLICY)
    native_account.recover(ory, ory.people.create())
    assert service.last("kratos.recovery")["verdict"] == "allow"
