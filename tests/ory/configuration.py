"""The configuration of the Kratos and the Hydra under test, as values that become JSON.

Both servers read YAML, of which JSON is a part. What a test module wants different from the
defaults is said by a ``Setup``; everything else is how the guides tell an operator to
configure the hooks.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

Json: TypeAlias = dict[str, object]

FOLDER: Final = Path(__file__).parent / "config"

KRATOS_HOOK_KEY: Final = "the-key-that-kratos-sends-in-these-tests"
HYDRA_HOOK_KEY: Final = "the-key-that-hydra-sends-in-these-tests"
OPERATOR_KEY: Final = "the-key-of-an-operator-in-these-tests"

LOGIN_METHODS: Final = ("password", "code", "totp", "lookup_secret", "webauthn")


@dataclass(frozen=True, slots=True)
class Setup:
    """What a test module can set. Durations are Go's: ``90s``, ``1h30m``."""

    lifespan: str = "1h"
    earliest_possible_extend: str | None = None
    """How long before its end a session may be extended; ``None``: always (F96)."""
    faster_session_extend: bool = False
    """Extend answers 204 without the session (F54)."""
    required_aal: Literal["aal1", "highest_available"] = "aal1"
    """What ``whoami`` asks for (F64)."""
    rotation_grace_period: str | None = None
    """How long a rotated refresh token may be used again (F26, F85)."""
    token_hook: bool = True
    refresh_token_hook: bool = False
    """Hydra's older hook (F3)."""
    jwt_access_tokens: bool = False
    """Access tokens that their reader can open, instead of opaque ones."""
    top_level_claims: tuple[str, ...] = ()
    """Claims that a JWT access token shows at its top level (F18)."""
    mirror_top_level_claims: bool = True
    """Whether it shows all of them under ``ext`` as well."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens on 127.0.0.1."""

    kratos_public: int
    kratos_admin: int
    hydra_public: int
    hydra_admin: int
    app: int
    hooks: int


def url(port: int) -> str:
    """Return the address of a port of this machine."""
    return f"http://127.0.0.1:{port}"


def kratos(setup: Setup, ports: Ports, dsn: str) -> Json:
    """Return Kratos' configuration with its login hooks pointing at the service."""
    app, public = url(ports.app), url(ports.kratos_public)
    session: Json = {"lifespan": setup.lifespan, "whoami": {"required_aal": setup.required_aal}}
    if setup.earliest_possible_extend is not None:
        session["earliest_possible_extend"] = setup.earliest_possible_extend
    return {
        "dsn": dsn,
        "serve": {
            "public": {"host": "127.0.0.1", "port": ports.kratos_public, "base_url": public},
            "admin": {"host": "127.0.0.1", "port": ports.kratos_admin},
        },
        "oauth2_provider": {"url": url(ports.hydra_admin)},
        "identity": {
            "default_schema_id": "person",
            "schemas": [{"id": "person", "url": _inline("person.schema.json")}],
        },
        "secrets": {
            "cookie": ["a-cookie-secret-for-tests-only-1"],
            "cipher": ["a-cipher-secret-for-tests-only-1"],
        },
        # The cheapest hash Kratos accepts: signing in costs 5 ms instead of half a second.
        "hashers": {"algorithm": "bcrypt", "bcrypt": {"cost": 4}},
        "session": session,
        "feature_flags": {"faster_session_extend": setup.faster_session_extend},
        "selfservice": {
            "default_browser_return_url": f"{app}/",
            "allowed_return_urls": [app, url(ports.hydra_public)],
            "methods": {
                "password": {"enabled": True, "config": {"haveibeenpwned_enabled": False}},
                "code": {"enabled": True, "passwordless_enabled": True},
                "totp": {"enabled": True, "config": {"issuer": "Example"}},
                "lookup_secret": {"enabled": True},
                "webauthn": {
                    "enabled": True,
                    "config": {
                        "passwordless": False,
                        "rp": {"id": "localhost", "display_name": "Example", "origins": [app]},
                    },
                },
                "link": {"enabled": False},
            },
            "flows": _kratos_flows(ports),
        },
        "courier": {
            "delivery_strategy": "http",
            "http": {
                "request_config": {
                    "url": f"{app}/courier",
                    "method": "POST",
                    "body": _inline("courier.jsonnet"),
                }
            },
        },
        "log": {"level": "info", "format": "json", "leak_sensitive_values": False},
    }


