"""Whose session a cookie or a token proves, as Kratos' public API tells it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Protocol

import pytest
import requests
from contract.worlds import deadline
from ory import native
from ory.browser import Browser
from ory.lab import Ory
from ory.people import Person

from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.fake import FakeOry, Served
from webhook_service.ory.kratos import Kratos
from webhook_service.ory.kratos_public import KratosPublic
from webhook_service.ory.transport import Transport

COOKIE = "ory_kratos_session"
TRAITS = {"staff": True}


@dataclass(frozen=True, slots=True)
class Held:
    """A session as a browser or an app holds it."""

    session_id: str
    identity_id: str
    credential: str


class Door(Protocol):
    """A way to sessions that are held, and to Kratos' public API."""

    url: str

    def browser(self) -> Held:
        """Sign a new person in with a browser."""
        ...

    def app(self) -> Held:
        """Sign a new person in with a native app."""
        ...

    def sign_out(self, held: Held) -> None:
        """End the session."""
        ...

    def extend(self, held: Held) -> None:
        """Extend the session through the admin API."""
        ...

    def disable(self, held: Held) -> None:
        """Set the identity's state to inactive."""
        ...

    def delete(self, held: Held) -> None:
        """Delete the identity."""
        ...


@dataclass
class FakeDoor:
    fake: FakeOry
    served: Served
    url: str = field(init=False)

    def __post_init__(self) -> None:
        self.url = self.served.kratos_public.url

    def browser(self) -> Held:
        identity, session = self._signed_in()
        return Held(session, identity, self.fake.kratos_public.cookie_of(session))

    def app(self) -> Held:
        identity, session = self._signed_in()
        return Held(session, identity, self.fake.kratos_public.token_of(session))

    def sign_out(self, held: Held) -> None:
        self.fake.kratos.sessions[held.session_id].revoked = True

    def extend(self, held: Held) -> None:
        self.fake.kratos.extend_session(held.session_id, {})

    def disable(self, held: Held) -> None:
        self.fake.kratos.identities[held.identity_id].state = "inactive"

    def delete(self, held: Held) -> None:
        self.fake.kratos.delete_identity(held.identity_id)

    def _signed_in(self) -> tuple[str, str]:
        identity = self.fake.kratos.add_identity({"email": "ada@example.org", **TRAITS})
        return identity, self.fake.kratos.sign_in(identity)


@dataclass
class RealDoor:
    ory: Ory
    open: ExitStack
    url: str = field(init=False)
    _people: dict[str, Person] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.url = self.ory.kratos_public_url

    def browser(self) -> Held:
        person = self._person()
        browser = self.open.enter_context(Browser(self.ory, person))
        browser.login()
        (cookie,) = [one.value for one in browser._http.cookies if one.name == COOKIE]
        assert cookie is not None
        return Held(browser.session_id, person.id, cookie)

    def app(self) -> Held:
        person = self._person()
        session = native.login(self.ory, person)
        return Held(session.id, person.id, session.token)

    def sign_out(self, held: Held) -> None:
        self.ory.people.revoke(held.session_id)

    def extend(self, held: Held) -> None:
        Kratos(Transport("kratos", self.ory.kratos_admin_url)).extend(held.session_id, deadline())

    def disable(self, held: Held) -> None:
        self.ory.people.disable(self._people[held.identity_id])

    def delete(self, held: Held) -> None:
        self.ory.people.delete(self._people[held.identity_id])

    def _person(self) -> Person:
        person = self.ory.people.create(TRAITS)
        self._people[person.id] = person
        return person


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.ory)])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    with ExitStack() as stack:
        if request.param == "real":
            yield RealDoor(request.getfixturevalue("ory"), stack)
        else:
            fake = FakeOry()
            yield FakeDoor(fake, stack.enter_context(fake.serve()))


@pytest.fixture
def public(door: Door) -> Iterator[KratosPublic]:
    transport = Transport("kratos", door.url)
    yield KratosPublic(transport)
    transport.close()


def status(door: Door, headers: dict[str, str]) -> int:
    """Ask as no client of ours would, and return the status."""
    return requests.get(f"{door.url}/sessions/whoami", headers=headers, timeout=10).status_code


