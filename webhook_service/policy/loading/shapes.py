"""What each section of a policy file may say, as tables (section 2, P7, P30)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from webhook_service.policy.facts import HYDRA, EventName
from webhook_service.policy.model import Section

OnError = Literal["deny", "allow", "revoke", "skip"]
Aal = Literal["aal1", "aal2"]

_REFUSE_OR_NOT: Final[Mapping[str, OnError]] = {"deny": "deny", "allow": "allow"}
_LOGIN: Final = EventName.KRATOS_LOGIN
_DECIDED: Final = frozenset({*HYDRA, _LOGIN, EventName.CHECK})


@dataclass(frozen=True, slots=True)
class Shape:
    """One section: the keys of its rules, and the events they may listen to.

    Attributes:
        what: a rule of it, for messages.
        own_keys: the keys that not every rule has.
        required: the keys that it must have beside ``name``.
        events: what it may listen to.
        default_events: what it listens to without ``events``, as far as the facts allow.
        on_error: what may follow from an unknown fact; the first is the default.
    """

    what: str
    own_keys: tuple[str, ...]
    required: tuple[str, ...]
    events: frozenset[EventName]
    default_events: tuple[EventName, ...]
    on_error: Mapping[str, OnError]

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key of such a rule."""
        on_error = ("on_error",) if self.on_error else ()
        return (*RULE_KEYS, *self.own_keys, *on_error)


RULE_KEYS: Final = ("name", "description", "when", "events", "mode")

SHAPES: Final[Mapping[Section, Shape]] = {
    Section.DENY: Shape(
        what="a deny rule",
        own_keys=("message",),
        required=(),
        events=_DECIDED | {EventName.KRATOS_REGISTRATION, EventName.KRATOS_SETTINGS},
        default_events=(EventName.HYDRA_TOKEN, _LOGIN, EventName.CHECK),
        on_error=_REFUSE_OR_NOT,
    ),
    Section.MFA: Shape(
        what="an mfa rule",
        own_keys=("message", "require", "enrolment", "step_up_within"),
        required=("require",),
        events=_DECIDED,
        default_events=(EventName.HYDRA_TOKEN, EventName.CHECK),
        on_error=_REFUSE_OR_NOT,
    ),
    Section.SESSIONS: Shape(
        what="a sessions rule",
        own_keys=("message", "extend", "max_age", "counted_from", "must_be_active"),
        required=(),
        events=_DECIDED,
        default_events=(EventName.HYDRA_TOKEN, _LOGIN, EventName.CHECK),
        on_error={"allow": "allow", "deny": "deny"},
    ),
    Section.REVOKE: Shape(
        what="a revoke rule",
        own_keys=("revoke",),
        required=("events", "revoke"),
        events=frozenset({EventName.KRATOS_SETTINGS, EventName.KRATOS_RECOVERY, _LOGIN}),
        default_events=(),
        on_error={"revoke": "revoke", "skip": "skip"},
    ),
    Section.CLAIMS: Shape(
        what="a claims rule",
        own_keys=("access_token", "id_token"),
        required=(),
        events=HYDRA,
        default_events=(EventName.HYDRA_TOKEN,),
        on_error={},
    ),
}

FILE_KEYS: Final = ("version", "mode", "conditions", *Section, "tests")
MODES: Final = {"enforce": False, "shadow": True}
"""Whether a rule of this mode is a shadow rule (P26)."""

SECOND_FACTORS: Final = ("totp", "webauthn", "lookup_secret", "code")
FACTORS: Final[Mapping[Aal, tuple[str, ...]]] = {
    "aal1": (*SECOND_FACTORS, "password", "oidc", "saml", "passkey"),
    "aal2": SECOND_FACTORS,
}
"""The methods that count towards each level, as Kratos reports them."""

CLAIM_NAME: Final = re.compile(r"[A-Za-z_][\w:./-]{0,63}", re.ASCII)
_NEVER_SET: Final = frozenset("iss sub aud exp nbf iat jti sid ext kratos_session_id".split())
RESERVED_CLAIMS: Final[Mapping[str, frozenset[str]]] = {
    "access_token": _NEVER_SET | {"client_id", "scp", "scope"},
    "id_token": _NEVER_SET | frozenset("nonce azp at_hash c_hash rat acr amr auth_time".split()),
}
"""The claims that are Hydra's, or bind the token to its session (P30)."""
