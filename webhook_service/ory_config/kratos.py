"""The hooks of Kratos that a policy needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from webhook_service.hooks import table
from webhook_service.ory_config.kratos_advice import advice
from webhook_service.ory_config.listening import headers_read, rules_at
from webhook_service.ory_config.methods import METHODS, Flow
from webhook_service.ory_config.plan import (
    Change,
    Entries,
    HookList,
    Place,
    Plan,
    Tree,
    Value,
    bearer,
)
from webhook_service.ory_config.site import Site
from webhook_service.policy.facts import EventName
from webhook_service.policy.model import DenyRule, Policy, RevokeRule, Rule

FLOWS: Final[Place] = ("selfservice", "flows")
HEADER_ALLOWLIST: Final[Place] = ("clients", "web_hook", "header_allowlist")
RETURN_URLS: Final[Place] = ("selfservice", "allowed_return_urls")

SESSION: Final[Tree] = {"hook": "session"}

ALWAYS_PASSED: Final = tuple(
    "Accept Accept-Encoding Accept-Language Content-Length Content-Type Origin Priority Referer"
    " Sec-Ch-Ua Sec-Ch-Ua-Mobile Sec-Ch-Ua-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site"
    " Sec-Fetch-User True-Client-Ip User-Agent".split()
)
"""What Kratos hands over where nothing is configured (F105): other hooks may count on it."""

_BEFORE: Final = True
_AFTER: Final = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A flow whose hooks stand in one list for each method.

    Attributes:
        flow: which.
        event: what its hooks tell.
        path: the route, without the method.
        parses: from a method's rules to ``response.parse`` of each hook that it needs.
        otherwise: what stands after ours where no list is there yet.
        why: what the list is for.
    """

    flow: Flow
    event: EventName
    path: str
    parses: Callable[[Sequence[Rule]], tuple[bool, ...]]
    why: str
    otherwise: tuple[Tree, ...] = ()


def _before_it_counts(rules: Sequence[Rule]) -> tuple[bool, ...]:
    return (_BEFORE,) if rules else ()


def _around_the_change(rules: Sequence[Rule]) -> tuple[bool, ...]:
    """Refusals come before the change is stored, revocations after it (F50, F89, F103)."""
    before = any(isinstance(rule, DenyRule) for rule in rules)
    after = any(isinstance(rule, RevokeRule) for rule in rules)
    return ((_BEFORE,) if before else ()) + ((_AFTER,) if after else ())


LISTED: Final = (
    Listed(
        Flow.LOGIN,
        EventName.KRATOS_LOGIN,
        table.KRATOS_LOGIN,
        _before_it_counts,
        "After each login. A method's own list takes the place of the general one, so each"
        " method has one. parse: true lets a refusal reach the person.",
    ),
    Listed(
        Flow.REGISTRATION,
        EventName.KRATOS_REGISTRATION,
        table.KRATOS_REGISTRATION,
        _before_it_counts,
        "Before a new person is stored, who can be refused (parse: true). `hook: session` signs"
        " the person in; leave it out where your registrations do not.",
        otherwise=(SESSION,),
    ),
    Listed(
        Flow.SETTINGS,
        EventName.KRATOS_SETTINGS,
        table.KRATOS_SETTINGS,
        _around_the_change,
        "Changes of settings. parse: true is called before a change is stored and can refuse it,"
        " parse: false after it: only in a method's own list are both called.",
    ),
)


def plan(policy: Policy, site: Site, body: str, methods: Sequence[str]) -> Plan:
    """Return what Kratos' configuration needs.

    Args:
        policy: the rules.
        site: the installation.
        body: the address of the hooks' body, or the body in its place.
        methods: the methods that people sign in with.
    """
    make = _maker(site, body)
    changes: list[Change] = []
    notes: dict[Place, str] = {}
    for listed in LISTED:
        lists = list(_lists(policy, listed, make, methods))
        if lists:
            notes[(*FLOWS, listed.flow.value)] = listed.why
        changes += lists
    if rules_at(policy, EventName.KRATOS_RECOVERY):
        place = (*FLOWS, "recovery", "after", "hooks")
        path = table.KRATOS_RECOVERY
        changes.append(HookList(place, (path,), (make(path, _BEFORE),)))
        notes[place[:3]] = "A recovery signs a person in without a login: no other hook sees it."
    headers = headers_read(policy, site.header_names)
    if headers:
        changes.append(Entries(HEADER_ALLOWLIST, headers, defaults=ALWAYS_PASSED))
        notes[HEADER_ALLOWLIST[:1]] = (
            f"The policy reads {', '.join(headers)}. Kratos hands further headers over from 26.2"
            " on; an older one passes this setting by."
        )
    if site.gates:
        changes += _gates(site)
        notes[RETURN_URLS] = (
            "Where people may be sent back to from the second factor: Hydra, and this service."
        )
    return Plan(tuple(changes), notes, tuple(advice(policy, site)))


def _gates(site: Site) -> Iterator[Change]:
    back = [url for url in (site.hydra_public_url, site.public_url) if url is not None]
    yield Entries(RETURN_URLS, tuple(f"{url}/" for url in back))
    if site.hydra_admin_url is not None and not site.network:
        # Kratos takes a login_challenge only where it can ask Hydra about it (F61).
        yield Value(("oauth2_provider", "url"), site.hydra_admin_url, keep=True)


def _lists(
    policy: Policy, listed: Listed, make: Callable[[str, bool], Tree], methods: Sequence[str]
) -> Iterator[HookList]:
    flow: Place = (*FLOWS, listed.flow.value, "after")
    for method in methods:
        if listed.flow not in METHODS[method]:
            continue
        path = f"{listed.path}/{method}"
        parses = listed.parses(rules_at(policy, listed.event, method))
        if parses:
            yield HookList(
                at=(*flow, method, "hooks"),
                # A route without the method serves as well, but does not tell which (F34).
                paths=(path, listed.path),
                hooks=tuple(make(path, parse) for parse in parses),
                general=(*flow, "hooks"),
                otherwise=listed.otherwise,
            )


def _maker(site: Site, body: str) -> Callable[[str, bool], Tree]:
    def make(path: str, parse: bool) -> Tree:  # noqa: FBT001  the name of Kratos' own setting
        return {
            "hook": "web_hook",
            "config": {
                "url": site.hooks_url + path,
                "method": "POST",
                "body": body,
                "auth": bearer(site.kratos_key),
                "response": {"parse": parse},
            },
        }

    return make