def test_a_cookie_proves_the_session_of_its_browser(door: Door, public: KratosPublic) -> None:
    held = door.browser()
    session = public.whoami(deadline(), cookie=held.credential)
    assert session is not None
    assert session.id == held.session_id
    assert session.active
    assert session.methods == ("password",)
    assert session.identity is not None
    assert session.identity.id == held.identity_id
    assert session.identity.traits["staff"] is True


def test_a_token_proves_the_session_of_its_app(door: Door, public: KratosPublic) -> None:
    held = door.app()
    session = public.whoami(deadline(), token=held.credential)
    assert session is not None
    assert session.id == held.session_id


def test_a_cookie_is_no_token_and_a_made_up_one_proves_nothing(
    door: Door, public: KratosPublic
) -> None:
    held = door.browser()
    assert public.whoami(deadline(), token=f"ory_st_{'x' * 32}") is None
    assert public.whoami(deadline(), cookie="MTc5NTU3Njk3NXxub25zZW5zZQ==") is None
    assert (
        KratosPublic(Transport("kratos", door.url), "another_cookie").whoami(
            deadline(), cookie=held.credential
        )
        is None
    )


def test_a_session_that_was_ended_is_proved_no_more(door: Door, public: KratosPublic) -> None:
    browser, app = door.browser(), door.app()
    door.sign_out(browser)
    door.sign_out(app)
    assert public.whoami(deadline(), cookie=browser.credential) is None
    assert public.whoami(deadline(), token=app.credential) is None


def test_nobody_is_told_of_a_disabled_or_deleted_person(door: Door, public: KratosPublic) -> None:
    """F82."""
    disabled, deleted = door.browser(), door.app()
    door.disable(disabled)
    door.delete(deleted)
    assert public.whoami(deadline(), cookie=disabled.credential) is None
    assert public.whoami(deadline(), token=deleted.credential) is None


def test_a_token_counts_before_a_cookie_and_a_bearer_token_after_it(door: Door) -> None:
    """So one credential is sent, and never the service's own API key with it."""
    browser, app = door.browser(), door.app()
    cookie = {"Cookie": f"{COOKIE}={browser.credential}"}
    assert status(door, {**cookie, "X-Session-Token": "nothing"}) == 401
    assert status(door, {**cookie, "Authorization": "Bearer nothing"}) == 200
    assert status(door, {"Authorization": f"Bearer {app.credential}"}) == 200
    assert status(door, {"Authorization": "Bearer nothing"}) == 401
    assert status(door, {}) == 401


def test_an_address_that_is_not_the_public_api_is_an_error_and_no_sign_out(door: Door) -> None:
    """A wrong KRATOS_PUBLIC_URL must not look as if nobody were signed in."""
    wrong = KratosPublic(Transport("kratos", f"{door.url}/elsewhere"))
    with pytest.raises(OryError) as caught:
        wrong.whoami(deadline(), token=door.app().credential)
    assert caught.value.reason is UpstreamReason.INVALID


def test_a_browser_gets_a_new_cookie_after_an_extension_until_it_sends_that(
    door: Door, public: KratosPublic
) -> None:
    """F57."""
    held = door.browser()
    assert public.show(deadline(), cookie=held.credential).set_cookie is None
    door.extend(held)
    lines = {public.show(deadline(), cookie=held.credential).set_cookie for _ in range(2)}
    assert None not in lines
    line = str(lines.pop())
    assert line.startswith(f"{COOKIE}=")
    assert "; Path=/; " in line
    assert line.endswith("; HttpOnly; SameSite=Lax")
    fresh = line.partition("=")[2].partition(";")[0]
    assert public.show(deadline(), cookie=fresh).set_cookie is None


def test_an_app_gets_none(door: Door, public: KratosPublic) -> None:
    held = door.app()
    door.extend(held)
    shown = public.show(deadline(), token=held.credential)
    assert shown.session is not None
    assert shown.set_cookie is None


def test_the_public_api_says_that_it_is_ready(public: KratosPublic) -> None:
    public.ready(deadline())
