"""A browser at the gates of the whole service, with the stand-in behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from unit.workbench import Bench
from unit.world import person, session
from werkzeug.test import TestResponse

from webhook_service.ory.fake.people import FakeSession

PUBLIC = "https://auth.example.org"
ADA = "0a1b2c3d-0000-4000-8000-000000000001"
BOB = "0a1b2c3d-0000-4000-8000-000000000002"
SESSION = "5e551011-0000-4000-8000-000000000001"

SECOND_FACTOR = """
mfa:
  - name: a second factor
    when: client.id == "bank"
    require: {aal: aal2}
    message: The bank needs your second step.
    enrolment: {grace: 7d}
"""


@dataclass
class Visitor:
    """A person's browser. ``client`` keeps cookies as a browser does."""

    bench: Bench

    @property
    def flows(self) -> Any:
        return self.bench.ory.hydra.flows

    def sign_in(
        self, *methods: str, whose: str = ADA, enrolled: tuple[str, ...] = (), **more: Any
    ) -> FakeSession:
        """Give the browser a session of a person."""
        ory = self.bench.ory
        one = person(ory, whose, addresses={f"{whose[-1]}@example.org": True})
        one.second_factors.update(enrolled)
        signed_in = session(ory, SESSION, whose, methods=methods or ("password",), **more)
        cookie = ory.kratos_public.cookie_of(SESSION)
        self.bench.client.set_cookie("ory_kratos_session", cookie, domain="localhost")
        return signed_in

    def lose_kratos(self) -> None:
        """Let Kratos' public API be unreachable."""

        def away(*_: object) -> Any:
            raise requests.ConnectionError

        self.bench.ory.handle_public = away  # type: ignore[method-assign]  # no Kratos

    def go(self, gate: str, challenge: str, **more: str) -> TestResponse:
        """Open a gate's address."""
        query = {f"{gate}_challenge": challenge, **more}
        return self.bench.client.get(f"/oauth2/{gate}", query_string=query)

    def send(self, gate: str, challenge: str, **form: str) -> TestResponse:
        """Send the form of a gate's page."""
        query = {f"{gate}_challenge": challenge}
        return self.bench.client.post(f"/oauth2/{gate}", query_string=query, data=form)

    def answered(self, challenge: str) -> tuple[str, Any]:
        """Return what Hydra was told."""
        answer: tuple[str, Any] = self.flows.answered(challenge)
        return answer

    def is_unanswered(self, challenge: str) -> bool:
        return self.flows.requests[challenge].answer is None


def token_on(page: TestResponse) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def where(response: TestResponse) -> tuple[str, dict[str, str]]:
    """Return the address without its query, and the query."""
    assert response.status_code == 303, (response.status_code, response.text)
    parts = urlsplit(response.headers["Location"])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return f"{parts.scheme}://{parts.netloc}{parts.path}", query
