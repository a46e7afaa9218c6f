"""Warnings: rules that say what they mean and still do less than their author may think.

They follow from the policy alone, without a server: what a Kratos or a Hydra of which
nothing is known may not tell, or not do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from webhook_service.policy.conditions import Expression
from webhook_service.policy.conditions.nodes import Constant, Node
from webhook_service.policy.conditions.types import UNKNOWN, Value
from webhook_service.policy.facts import HYDRA, JWT_BEARER, KRATOS, EventName
from webhook_service.policy.model import ClaimsRule, DenyRule, MfaRule, Policy, Rule
from webhook_service.policy.overview import reads_of
from webhook_service.policy.reading import Path

GRANT_ESCAPES: Final = "warning.grant_escapes"
CONSENT_KEEPS: Final = "warning.consent_keeps"
OUT_OF_REACH: Final = "warning.out_of_reach"

_CODE: Final = "authorization_code"

_PASSED_ON: Final = frozenset({"true-client-ip", "user-agent"})
"""The headers that every Kratos hands over (F105) and the service's own jsonnet passes on."""

_NAMED: Final = 3
"""Rules that a warning about several of them names at most."""

_OF_CONSENT: Final = frozenset(
    "address birthdate email email_verified family_name gender given_name locale middle_name"
    " name nickname phone_number phone_number_verified picture preferred_username profile"
    " updated_at website zoneinfo".split()
)
"""The claims of OpenID Connect's scopes: a consent app sets them in the ID token."""


_REACHES: Final = (
    "reaches them: Kratos must hand it over (1.3.1 has a fixed list, 26.2 the setting"
    " clients.web_hook.header_allowlist) and the hook's jsonnet pass it on"
)


@dataclass(frozen=True, slots=True, order=True)
class Advice:
    """One warning: the line of the rule, a code, and in words."""

    line: int
    code: str
    message: str


def advice(policy: Policy) -> tuple[Advice, ...]:
    """Return every warning, in the order of the file."""
    found = [*_escapes(policy), *_kept_by_consent(policy), *_out_of_reach(policy)]
    return tuple(sorted(found))


class _ForGrant:
    """Facts of which nothing is known but the grant."""

    def __init__(self, grant: str) -> None:
        self._grant = grant

    def value(self, name: str) -> Value:
        return self._grant if name == "token.grant" else UNKNOWN


def _may_hold(when: Expression | None, grant: str) -> bool:
    """Whether a condition can hold for the grant, whatever else is so."""
    if when is None:
        return True
    value = when.evaluate(_ForGrant(grant))
    return value is True or value is UNKNOWN


# jwt-bearer: a token of a user whom nobody can ask for a second factor (P19, F7)


def _escapes(policy: Policy) -> Iterator[Advice]:
    refused = {
        event
        for rule in policy.rules
        if isinstance(rule, DenyRule) and not rule.shadow and _refuses_jwt_bearer(rule)
        for event in rule.events
    }
    passed_over = [
        rule
        for rule in policy.rules
        if isinstance(rule, MfaRule)
        and (rule.events & HYDRA) - refused
        and _may_hold(rule.when, JWT_BEARER)
    ]
    if passed_over:
        message = (
            f"tokens of jwt-bearer have no session: {_quoted(passed_over)} passed over for them;"
            f' a deny rule with token.grant == "{JWT_BEARER}" closes that way'
        )
        yield Advice(passed_over[0].line, GRANT_ESCAPES, message)


def _refuses_jwt_bearer(rule: DenyRule) -> bool:
    names_it = rule.when is not None and any(
        node.value == JWT_BEARER for node in _constants(rule.when.tree)
    )
    return names_it and _may_hold(rule.when, JWT_BEARER)


def _constants(node: Node) -> Iterator[Constant]:
    if isinstance(node, Constant):
        yield node
    for operand in node.operands:
        yield from _constants(operand)


# Claims that are the consent app's at a code exchange (F16)


def _kept_by_consent(policy: Policy) -> Iterator[Advice]:
    read = {path for rule in policy.rules for path in reads_of(rule)}
    for rule in policy.rules:
        if not isinstance(rule, ClaimsRule) or EventName.HYDRA_TOKEN not in rule.events:
            continue
        if not _may_hold(rule.when, _CODE):
            continue
        access = {claim for claim in rule.access_token if _reads(read, "token.claims", claim)}
        of_id = {claim for claim in rule.id_token if _reads(read, "token.id_claims", claim)}
        of_id |= _OF_CONSENT & rule.id_token.keys()
        for token, claims in (("access_token", access), ("id_token", of_id)):
            if claims:
                message = (
                    f'"{rule.name}" sets {_listed(claims)} in the {token}: where the consent app'
                    " sets the same, Hydra keeps the consent app's at a code exchange, and the"
                    " rule's counts from the first refresh on"
                )
                yield Advice(rule.line, CONSENT_KEEPS, message)


def _reads(read: Iterable[Path], fact: str, claim: str) -> bool:
    return any(path.fact == fact and path.members[:1] == (claim,) for path in read)


# Facts that Kratos may not tell (F9, F33, F105)


def _out_of_reach(policy: Policy) -> Iterator[Advice]:
    for rule in policy.rules:
        for why in dict.fromkeys(filter(None, (_why(path, rule) for path in reads_of(rule)))):
            yield Advice(rule.line, OUT_OF_REACH, f'"{rule.name}": {why}')


def _why(path: Path, rule: Rule) -> str | None:
    if path.fact == "token.acr":
        return (
            "token.acr is always absent where Kratos is Hydra's login provider;"
            " session.aal is the level that was reached"
        )
    if path.fact.startswith("session.") and EventName.KRATOS_SETTINGS in rule.events:
        return (
            "at kratos.settings Kratos 1.3.1 tells nothing of the session, so session.* is"
            " absent there; 26.2 does"
        )
    if not rule.events & KRATOS:
        return None
    if path.fact == "request.country":
        return f"request.country is absent unless COUNTRY_HEADER names a header that {_REACHES}"
    if path.fact == "request.headers" and path.members and path.members[0] not in _PASSED_ON:
        return f"{path} is absent at Kratos' hooks unless it {_REACHES}"
    return None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _quoted(rules: Sequence[Rule]) -> str:
    names = [f'"{rule.name}" (line {rule.line})' for rule in rules[:_NAMED]]
    more = len(rules) - len(names)
    shown = ", ".join(names) + (f" and {more} more" if more else "")
    return f"{shown} {'is' if len(rules) == 1 else 'are'}"
