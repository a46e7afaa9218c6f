"""A policy file as values: what the loader makes and ``decide`` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from webhook_service.policy.conditions import Expression
    from webhook_service.policy.facts import EventName
    from webhook_service.policy.hearing import Listener

UNLIMITED: Final = "unlimited"
"""The ``max_age`` that must be spelled out to say: no cap (P22)."""


class Section(StrEnum):
    """The sections of a policy file, in the order in which they decide (P21)."""

    DENY = "deny"
    MFA = "mfa"
    SESSIONS = "sessions"
    REVOKE = "revoke"
    CLAIMS = "claims"


class Revocation(StrEnum):
    """What a revoke rule ends (section 2)."""

    OTHER_SESSIONS = "other_sessions"
    ALL_SESSIONS = "all_sessions"
    TOKENS = "tokens"


@dataclass(frozen=True, slots=True)
class Require:
    """What an mfa rule demands of the live session (P15)."""

    aal: Literal["aal1", "aal2"]
    max_age: timedelta | None
    methods: tuple[str, ...]
    """The accepted methods: those named in the file, or every one of that level."""
    any_method: bool = False
    """True where the file names no methods: any factor of that level counts (P15), also by a
    method that is not in the list (a provider that Kratos maps to aal2, F76; a recovery)."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """How long someone without a second factor is let through (P16)."""

    grace: timedelta
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Rule:
    """What every rule has. ``when`` is ``None`` where the rule always holds."""

    section: Section
    name: str
    line: int
    description: str | None
    when: Expression | None
    events: frozenset[EventName]
    shadow: bool
    message: str | None
    on_error: Literal["deny", "allow", "revoke", "skip"] | None
    """``None`` for claims rules, which have no ``on_error``."""


@dataclass(frozen=True, slots=True)
class DenyRule(Rule):
    """Refuse."""


@dataclass(frozen=True, slots=True)
class MfaRule(Rule):
    """Demand a level of assurance."""

    require: Require
    enrolment: Enrolment | None
    step_up_within: timedelta | None


@dataclass(frozen=True, slots=True)
class SessionRule(Rule):
    """Extend, cap, demand a live session."""

    extend: bool | timedelta | None
    """True, false, ``when_left`` as a duration, or no say."""
    max_age: timedelta | Literal["unlimited"] | None
    counted_from: Literal["authenticated_at", "issued_at"]
    must_be_active: bool


@dataclass(frozen=True, slots=True)
class RevokeRule(Rule):
    """End other sessions and tokens."""

    revoke: frozenset[Revocation]


@dataclass(frozen=True, slots=True)
class ClaimsRule(Rule):
    """Add claims to the tokens (P30, P31)."""

    access_token: Mapping[str, Expression]
    id_token: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy file. Rules stand in deciding order: section by section, then file order.

    ``digest`` is the first 12 hex digits of the SHA-256 of the file's bytes: decision
    records carry it.
    """

    rules: tuple[Rule, ...]
    conditions: Mapping[str, Expression]
    digest: str
    tests: tuple[PolicyTest, ...] = ()
    listeners: dict[EventName, tuple[Listener, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """The rules as ``decide`` prepares them, once per event, and keeps them here. They follow
    from ``rules`` alone, so it does not matter which thread comes first."""

    ends: bool = field(init=False, repr=False, compare=False)
    """Whether an enforced rule can end sessions or tokens: a cap, a window, a revocation."""
    acts: bool = field(init=False, repr=False, compare=False)
    """Whether one can have any effect on Ory: it ends something, or extends."""

    def __post_init__(self) -> None:
        ends = any(_ends(rule) for rule in self.rules if not rule.shadow)
        acts = ends or any(
            isinstance(rule, SessionRule) and bool(rule.extend) and not rule.shadow
            for rule in self.rules
        )
        # Said once, at load: every event asks.
        object.__setattr__(self, "ends", ends)
        object.__setattr__(self, "acts", acts)

    def rule(self, name: str) -> Rule | None:
        """Return the rule of that name; ``None`` where there is none."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def at(self, event: EventName) -> tuple[Rule, ...]:
        """Return the rules that listen to the event, in deciding order."""
        return tuple(rule for rule in self.rules if event in rule.events)


def _ends(rule: Rule) -> bool:
    match rule:
        case SessionRule():
            return isinstance(rule.max_age, timedelta)
        case MfaRule():
            return rule.step_up_within is not None
    return isinstance(rule, RevokeRule)


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """One entry of ``tests`` (section 7), with its timestamps still as written (``now-15m``)."""

    name: str
    line: int
    event: EventName
    now: datetime
    payload: str | None
    facts: Mapping[str, object]
    unavailable: frozenset[str]
    expect: Mapping[str, object]
