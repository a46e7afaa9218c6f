"""What the rules of each section say beside what every rule says (section 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, Literal, NamedTuple

from webhook_service.policy.conditions import Expression
from webhook_service.policy.facts import EventName
from webhook_service.policy.loading.fields import Fields
from webhook_service.policy.loading.shapes import FACTORS, Aal, OnError
from webhook_service.policy.loading.yaml_nodes import MappingNode, ScalarNode
from webhook_service.policy.model import (
    UNLIMITED,
    DenyRule,
    Enrolment,
    MfaRule,
    Require,
    Revocation,
    RevokeRule,
    Rule,
    Section,
    SessionRule,
)

_AALS: Final[Mapping[str, Aal]] = {"aal1": "aal1", "aal2": "aal2"}
_FIRST_FACTORS: Final = {
    **dict.fromkeys(FACTORS["aal1"], "Kratos counts it as a first factor"),
    "passkey": "Kratos counts it as a first factor; to excuse those who use one, write"
    ' `when: !("passkey" in session.methods)` after `|` or in single quotes',
}
_REVOCATIONS: Final = {revocation.value: revocation for revocation in Revocation}
_Start = Literal["authenticated_at", "issued_at"]
_STARTS: Final[Mapping[str, _Start]] = {
    "authenticated_at": "authenticated_at",
    "issued_at": "issued_at",
}


class Head(NamedTuple):
    """What every rule has, in the order of ``model.Rule``."""

    section: Section
    name: str
    line: int
    description: str | None
    when: Expression | None
    events: frozenset[EventName]
    shadow: bool
    message: str | None
    on_error: OnError | None


def _deny(head: Head, _fields: Fields) -> DenyRule:
    return DenyRule(*head)


def _mfa(head: Head, fields: Fields) -> MfaRule | None:
    require = _require(fields)
    enrolment = _enrolment(fields)
    if require and require.aal == "aal1" and fields.node("enrolment"):
        message = "there is nothing to enrol for aal1, which every session has"
        fields.problem("enrolment", "policy.contradiction", message)
    step_up_within = fields.duration("step_up_within")
    _check_window(head, fields)
    if require is None:
        return None
    return MfaRule(*head, require=require, enrolment=enrolment, step_up_within=step_up_within)


def _check_window(head: Head, fields: Fields) -> None:
    """Demand the window at a login, where nobody is refused, and only there (P18)."""
    at_login = EventName.KRATOS_LOGIN in head.events
    if at_login and not fields.node("step_up_within"):
        why = " (the time in which to step up), because it listens to kratos.login"
        fields.missing("step_up_within", why)
    events_are_known = head.events or not fields.node("events")
    if events_are_known and not at_login and fields.node("step_up_within"):
        message = "only a login leaves time to step up; add kratos.login to `events`"
        fields.problem("step_up_within", "policy.contradiction", message)


def _require(fields: Fields) -> Require | None:
    node = fields.child("require", "a mapping, such as {aal: aal2}")
    if node is None:
        return None
    inner = Fields(
        node,
        fields.problems,
        what="`require`",
        known=("aal", "max_age", "methods"),
        required=("aal",),
    )
    aal = inner.choice("aal", _AALS)
    max_age = inner.duration("max_age")
    accepted = FACTORS[aal or "aal1"]
    methods = inner.words(
        "methods", {method: method for method in accepted}, why_not=_FIRST_FACTORS
    )
    if aal is None:
        return None
    return Require(
        aal=aal,
        max_age=max_age,
        methods=accepted if methods is None else tuple(method for _, method in methods),
        any_method=methods is None,
    )


def _enrolment(fields: Fields) -> Enrolment | None:
    node = fields.child("enrolment", "a mapping, such as {grace: 14d}")
    if node is None:
        return None
    inner = Fields(node, fields.problems, what="`enrolment`", known=("grace", "since"))
    if not node.entries:
        fields.problem("enrolment", "policy.no_effect", "name a `grace`, a `since` or both")
    grace = inner.duration("grace", allow_zero=True)
    return Enrolment(grace=grace or timedelta(0), since=inner.timestamp("since"))


def _sessions(head: Head, fields: Fields) -> SessionRule:
    extend = _extend(fields)
    max_age = _max_age(fields)
    start = fields.choice("counted_from", _STARTS)
    must_be_active = fields.flag("must_be_active")
    asks_to_extend = extend or isinstance(fields.node("extend"), MappingNode)
    if asks_to_extend and not fields.node("max_age"):
        message = "an extension needs an end: add max_age, or `max_age: unlimited` if there is none"
        fields.problem("extend", "policy.contradiction", message)
    if fields.node("counted_from") and (max_age == UNLIMITED or not fields.node("max_age")):
        message = "there is no age to count; add max_age"
        fields.problem("counted_from", "policy.contradiction", message)
    active = fields.node("must_be_active")
    if not (
        fields.node("extend") or fields.node("max_age") or (active and must_be_active is not False)
    ):
        message = "this rule does nothing; it needs extend, max_age or `must_be_active: true`"
        fields.problems.add(fields.mapping, "policy.no_effect", message)
    return SessionRule(
        *head,
        extend=extend,
        max_age=max_age,
        counted_from=start or "authenticated_at",
        must_be_active=must_be_active or False,
    )


def _extend(fields: Fields) -> bool | timedelta | None:
    node = fields.node("extend")
    if not isinstance(node, MappingNode):
        return fields.flag("extend", "true, false or {when_left: 24h}")
    inner = Fields(
        node, fields.problems, what="`extend`", known=("when_left",), required=("when_left",)
    )
    return inner.duration("when_left")


def _max_age(fields: Fields) -> timedelta | Literal["unlimited"] | None:
    node = fields.node("max_age")
    if isinstance(node, ScalarNode) and node.text == UNLIMITED:
        return UNLIMITED
    return fields.duration("max_age")


def _revoke(head: Head, fields: Fields) -> RevokeRule:
    named = frozenset(which for _, which in fields.words("revoke", _REVOCATIONS) or ())
    if {Revocation.OTHER_SESSIONS, Revocation.ALL_SESSIONS} <= named:
        message = "all_sessions ends the others too; keep one of other_sessions and all_sessions"
        fields.problem("revoke", "policy.contradiction", message)
    return RevokeRule(*head, revoke=named)


BUILD: Final[Mapping[Section, Callable[[Head, Fields], Rule | None]]] = {
    Section.DENY: _deny,
    Section.MFA: _mfa,
    Section.SESSIONS: _sessions,
    Section.REVOKE: _revoke,
}
"""Claims rules are read by ``claims``: their expressions count for their events (P7)."""