def hydra(setup: Setup, ports: Ports, dsn: str) -> Json:
    """Return Hydra's configuration with the hooks that the setup asks for."""
    app, public, admin = url(ports.app), url(ports.hydra_public), url(ports.hydra_admin)
    oauth2: Json = {
        "allowed_top_level_claims": list(setup.top_level_claims),
        "mirror_top_level_claims": setup.mirror_top_level_claims,
    }
    if setup.token_hook:
        oauth2["token_hook"] = _hydra_hook(ports, "token")
    if setup.refresh_token_hook:
        oauth2["refresh_token_hook"] = _hydra_hook(ports, "refresh-token")
    if setup.rotation_grace_period is not None:
        grace = {"rotation_grace_period": setup.rotation_grace_period}
        oauth2["grant"] = {"refresh_token": grace}
    return {
        "dsn": dsn,
        "serve": {
            "public": {"host": "127.0.0.1", "port": ports.hydra_public},
            "admin": {"host": "127.0.0.1", "port": ports.hydra_admin},
        },
        "urls": {
            "self": {"issuer": public, "public": public, "admin": admin},
            "login": f"{app}/oauth2/login",
            "consent": f"{app}/oauth2/consent",
            "logout": f"{app}/oauth2/logout",
            "error": f"{app}/error",
            "identity_provider": {
                "url": url(ports.kratos_admin),
                "publicUrl": url(ports.kratos_public),
            },
        },
        "secrets": {"system": ["a-system-secret-for-tests-only-1"]},
        "ttl": {"access_token": "10m", "refresh_token": "720h"},
        "strategies": {"access_token": "jwt" if setup.jwt_access_tokens else "opaque"},
        "oauth2": oauth2,
        "log": {"level": "info", "format": "json", "leak_sensitive_values": False},
    }


def _kratos_flows(ports: Ports) -> Json:
    """Only login hooks: those of the other flows come with the service's routes for them."""
    app = url(ports.app)
    return {
        "error": {"ui_url": f"{app}/error"},
        "login": {
            "ui_url": f"{app}/login",
            # One list per method, the method in the URL: bodies do not name it (F34), and a
            # method's own list replaces the global one (F36).
            "after": {
                method: {"hooks": [_web_hook(ports, f"login/{method}", parse=True)]}
                for method in LOGIN_METHODS
            },
        },
        "settings": {
            "ui_url": f"{app}/settings",
            "privileged_session_max_age": "15m",
            "required_aal": "highest_available",
        },
        "recovery": {"enabled": True, "use": "code", "ui_url": f"{app}/recovery"},
        "verification": {"enabled": True, "use": "code", "ui_url": f"{app}/verification"},
        "logout": {"after": {"default_browser_return_url": f"{app}/"}},
    }


def _web_hook(ports: Ports, path: str, *, parse: bool) -> Json:
    return {
        "hook": "web_hook",
        "config": {
            "url": f"{url(ports.hooks)}/hooks/kratos/{path}",
            "method": "POST",
            "body": _inline("hook.jsonnet"),
            "auth": _bearer(KRATOS_HOOK_KEY),
            "response": {"parse": parse},
        },
    }


def _hydra_hook(ports: Ports, path: str) -> Json:
    return {
        "url": f"{url(ports.hooks)}/hooks/hydra/{path}",
        "auth": _bearer(HYDRA_HOOK_KEY),
    }


def _bearer(key: str) -> Json:
    """Authorization is the one header that Ory's logs redact (F92); Hydra needs ``in`` (F91)."""
    config = {"in": "header", "name": "Authorization", "value": f"Bearer {key}"}
    return {"type": "api_key", "config": config}


def _inline(name: str) -> str:
    """``base64://`` needs no file, so the servers' working directory does not matter (F93)."""
    return "base64://" + base64.b64encode((FOLDER / name).read_bytes()).decode()
