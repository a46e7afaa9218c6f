"""An operator at a service on a workbench."""

from __future__ import annotations

import re
from collections.abc import Mapping

from unit.workbench import OPERATOR_KEY, Bench
from werkzeug.test import TestResponse

COOKIE = "__Host-webhook_service_operator"
TOKEN = re.compile(r'name="token" value="([^"]+)"')
BASE = "https://ops.example.org"
"""Where browsers reach the page: the cookie is for https only."""


class Operator:
    """A browser with a jar of its own."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.client = bench.app.test_client()

    @property
    def cookie(self) -> str | None:
        """The value of the sign-in's cookie."""
        cookie = self.client.get_cookie(COOKIE, "ops.example.org")
        return None if cookie is None else cookie.value

    def get(self, path: str, **headers: str) -> TestResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, base_url=BASE, headers=sent)

    def send(
        self, path: str, form: Mapping[str, str] | None = None, **headers: str
    ) -> TestResponse:
        """Send a form as it is."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, base_url=BASE, data=dict(form or {}), headers=sent)

    def post(self, path: str, form: Mapping[str, str] | None = None) -> TestResponse:
        """Send a form with the token of a page that was shown."""
        return self.send(path, {"token": self.token(), **(form or {})})

    def token(self) -> str:
        """Return the token of the forms of this sign-in."""
        match = TOKEN.search(self.get("/simulate").text)
        assert match is not None
        return match[1]


def sign_in(bench: Bench, key: str = OPERATOR_KEY) -> Operator:
    """Return an operator who is signed in."""
    operator = Operator(bench)
    answer = operator.send("/sign-in", {"key": key})
    assert answer.status_code == 303
    return operator
