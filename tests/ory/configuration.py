"""The configuration of the Kratos and the Hydra under test, as values that become JSON.

Both servers read YAML, of which JSON is a part. What a test module wants different from the
defaults is said by a ``Setup``; everything else is how the guides tell an operator to
configure the hooks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ory import hook_lists
from ory.hook_lists import Json

FOLDER: Final = Path(__file__).parent / "config"


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
    every_hook: bool = False
    """Kratos calls the service in all its flows, not only after logins."""
    pass_session_cookie: bool = False
    """The hook after a change of settings tells by which session's cookie (F33)."""
    jwt_access_tokens: bool = False
    """Access tokens that their reader can open, instead of opaque ones."""
    top_level_claims: tuple[str, ...] = ()
    """Claims that a JWT access token shows at its top level (F18)."""
    mirror_top_level_claims: bool = True
    """Whether it shows all of them under ``ext`` as well."""
    traces_to: str | None = None
    """Where both send their traces: ``HOST:PORT`` of a collector, by OTLP over HTTP."""


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
    """Return Kratos' configuration with its hooks pointing at the service."""
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
        "feature_flags": {
            "faster_session_extend": setup.faster_session_extend,
            # Without it a recovery tells a native app to open a browser.
            "use_continue_with_transitions": True,
        },
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
            "flows": _kratos_flows(setup, ports),
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
            "worker": {"pull_wait": "100ms"},
        },
        **_tracing(setup, "kratos"),
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
        oauth2["token_hook"] = hook_lists.of_hydra(url(ports.hooks), "token")
    if setup.refresh_token_hook:
        oauth2["refresh_token_hook"] = hook_lists.of_hydra(url(ports.hooks), "refresh-token")
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
        **_tracing(setup, "hydra"),
        "log": {"level": "info", "format": "json", "leak_sensitive_values": False},
    }


def _tracing(setup: Setup, name: str) -> Json:
    if setup.traces_to is None:
        return {}
    otlp: Json = {
        "server_url": setup.traces_to,
        "insecure": True,
        "sampling": {"sampling_ratio": 1},
    }
    return {"tracing": {"provider": "otel", "service_name": name, "providers": {"otlp": otlp}}}


def _kratos_flows(setup: Setup, ports: Ports) -> Json:
    app = url(ports.app)
    receiver = hook_lists.Receiver(url(ports.hooks), setup.pass_session_cookie)
    flows: dict[str, Json] = {
        "error": {"ui_url": f"{app}/error"},
        "login": {"ui_url": f"{app}/login", "after": hook_lists.of_logins(receiver)},
        "registration": {"ui_url": f"{app}/registration"},
        "settings": {
            "ui_url": f"{app}/settings",
            "privileged_session_max_age": "15m",
            "required_aal": "highest_available",
        },
        "recovery": {"enabled": True, "use": "code", "ui_url": f"{app}/recovery"},
        "verification": {"enabled": True, "use": "code", "ui_url": f"{app}/verification"},
        "logout": {"after": {"default_browser_return_url": f"{app}/"}},
    }
    if setup.every_hook:
        flows["registration"]["after"] = hook_lists.of_registrations(receiver)
        flows["settings"]["after"] = hook_lists.of_settings(receiver)
        flows["recovery"]["after"] = hook_lists.of_recovery(receiver)
        flows["verification"]["after"] = hook_lists.of_verification(receiver)
    return {**flows}


def _inline(name: str) -> str:
    return hook_lists.inline((FOLDER / name).read_text())
