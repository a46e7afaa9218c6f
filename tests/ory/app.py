"""The app that Hydra and Kratos send browsers to: login, consent, and the pages around them.

It does what the guides tell an operator's app to do: the login sends the browser on to
Kratos, the consent puts the id of the browser's Kratos session into the access token (F28).
Kratos' courier delivers to it as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import requests
from ory.listener import Listener, Reply, Request
from ory.mailbox import Mailbox


class App:
    """The login and consent app. Its public attributes are switches of the tests."""

    def __init__(self, port: int, kratos_public_url: str, hydra_admin_url: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.mailbox = Mailbox()
        self._kratos = kratos_public_url
        self._requests = f"{hydra_admin_url}/admin/oauth2/auth/requests"
        self._listener = Listener(port, self._answer)
        self.reset()

    def reset(self) -> None:
        """Set every switch to its default."""
        self.binds_session = True
        """Whether consent puts ``kratos_session_id`` into the access token (F28)."""
        self.remembers_consent = False
        self.second_factor_clients: set[str] = set()
        """Clients whose logins are begun with ``aal=aal2`` (F61)."""
        self.extra_claims: dict[str, dict[str, object]] = {}
        """More claims for ``access_token`` and ``id_token``."""
        self.consents_skipped = 0
        """How many consents Hydra said were remembered."""
        self.logins_skipped = 0
        """How many logins Hydra said were remembered."""

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def _answer(self, request: Request) -> Reply:
        if request.path == "/oauth2/login":
            return self._login(request.query["login_challenge"])
        if request.path == "/oauth2/consent":
            return self._consent(request.query["consent_challenge"], request.headers)
        if request.path == "/courier":
            self.mailbox.receive(request.body)
            return Reply(200)
        # The pages that only a person would look at: a browser's way ends here.
        return Reply(200, f"{request.path}\n".encode())

    def _login(self, challenge: str) -> Reply:
        asked = self._hydra("GET", "login", {"login_challenge": challenge})
        self.logins_skipped += bool(asked["skip"])
        query = {"login_challenge": challenge}
        if asked["client"]["client_id"] in self.second_factor_clients:
            query["aal"] = "aal2"
        return _see(f"{self._kratos}/self-service/login/browser?{urlencode(query)}")

    def _consent(self, challenge: str, headers: Mapping[str, str]) -> Reply:
        asked = self._hydra("GET", "consent", {"consent_challenge": challenge})
        self.consents_skipped += bool(asked["skip"])
        access = dict(self.extra_claims.get("access_token", {}))
        if self.binds_session:
            access["kratos_session_id"] = self._session_id(headers["cookie"])
        accepted = {
            "grant_scope": asked["requested_scope"],
            "grant_access_token_audience": asked["requested_access_token_audience"],
            "remember": self.remembers_consent,
            # A remembered consent comes here too, and its session must be sent again (F28).
            "session": {
                "access_token": access,
                "id_token": self.extra_claims.get("id_token", {}),
            },
        }
        done = self._hydra("PUT", "consent/accept", {"consent_challenge": challenge}, accepted)
        return _see(done["redirect_to"])

    def _session_id(self, cookies: str) -> str:
        reply = requests.get(
            f"{self._kratos}/sessions/whoami", headers={"Cookie": cookies}, timeout=10
        )
        reply.raise_for_status()
        session_id: str = reply.json()["id"]
        return session_id

    def _hydra(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        reply = requests.request(
            method, f"{self._requests}/{path}", params=query, json=body, timeout=10
        )
        reply.raise_for_status()
        answer: dict[str, Any] = reply.json()
        return answer


def _see(address: str) -> Reply:
    return Reply(302, headers={"Location": address})
