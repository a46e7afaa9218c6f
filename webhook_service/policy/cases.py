"""Runs the tests that a policy file brings along (section 7).

A test states some facts and names what it expects of the decision. Reading the recorded body
that it may point to belongs to the caller, who hands over the facts found in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from webhook_service.policy.conditions.literals import parse_duration, parse_timestamp
from webhook_service.policy.conditions.types import TIMESTAMP, Value
from webhook_service.policy.decide import decide
from webhook_service.policy.decision import Claims, Decision, Extend
from webhook_service.policy.facts import FACTS, SESSION_BRINGS, Facts, Source, source_of
from webhook_service.policy.known import FACTORS
from webhook_service.policy.model import Policy, PolicyTest
from webhook_service.policy.situation import after
from webhook_service.sessions import AAL2, read_session

NO_ANSWER: Final = "upstream.timeout"
"""Why a source that a test calls unavailable did not answer."""

NOTHING: Final[Mapping[str, Value]] = MappingProxyType({})

NOT_SET: Final = object()
"""What stands for a claim that no rule names; a claim that is removed is null."""

_EXTENSIONS: Final = {Extend.NO: False, Extend.YES: True, Extend.DEFERRED: "deferred"}
_RELATIVE: Final = re.compile(r"now(?:([+-])(.+))?")


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of a decision that is not what the test expects.

    ``key`` is the path under ``expect``: ``verdict``, ``claims.access_token.acr``.
    """

    key: str
    expected: object
    got: object

    @property
    def shown(self) -> tuple[str, str]:
        """Return what is expected and what came out, written as the policy file would."""
        return _shown(self.expected), _shown(self.got)

    def __str__(self) -> str:
        """Read as one line of a report."""
        expected, got = self.shown
        return f"{self.key}: expected {expected}, got {got}"


def run(
    policy: Policy, test: PolicyTest, payload: Mapping[str, Value] = NOTHING
) -> list[Difference]:
    """Decide what the test describes; return where the decision is not as expected.

    Args:
        policy: the rule book.
        test: one of its tests.
        payload: the facts of the recorded body that the test names, by name.
    """
    decision = decide(policy, facts_of(test, payload), test.now)
    return [
        difference
        for key, expected in test.expect.items()
        for difference in _differences(key, expected, decision, test.now)
    ]


def facts_of(test: PolicyTest, payload: Mapping[str, Value] = NOTHING) -> Facts:
    """Return the facts that a test describes.

    What it states overrides the payload; what neither holds is absent, or unknown where the
    test calls its source unavailable.

    Raises:
        ValueError: a time or a factor is not written as section 7 says.
    """
    stated = dict(_stated(test))
    factors = stated.pop(FACTORS, None)
    values = {**payload, **({} if factors is None else _of_factors(factors)), **stated}
    if "session" in test.facts:
        values.setdefault("session.found", True)
        values.setdefault("session.active", values["session.found"])
    if "identity" in test.facts:
        defaults = {"found": True, "state": "active", "second_factors": ()}
        values = {f"identity.{name}": value for name, value in defaults.items()} | values
    return _with_outages(test, values)


def read_moment(text: str, now: datetime) -> datetime | None:
    """Read a time as tests write it: ``now``, ``now-15m``, or RFC 3339; ``None`` if neither."""
    relative = _RELATIVE.fullmatch(text)
    if relative is None:
        return parse_timestamp(text)
    sign, span = relative.groups()
    distance = parse_duration(span or "0s", allow_zero=True)
    if distance is None:
        return None
    return after(now, -distance if sign == "-" else distance)


def _stated(test: PolicyTest) -> Iterator[tuple[str, Value]]:
    """Yield the facts of a test by name, their times read."""
    for root, members in test.facts.items():
        for member, value in members.items() if isinstance(members, Mapping) else ():
            name = f"{root}.{member}"
            if value is None:
                yield name, None
            elif name == FACTORS:
                yield name, [_factor(item, test.now) for item in value]
            elif FACTS[name].type == TIMESTAMP:
                yield name, _moment(value, test.now)
            else:
                yield name, value


def _factor(item: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return a factor as Kratos writes it."""
    completed_at = item.get("completed_at")
    if completed_at is None:
        return dict(item)
    return {**item, "completed_at": _moment(completed_at, now).isoformat()}


def _moment(text: str, now: datetime) -> datetime:
    moment = read_moment(text, now)
    if moment is None:
        raise ValueError(f"{text!r} is no time")
    return moment


def _of_factors(factors: list[dict[str, Any]]) -> dict[str, Value]:
    """Return what follows from the factors; they are read as those of Kratos are."""
    wire = {"authenticator_assurance_level": AAL2, "authentication_methods": factors}
    session = read_session(wire)
    times = [factor.completed_at for factor in session.factors if factor.completed_at]
    return {
        FACTORS: session.factors,
        "session.aal": session.aal,
        "session.methods": session.methods,
        "session.second_factor_at": session.second_factor_at,
        "session.authenticated_at": max(times, default=None),
        "session.issued_at": min(times, default=None),
    }


def _with_outages(test: PolicyTest, values: dict[str, Value]) -> Facts:
    """Take out what the unavailable sources would have told.

    A session brings most of its identity along (F100): that part stays known without
    ``kratos.identity``.
    """
    failed = {Source(name): NO_ANSWER for name in test.unavailable}
    session_read = values.get("session.found") is True and Source.KRATOS_SESSION not in failed
    brought = SESSION_BRINGS if session_read else frozenset()
    known = {
        name: value
        for name, value in values.items()
        if name in brought or _source(name, test) not in failed
    }
    known |= {name: values.get(name) for name in brought}
    return Facts(test.event, known, frozenset(Source) - failed.keys(), failed)


def _source(name: str, test: PolicyTest) -> Source | None:
    return source_of("session.found" if name == FACTORS else name, test.event)


def _differences(key: str, expected: Value, decision: Decision, now: datetime) -> list[Difference]:
    """Compare one part of the decision, as the table of section 7 names them."""
    got: object
    match key:
        case "matched":
            expected, got = sorted(expected), sorted(decision.matched)
        case "revoke":
            expected, got = sorted(expected), sorted(decision.revoke)
        case "extend":
            got = _EXTENSIONS[decision.extend]
        case "end_at" | "step_up_by":
            expected = expected and _moment(expected, now)
            got = getattr(decision, key)
        case "claims":
            return _claim_differences(expected or {}, decision.claims)
        case _:
            got = getattr(decision, key)
    return [] if expected == got else [Difference(key, expected, got)]


def _claim_differences(
    expected: Mapping[str, Mapping[str, Value]], claims: Claims
) -> list[Difference]:
    """Compare the claims that are named; an empty map says that there are none."""
    tokens = {"access_token": claims.access_token, "id_token": claims.id_token}
    if not expected:
        got = {token: values for token, values in tokens.items() if values}
        return [Difference("claims", {}, got)] if got else []
    differences = []
    for token, named in expected.items():
        if not named and tokens[token]:
            differences.append(Difference(f"claims.{token}", {}, tokens[token]))
        for claim, value in named.items():
            got = tokens[token].get(claim, NOT_SET)
            if got is NOT_SET or _json(value) != _json(got):
                differences.append(Difference(f"claims.{token}.{claim}", value, got))
    return differences


def _shown(value: object) -> str:
    """Write a value as the policy file would."""
    match value:
        case _ if value is NOT_SET:
            return "no such claim"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case str():
            return str(value)
        case _:
            return _json(value)


def _json(value: Value) -> str:
    """Write a value so that equal ones look the same, and ``true`` is not 1."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
