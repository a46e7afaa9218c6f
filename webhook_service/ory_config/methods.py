"""The ways in which people prove who they are, and in which of Kratos' flows each takes part."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from webhook_service.ory_config.plan import Tree, found


class Flow(StrEnum):
    """The flows with a list of hooks for each method (F34)."""

    LOGIN = "login"
    REGISTRATION = "registration"
    SETTINGS = "settings"


_ALL: Final = frozenset(Flow)
_WITHOUT_SETTINGS: Final = frozenset({Flow.LOGIN, Flow.REGISTRATION})
_SECOND_FACTOR: Final = frozenset({Flow.LOGIN, Flow.SETTINGS})

METHODS: Final[Mapping[str, frozenset[Flow]]] = {
    "password": _ALL,
    "oidc": _ALL,
    "saml": _WITHOUT_SETTINGS,
    "code": _WITHOUT_SETTINGS,
    "totp": _SECOND_FACTOR,
    "lookup_secret": _SECOND_FACTOR,
    "webauthn": _ALL,
    "passkey": _ALL,
    "profile": frozenset({Flow.SETTINGS}),
}
"""Where a list of the method's own may stand: Kratos does not start with another one."""

DEFAULT: Final = tuple(method for method in METHODS if method != "saml")
"""What is configured where nobody says which methods are used. A list for a method that is
switched off does no harm; one for ``saml`` does not start with Kratos 1.3.1."""

_ON_BY_DEFAULT: Final = frozenset({"password", "profile", "code"})


def enabled(config: Tree) -> tuple[str, ...]:
    """Return the methods that a configuration of Kratos switches on."""
    return tuple(method for method in METHODS if _is_enabled(config, method))


def _is_enabled(config: Tree, method: str) -> bool:
    told = found(config, ("selfservice", "methods", method))
    told = told if isinstance(told, Mapping) else {}
    if told.get("enabled", method in _ON_BY_DEFAULT) is not True:
        return False
    if method != "code":
        return True
    # Switched on, codes are for recovery and verification: those flows have lists of their own.
    return told.get("passwordless_enabled") is True or told.get("mfa_enabled") is True
