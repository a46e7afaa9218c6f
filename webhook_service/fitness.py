"""What must be there before the service starts, and what its operator should know then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from webhook_service.policy.facts import CHECK, HYDRA, EventName, Source
from webhook_service.policy.model import MfaRule, Policy, RevokeRule, Rule, SessionRule
from webhook_service.policy.needs import sources_of
from webhook_service.settings import Settings

KRATOS: Final = frozenset(event for event in EventName if event.value.startswith("kratos."))

KRATOS_ADMIN: Final = "KRATOS_ADMIN_URL"
HYDRA_ADMIN: Final = "HYDRA_ADMIN_URL"

_URL_OF: Final[Mapping[Source, str]] = {
    Source.KRATOS_SESSION: KRATOS_ADMIN,
    Source.KRATOS_IDENTITY: KRATOS_ADMIN,
    Source.HYDRA_CLIENT: HYDRA_ADMIN,
    Source.HYDRA_LOGIN_REQUEST: HYDRA_ADMIN,
}


class StartError(Exception):
    """The settings are fine each, but the service cannot start with them."""


def missing_upstreams(settings: Settings, policy: Policy) -> list[str]:
    """Name each setting that a rule of the policy cannot do without."""
    configured = {
        KRATOS_ADMIN: settings.kratos_admin_url,
        HYDRA_ADMIN: settings.hydra_admin_url,
    }
    callers = _callers(settings)
    lines = []
    for rule in policy.rules:
        listened = rule.events & callers
        needed = {_URL_OF[source] for event in listened for source in sources_of(rule, event)}
        if listened and not rule.shadow:
            needed |= set(_acts_on(rule, has_tokens=bool(settings.hydra_hook_keys)))
        lines += [
            f'{name}: not set; rule "{rule.name}" (line {rule.line} of the policy) needs it'
            for name in sorted(needed)
            if configured[name] is None
        ]
    return lines


def _callers(settings: Settings) -> frozenset[EventName]:
    """Return the events of the callers that have a key."""
    return frozenset().union(
        HYDRA if settings.hydra_hook_keys else (),
        () if lacking_for_gates(settings) else (EventName.HYDRA_TOKEN,),
        KRATOS if settings.kratos_hook_keys else (),
        CHECK if settings.check_keys or refreshes_sessions(settings) else (),
    )


def refreshes_sessions(settings: Settings) -> bool:
    """Whether ``/session/refresh`` is served: it needs no key, but both APIs of Kratos."""
    return settings.kratos_public_url is not None and settings.kratos_admin_url is not None


def lacking_for_gates(settings: Settings) -> list[str]:
    """Name the settings that the gates need and that are not set."""
    needed = {
        "PUBLIC_URL": settings.public_url,
        "KRATOS_PUBLIC_URL": settings.kratos_public_url,
        KRATOS_ADMIN: settings.kratos_admin_url,
        HYDRA_ADMIN: settings.hydra_admin_url,
    }
    return [name for name, url in needed.items() if url is None]


def _acts_on(rule: Rule, *, has_tokens: bool) -> Iterator[str]:
    """Name the upstreams at which the rule ends something.

    A session that ends takes its tokens with it, where Hydra issues any.
    """
    match rule:
        case SessionRule(max_age=timedelta()) | MfaRule(step_up_within=timedelta()):
            yield KRATOS_ADMIN
            if has_tokens:
                yield HYDRA_ADMIN
        case RevokeRule(revoke=revoke):
            if "tokens" in revoke:
                yield HYDRA_ADMIN
            if revoke - {"tokens"}:
                yield KRATOS_ADMIN


def start_notices(settings: Settings, policy: Policy) -> list[str]:
    """Say what an operator should know at start and might not expect."""
    notices = []
    if not settings.kratos_hook_keys:
        notices.append("KRATOS_HOOK_KEYS is not set: the routes under /hooks/kratos answer 404")
    if not settings.hydra_hook_keys:
        notices.append("HYDRA_HOOK_KEYS is not set: the routes under /hooks/hydra answer 404")
    if not settings.check_keys:
        notices.append("CHECK_KEYS is not set: /check answers 404")
    if not refreshes_sessions(settings):
        notices.append(
            "KRATOS_PUBLIC_URL and KRATOS_ADMIN_URL are not both set: /session/refresh answers 404"
        )
    elif not settings.allowed_origins:
        notices.append(
            "ALLOWED_ORIGINS is not set: no browser is answered at /session/refresh, and none"
            " comes back from a step-up to where it was"
        )
    lacking = lacking_for_gates(settings)
    if lacking:
        notices.append(
            f"{', '.join(lacking)} not set:"
            " /oauth2/login, /oauth2/consent and /oauth2/logout answer 404"
        )
    if not settings.operator_keys:
        notices.append("OPERATOR_KEYS is not set: /metrics answers 404")
    if settings.mode == "shadow":
        notices.append("MODE is shadow: every rule is decided and recorded, none is answered")
    if settings.effects_worker == "worker" and policy.acts:
        notices.append(
            "EFFECTS_WORKER is worker: what outlives an answer is done by the process"
            ' "webhook-service worker", which must run as well'
        )
    if settings.country_header is None:
        notices += [
            f'rule "{rule.name}" (line {rule.line}) reads request.country, which is always'
            " absent: COUNTRY_HEADER is not set"
            for rule in policy.rules
            if rule.when is not None and "request.country" in rule.when.facts
        ]
    return notices + unheard(settings, policy)


def unheard(settings: Settings, policy: Policy) -> list[str]:
    """Say which rules listen only to events of callers that have no key."""
    callers = _callers(settings)
    return [
        f'rule "{rule.name}" (line {rule.line}): nobody may call for its events:'
        f" {', '.join(sorted(rule.events))}"
        for rule in policy.rules
        if not rule.events & callers
    ]
