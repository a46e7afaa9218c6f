"""The hook of Hydra that a policy needs, and its pages where the service serves them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from webhook_service.hooks import table
from webhook_service.ory_config.listening import enforced, rules_at
from webhook_service.ory_config.plan import Change, Place, Plan, TokenHook, Value, bearer
from webhook_service.ory_config.site import Site
from webhook_service.policy.facts import EventName
from webhook_service.policy.model import MfaRule, Policy

TOKEN_HOOK: Final[Place] = ("oauth2", "token_hook")
REFRESH_TOKEN_HOOK: Final[Place] = ("oauth2", "refresh_token_hook")
GRACE_PERIOD: Final[Place] = ("oauth2", "grant", "refresh_token", "rotation_grace_period")
IDENTITY_PROVIDER: Final[Place] = ("urls", "identity_provider", "url")

GATES: Final = {"login": "/oauth2/login", "consent": "/oauth2/consent", "logout": "/oauth2/logout"}
"""The pages that Hydra sends browsers to, by the name of the setting."""

GRACE: Final = "10s"


def plan(policy: Policy, site: Site) -> Plan:
    """Return what Hydra's configuration needs."""
    hook = _hook(policy, site)
    changes: list[Change] = [] if hook is None else [hook]
    notes: dict[Place, str] = {}
    if hook is not None:
        notes[hook.at] = (
            "Called before each token. Without `in` Hydra sends no key; Authorization is the one"
            " header that Ory's logs redact. Never set both this hook and the other one."
        )
    if site.gates and site.public_url is not None:
        changes += [Value(("urls", name), site.public_url + path) for name, path in GATES.items()]
        notes[("urls",)] = "The service's own login, consent and logout pages."
    return Plan(tuple(changes), notes, tuple(_advice(policy, site, has_hook=hook is not None)))


def _hook(policy: Policy, site: Site) -> TokenHook | None:
    """Return the one hook, of the kind that most rules hear; both would be called (F3)."""
    kinds = {
        EventName.HYDRA_TOKEN: (TOKEN_HOOK, table.HYDRA_TOKEN),
        EventName.HYDRA_REFRESH_TOKEN: (REFRESH_TOKEN_HOOK, table.HYDRA_REFRESH_TOKEN),
    }
    for event, (place, path) in kinds.items():
        if rules_at(policy, event):
            ((other, other_path),) = (kind for one, kind in kinds.items() if one is not event)
            value = {"url": site.hooks_url + path, "auth": bearer(site.hydra_key)}
            return TokenHook(place, path, value, other, other_path)
    return None


def asks_for_second_factors(policy: Policy) -> bool:
    """Whether a token can be refused for want of a second factor."""
    return any(
        isinstance(rule, MfaRule) and rule.require.aal == "aal2"
        for rule in enforced(rules_at(policy, EventName.HYDRA_TOKEN))
    )


def _advice(policy: Policy, site: Site, *, has_hook: bool) -> Iterator[str]:
    if has_hook:
        yield (
            f"oauth2.grant.refresh_token.rotation_grace_period: {GRACE} keeps two refreshes at the"
            " same moment from signing the person out. Without it, reuse of a refresh token ends"
            " all of its tokens at once."
        )
    if has_hook and not site.gates and asks_for_second_factors(policy):
        yield (
            "urls.login and urls.consent: a refusal of the hook is final for a sign-in, so the"
            " second factor must be asked for before: by the service's gates (--gates), or by your"
            " own pages, which ask /check."
        )
    if policy.ends and not site.network:
        where = site.kratos_admin_url or "<Kratos' admin address>"
        yield (
            f"urls.identity_provider.url: {where} lets Hydra end the Kratos session of a login"
            " together with its own; without it Hydra says it did, and the session lives on."
        )
    for rule in rules_at(policy, EventName.HYDRA_REFRESH_TOKEN):
        if EventName.HYDRA_TOKEN not in rule.events and rules_at(policy, EventName.HYDRA_TOKEN):
            yield (
                f'The rule "{rule.name}" listens to hydra.refresh_token alone and is never asked:'
                " the hook for all tokens is configured. Let it listen to hydra.token."
            )
