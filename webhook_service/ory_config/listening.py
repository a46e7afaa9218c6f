"""Which hooks a policy listens to: the only ones that are worth a call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from webhook_service.policy.facts import KRATOS, EventName
from webhook_service.policy.foresight import Given, may_hold
from webhook_service.policy.model import Policy, Rule
from webhook_service.policy.overview import reads_of

PASSED_ON = ("User-Agent", "True-Client-Ip")
"""The headers that a hook's body has anyway, because every Kratos hands them over (F105)."""


@dataclass(frozen=True, slots=True)
class HeaderNames:
    """The settings that say which header is what."""

    client_ip: str
    country: str | None


def rules_at(policy: Policy, event: EventName, method: str | None = None) -> list[Rule]:
    """Return the rules that an event can make hold, shadow rules too: those are recorded."""
    given = {"event.name": event.value} | ({} if method is None else {"event.method": method})
    return [rule for rule in policy.at(event) if may_hold(rule.when, Given(given))]


def headers_read(policy: Policy, names: HeaderNames) -> tuple[str, ...]:
    """Return the headers that the policy reads at Kratos' hooks beside those of ``PASSED_ON``.

    They are spelled as Go spells them, which is how the body of a hook finds them.
    """
    rules = [rule for rule in policy.rules if rule.events & KRATOS]
    found = {canonical(header) for rule in rules for header in _headers(rule, names)}
    return tuple(sorted(found.difference(PASSED_ON)))


def reads_headers_as_a_whole(policy: Policy) -> list[Rule]:
    """Return the rules whose headers nobody can name beforehand."""
    return [
        rule
        for rule in policy.rules
        if rule.events & KRATOS
        and any(path.fact == "request.headers" and not path.members for path in reads_of(rule))
    ]


def canonical(header: str) -> str:
    """Return a header's name as Go writes it: ``cf-ipcountry`` is ``Cf-Ipcountry``."""
    return "-".join(part.capitalize() for part in header.split("-"))


def _headers(rule: Rule, names: HeaderNames) -> Iterator[str]:
    for path in reads_of(rule):
        match path.fact, path.members[:1]:
            case "request.ip", _:
                yield names.client_ip
            case "request.country", _ if names.country is not None:
                yield names.country
            case "request.headers", (str(name),):
                yield name


def enforced(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules that are answered and acted on, not only recorded."""
    return [rule for rule in rules if not rule.shadow]
