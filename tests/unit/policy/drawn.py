"""Policies, worlds, and what is seen of a world, drawn at random."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from webhook_service.policy.facts import EventName, Facts, Source, source_of
from webhook_service.policy.known import FACTORS
from webhook_service.policy.loader import load
from webhook_service.policy.model import (
    ClaimsRule,
    DenyRule,
    Enrolment,
    MfaRule,
    Policy,
    Require,
    Revocation,
    RevokeRule,
    Rule,
    Section,
    SessionRule,
)
from webhook_service.sessions import Factor

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
UNHURRIED = settings(deadline=None)  # a busy machine is no reason to fail
EVENTS = (
    EventName.HYDRA_TOKEN,
    EventName.CHECK,
    EventName.KRATOS_LOGIN,
    EventName.KRATOS_SETTINGS,
)

_CONDITIONS = load(b"""
version: 1
conditions:
  here: event.name == "check"
  signed_in: session.active
  step_up: session.aal == "aal2"
  not_strong: session.aal != "aal2"
  staff: identity.traits.staff == true
  vip: identity.metadata_admin.vip == true
  either: session.aal == "aal1" || identity.traits.staff == true
  both: session.active && identity.metadata_admin.vip != true
  recent: now - session.authenticated_at < duration("2h")
""").conditions
WHEN = st.one_of(st.none(), st.sampled_from(list(_CONDITIONS.values())))
CLAIM_VALUES = load(b"""
version: 1
claims:
  - name: a
    access_token:
      acr: session.aal
      at: session.authenticated_at
      staff: identity.traits.staff
      vip: identity.metadata_admin.vip
      fixed: '"x"'
""").rules[0]
assert isinstance(CLAIM_VALUES, ClaimsRule)

SPANS = st.sampled_from([HOUR / 2, HOUR, 2 * HOUR, timedelta(days=30)])
METHODS = ("totp", "webauthn", "lookup_secret", "code")


def head(section: Section, on_errors: tuple[str, ...]) -> dict[str, st.SearchStrategy[Any]]:
    return {
        "section": st.just(section),
        "name": st.uuids().map(str),
        "line": st.just(1),
        "description": st.none(),
        "when": WHEN,
        "events": st.just(frozenset(EVENTS)),
        "shadow": st.booleans(),
        "message": st.sampled_from([None, "No."]),
        "on_error": st.sampled_from(on_errors) if on_errors else st.none(),
    }


DENY = st.builds(DenyRule, **head(Section.DENY, ("deny", "allow")))
MFA = st.builds(
    MfaRule,
    **head(Section.MFA, ("deny", "allow")),
    require=st.builds(
        Require,
        aal=st.sampled_from(["aal1", "aal2"]),
        max_age=st.none() | SPANS,
        methods=st.sampled_from([METHODS, ("totp",)]),
        any_method=st.booleans(),
    ),
    enrolment=st.none() | st.builds(Enrolment, grace=SPANS, since=st.none() | st.just(NOW - HOUR)),
    step_up_within=SPANS,
)
SESSIONS = st.builds(
    SessionRule,
    **head(Section.SESSIONS, ("deny", "allow")),
    extend=st.sampled_from([None, True, False, HOUR]),
    max_age=st.just("unlimited") | SPANS,
    counted_from=st.sampled_from(["authenticated_at", "issued_at"]),
    must_be_active=st.booleans(),
)
REVOKE = st.builds(
    RevokeRule,
    **head(Section.REVOKE, ("revoke", "skip")),
    revoke=st.frozensets(st.sampled_from(Revocation), min_size=1),
)
CLAIMS = st.builds(
    ClaimsRule,
    **head(Section.CLAIMS, ()),
    access_token=st.dictionaries(
        st.sampled_from(["acr", "at", "tier"]),
        st.sampled_from(list(CLAIM_VALUES.access_token.values())),
    ),
    id_token=st.just({}),
)
ORDER = list(Section)


def policy_of(rules: list[Rule]) -> Policy:
    """Put the rules in deciding order, as the loader does."""
    ordered = sorted(rules, key=lambda rule: ORDER.index(rule.section))
    return Policy(rules=tuple(ordered), conditions={}, digest="0" * 12)


RULES = st.lists(st.one_of(DENY, MFA, SESSIONS, REVOKE, CLAIMS), max_size=6)
POLICIES = RULES.map(policy_of)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """Return everything that could be known of one event."""
    ages = st.sampled_from([timedelta(0), HOUR / 2, HOUR, 3 * HOUR, -HOUR])
    factors = tuple(
        Factor(draw(st.sampled_from(["password", *METHODS])), aal, NOW - draw(ages))
        for aal in draw(st.lists(st.sampled_from(["aal1", "aal2"]), max_size=3))
    )
    found = draw(st.booleans()) or draw(st.booleans())
    values: dict[str, Any] = {
        "client.id": "web",
        "token.grant": draw(
            st.sampled_from(["refresh_token", "refresh_token", "client_credentials"])
        ),
        "session.found": found,
        "identity.found": draw(st.booleans()),
        "identity.traits": {"staff": draw(st.booleans())},
        "identity.metadata_admin": {"vip": draw(st.booleans())},
        "identity.created_at": NOW - draw(ages),
        "identity.second_factors": draw(st.sampled_from([(), ("totp",), ("webauthn",), None])),
    }
    if found:
        values |= {
            "session.active": draw(st.sampled_from([True, True, True, False])),
            "session.aal": max((factor.aal for factor in factors), default="aal1"),
            "session.authenticated_at": draw(st.sampled_from([NOW - HOUR, NOW - 3 * HOUR, None])),
            "session.issued_at": NOW - draw(ages),
            "session.expires_at": NOW + draw(st.sampled_from([HOUR / 2, 2 * HOUR, -HOUR])),
            FACTORS: factors,
        }
    return values


SOURCES = st.frozensets(st.sampled_from(Source))


def seen(
    world: dict[str, Any],
    event: EventName,
    failed: frozenset[Source] = frozenset(),
    unasked: frozenset[Source] = frozenset(),
) -> Facts:
    """Return what is known of the world when some sources failed or were not asked."""
    silent = failed | unasked
    values = {
        name: value
        for name, value in world.items()
        if source_of("session.found" if name == FACTORS else name, event) not in silent
    }
    answered = frozenset(Source) - silent
    return Facts(event, values, answered, dict.fromkeys(failed, "upstream.timeout"))


EVENT = st.sampled_from(EVENTS)
