"""What an operator should look at in Kratos besides the hooks: it depends on what is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from webhook_service.ory_config.listening import (
    enforced,
    reads_headers_as_a_whole,
    rules_at,
)
from webhook_service.ory_config.site import Site
from webhook_service.policy.facts import EventName
from webhook_service.policy.model import MfaRule, Policy, Revocation, RevokeRule, SessionRule


def advice(policy: Policy, site: Site) -> Iterator[str]:
    """Yield a paragraph for each setting that the policy's rules hang on."""
    window = longest_window(policy)
    if window is not None:
        yield (
            "session.earliest_possible_extend: leave it out, or set it to"
            f" {go_duration(window)} or more. Kratos leaves a session alone that has more time"
            " left than that, whatever the policy says."
        )
    if extends(policy):
        yield (
            "session.lifespan is what every extension sets. feature_flags.faster_session_extend"
            " may be true: the service then reads the session again, one call more."
        )
    if demands_a_second_factor(policy):
        yield (
            "session.whoami.required_aal: aal1 leaves it to the policy who needs a second factor:"
            " until the token hook or the gateway has asked, a native app's session of one factor"
            " passes. highest_available asks everyone who has a second factor, at every door."
        )
    if ends_other_sessions(policy) and not (site.passes_session_cookie or site.network):
        yield (
            "Before 26.2 Kratos does not tell whose session changed a setting, and all of the"
            " person's sessions end. --pass-session-cookie keeps a browser's; Kratos' own hook"
            " revoke_active_sessions, in the same list, keeps a native app's as well."
        )
    for rule in reads_headers_as_a_whole(policy):
        yield (
            f'The rule "{rule.name}" reads request.headers as a whole: name the headers that it'
            " may see in the hooks' body and in clients.web_hook.header_allowlist."
        )
    if site.gates and site.hydra_public_url is None:
        yield (
            "selfservice.allowed_return_urls must hold the address at which browsers reach Hydra:"
            " name it with --hydra-public-url."
        )


def extends(policy: Policy) -> bool:
    """Whether a rule extends sessions."""
    return any(
        isinstance(rule, SessionRule) and bool(rule.extend) for rule in enforced(policy.rules)
    )


def longest_window(policy: Policy) -> timedelta | None:
    """Return the longest ``when_left`` of an extension, ``None`` where there is none."""
    windows = [
        rule.extend
        for rule in enforced(policy.rules)
        if isinstance(rule, SessionRule) and isinstance(rule.extend, timedelta)
    ]
    return max(windows, default=None)


def extends_always(policy: Policy) -> bool:
    """Whether a rule extends however much time is left."""
    return any(
        isinstance(rule, SessionRule) and rule.extend is True for rule in enforced(policy.rules)
    )


def demands_a_second_factor(policy: Policy) -> bool:
    """Whether a rule demands aal2."""
    return any(
        isinstance(rule, MfaRule) and rule.require.aal == "aal2" for rule in enforced(policy.rules)
    )


def ends_other_sessions(policy: Policy) -> bool:
    """Whether a change of settings ends the person's other sessions."""
    return any(
        isinstance(rule, RevokeRule) and Revocation.OTHER_SESSIONS in rule.revoke
        for rule in enforced(rules_at(policy, EventName.KRATOS_SETTINGS))
    )


def go_duration(length: timedelta) -> str:
    """Return a duration as Kratos and Hydra read it: ``24h``, ``90s``."""
    seconds = int(length.total_seconds())
    for size, unit in ((3600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
