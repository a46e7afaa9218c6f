"""Warnings: rules that say what they mean and still do less than their author may think.

They follow from the policy alone, without a server: what a Kratos or a Hydra of which
nothing is known may not tell, or not do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from webhook_service.policy.conditions import Expression
from webhook_service.policy.conditions.nodes import Constant, Fact, Node
from webhook_service.policy.facts import HYDRA, JWT_BEARER, KRATOS, EventName
from webhook_service.policy.foresight import (
    Given,
    facts_in,
    facts_that_count,
    may_hold,
    must_hold,
    parts,
)
from webhook_service.policy.model import ClaimsRule, DenyRule, MfaRule, Policy, Rule, SessionRule
from webhook_service.policy.overview import expressions_of, reads_of
from webhook_service.policy.reading import Path
from webhook_service.policy.spelling import sought_in_vain

GRANT_ESCAPES: Final = "warning.grant_escapes"
CONSENT_KEEPS: Final = "warning.consent_keeps"
OUT_OF_REACH: Final = "warning.out_of_reach"
OUTLIVES_SESSION: Final = "warning.outlives_session"
PASSES_ENDED: Final = "warning.passes_ended"
SPELLING: Final = "warning.spelling"

CODES: Final = (
    GRANT_ESCAPES,
    CONSENT_KEEPS,
    OUT_OF_REACH,
    OUTLIVES_SESSION,
    PASSES_ENDED,
    SPELLING,
)
"""Every code, in the order in which the documentation explains them."""

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

_OF_A_SIGN_IN: Final = frozenset(
    "session.aal session.methods session.authenticated_at session.issued_at"
    " session.second_factor_at".split()
)
"""How and when somebody signed in: a session tells it as long as it is kept, live or not."""

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
    found = [
        *_escapes(policy),
        *_kept_by_consent(policy),
        *_out_of_reach(policy),
        *_outliving(policy),
        *_passing_over_the_ended(policy),
        *_misspelt(policy),
    ]
    return tuple(sorted(found))


_ASSERTION: Final = Given({"token.grant": JWT_BEARER})
_CODE: Final = Given({"token.grant": "authorization_code"})
_REFRESH: Final = {"token.grant": "refresh_token", "session.found": True}
_BEFORE_THE_END: Final = Given({**_REFRESH, "session.active": True})
_AFTER_THE_END: Final = Given({**_REFRESH, "session.active": False})


# jwt-bearer: a token of a user whom nobody can ask for a second factor (P19, F7)


def _escapes(policy: Policy) -> Iterator[Advice]:
    closing = [
        rule for rule in policy.rules if isinstance(rule, DenyRule) and _refuses_jwt_bearer(rule)
    ]
    passed_over = [
        rule
        for rule in policy.rules
        if isinstance(rule, MfaRule)
        and EventName.HYDRA_TOKEN in rule.events - _events_of(closing, rule)
        and may_hold(rule.when, _ASSERTION)
    ]
    if passed_over:
        message = (
            f"tokens of jwt-bearer have no session: {_quoted(passed_over)} passed over for them;"
            f' a deny rule with token.grant == "{JWT_BEARER}" closes that way'
        )
        yield Advice(passed_over[0].line, GRANT_ESCAPES, message)


def _refuses_jwt_bearer(rule: DenyRule) -> bool:
    """Whether the rule holds for such a token, whatever else, or is about them in so many words."""
    if rule.when is None:
        return False
    names_it = any(node.value == JWT_BEARER for node in _constants(rule.when.tree))
    return must_hold(rule.when.tree, _ASSERTION) or (names_it and may_hold(rule.when, _ASSERTION))


def _events_of(rules: Iterable[Rule], beside: Rule) -> frozenset[EventName]:
    """Return where the rules answer as ``beside`` does: a shadow rule stands in for another."""
    answering = [rule.events for rule in rules if beside.shadow or not rule.shadow]
    return frozenset().union(*answering)


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
        if not may_hold(rule.when, _CODE):
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


# Texts that a fact never is: such a condition never holds, and nothing tells


def _misspelt(policy: Policy) -> Iterator[Advice]:
    for rule in policy.rules:
        for expression in expressions_of(rule):
            for why in dict.fromkeys(sought_in_vain(expression.tree)):
                yield Advice(rule.line, SPELLING, f'"{rule.name}": {why}')


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


# Sessions that are over: Kratos goes on telling of them, and Hydra goes on refreshing (F68)


def _outliving(policy: Policy) -> Iterator[Advice]:
    """Find claims that say how somebody is signed in who is not any more."""
    for rule in policy.rules:
        if not isinstance(rule, ClaimsRule) or not may_hold(rule.when, _BEFORE_THE_END):
            continue
        if rule.events <= _refused_once_over(policy, rule):
            continue
        for token, claims in (("access_token", rule.access_token), ("id_token", rule.id_token)):
            kept = {name: value.tree for name, value in claims.items() if _stays(value.tree, rule)}
            if kept:
                yield Advice(rule.line, OUTLIVES_SESSION, _outliving_message(rule, token, kept))


def _stays(value: Node, rule: Rule) -> bool:
    """Whether a claim goes on saying how somebody signed in once the session is over."""
    if _holds_for_the_living(rule.when):
        return bool(_OF_A_SIGN_IN & facts_in(value))
    return bool(_OF_A_SIGN_IN & facts_that_count(value, _AFTER_THE_END))


def _outliving_message(rule: Rule, token: str, kept: Mapping[str, Node]) -> str:
    plain = [tree.name for tree in kept.values() if isinstance(tree, Fact)]
    why = (
        "`when` does not hold then, which leaves the old claims as they are"
        if _holds_for_the_living(rule.when)
        else "Kratos tells it of a session that is over, too"
    )
    return (
        f'"{rule.name}": after sign-out a refreshed {token} still tells how somebody signed in'
        f" ({_listed(kept)}): {why}; write"
        f' "session.active ? {plain[0] if plain else "…"} : null" as the value, or refuse such a'
        " refresh with must_be_active"
    )


def _passing_over_the_ended(policy: Policy) -> Iterator[Advice]:
    """Find rules that could refuse whose session is over, and by their ``when`` never do."""
    for rule in policy.rules:
        instead = _instead_of_the_test(rule)
        if instead is None or not _holds_for_the_living(rule.when):
            continue
        left = (rule.events & HYDRA) - _refused_once_over(policy, rule)
        if left:
            message = (
                f'"{rule.name}" holds only while session.active: a refresh after sign-out passes'
                f" it by; {instead}"
            )
            yield Advice(rule.line, PASSES_ENDED, message)


def _instead_of_the_test(rule: Rule) -> str | None:
    """Say what to write in place of ``session.active``; ``None`` where it does no harm."""
    leave_out = "leave session.active out of `when`: "
    match rule:
        case DenyRule():
            return "add a sessions rule with must_be_active: true, which refuses it"
        case MfaRule():
            return leave_out + "without a live session the demand is not met (mfa.no_session)"
        case SessionRule(must_be_active=True):
            return leave_out + "must_be_active is that test, and refuses"
        case SessionRule(max_age=timedelta()):
            return leave_out + "past its max_age a session is refused, live or not"
    return None


def _holds_for_the_living(when: Expression | None) -> bool:
    """Whether a condition holds for live sessions only."""
    return may_hold(when, _BEFORE_THE_END) and not may_hold(when, _AFTER_THE_END)


def _refused_once_over(policy: Policy, rule: Rule) -> frozenset[EventName]:
    """Return the events at which some rule refuses whatever this one is about.

    Only what can be told at a glance: each part of its ``when`` is so once the session is
    over, or is a part of this rule's ``when``, too.
    """
    given = parts(rule.when).keys()
    refusing = [
        other
        for other in policy.rules
        if _refuses_the_ended(other)
        and may_hold(other.when, _AFTER_THE_END)
        and all(
            text in given or must_hold(part, _AFTER_THE_END)
            for text, part in parts(other.when).items()
        )
    ]
    return _events_of(refusing, rule)


def _refuses_the_ended(rule: Rule) -> bool:
    """Whether the rule, where it holds, refuses a session that is over (P15, P24)."""
    if isinstance(rule, SessionRule):
        return rule.must_be_active
    return isinstance(rule, DenyRule | MfaRule)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _quoted(rules: Sequence[Rule]) -> str:
    names = [f'"{rule.name}" (line {rule.line})' for rule in rules[:_NAMED]]
    more = len(rules) - len(names)
    shown = ", ".join(names) + (f" and {more} more" if more else "")
    return f"{shown} {'is' if len(rules) == 1 else 'are'}"
