"""Which hooks Kratos calls in which flow, as the guides tell an operator to configure them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from ory.keys import HYDRA_HOOK_KEY, KRATOS_HOOK_KEY

Json: TypeAlias = dict[str, object]

LOGIN_METHODS: Final = ("password", "code", "totp", "lookup_secret", "webauthn")
REGISTRATION_METHODS: Final = ("password", "code")
SETTINGS_METHODS: Final = ("password", "totp", "lookup_secret", "webauthn", "profile")

BODY: Final = Path(__file__).parents[2] / "docs" / "kratos.jsonnet"
COOKIE_KEPT_BACK: Final = "local pass_session_cookie = false;"

SESSION: Final[Json] = {"hook": "session"}


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who is called.

    Attributes:
        url: where it listens.
        pass_session_cookie: whether Kratos may tell by which session's cookie a change of
            settings was made. The operator's one file says so, for every hook.
    """

    url: str
    pass_session_cookie: bool

    def hook(self, path: str, *, parse: bool = True) -> Json:
        """Return a hook of Kratos'; ``parse`` lets the answer refuse."""
        return {
            "hook": "web_hook",
            "config": {
                "url": f"{self.url}/hooks/kratos/{path}",
                "method": "POST",
                "body": inline(self._body()),
                "auth": _bearer(KRATOS_HOOK_KEY),
                "response": {"parse": parse},
            },
        }

    def _body(self) -> str:
        body = BODY.read_text()
        if self.pass_session_cookie:
            assert COOKIE_KEPT_BACK in body, f"{BODY} cannot pass the session cookie"
            body = body.replace(COOKIE_KEPT_BACK, COOKIE_KEPT_BACK.replace("false", "true"))
        return body


def of_logins(receiver: Receiver) -> Json:
    """Return the hooks after each login.

    One list per method, the method in the URL: bodies do not name it (F34), and a method's
    own list replaces the global one (F36).
    """
    return {method: _list(receiver.hook(f"login/{method}")) for method in LOGIN_METHODS}


def of_registrations(receiver: Receiver) -> Json:
    """Return the hooks after each registration: the service may refuse, then a session is made."""
    return {
        method: _list(receiver.hook(f"registration/{method}"), SESSION)
        for method in REGISTRATION_METHODS
    }


def of_settings(receiver: Receiver) -> Json:
    """Return the hooks around each change of settings: before it is stored, and after (F89)."""
    return {
        method: _list(
            receiver.hook(f"settings/{method}"), receiver.hook(f"settings/{method}", parse=False)
        )
        for method in SETTINGS_METHODS
    }


def of_recovery(receiver: Receiver) -> Json:
    """Return the hooks after a recovery."""
    return _list(receiver.hook("recovery"))


def of_verification(receiver: Receiver) -> Json:
    """Return the hooks after a verification."""
    return _list(receiver.hook("verification"))


def of_hydra(url: str, name: str) -> Json:
    """Return one of Hydra's token hooks."""
    return {"url": f"{url}/hooks/hydra/{name}", "auth": _bearer(HYDRA_HOOK_KEY)}


def inline(text: str) -> str:
    """Return a file's text as Ory takes it in the place of an address.

    ``base64://`` needs no file, so the servers' working directory does not matter (F93).
    """
    return "base64://" + base64.b64encode(text.encode()).decode()


def _list(*hooks: Json) -> Json:
    return {"hooks": list(hooks)}


def _bearer(key: str) -> Json:
    """Authorization is the one header that Ory's logs redact (F92); Hydra needs ``in`` (F91)."""
    config = {"in": "header", "name": "Authorization", "value": f"Bearer {key}"}
    return {"type": "api_key", "config": config}
