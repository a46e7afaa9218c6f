"""What is wrong with a configuration of Kratos, for the policy at hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from webhook_service.doctor.case import Case
from webhook_service.doctor.catalogue import files, hooks
from webhook_service.doctor.durations import parsed
from webhook_service.doctor.finding import Finding, well
from webhook_service.doctor.hooks_in_file import (
    address,
    is_for_us,
    look_at_address,
    look_at_body,
    look_at_key,
)
from webhook_service.hooks.table import Caller
from webhook_service.ory_config import kratos as of_kratos
from webhook_service.ory_config.kratos import ALWAYS_PASSED, FLOWS, HEADER_ALLOWLIST
from webhook_service.ory_config.kratos_advice import (
    demands_a_second_factor,
    extends,
    extends_always,
    go_duration,
    longest_window,
)
from webhook_service.ory_config.listening import headers_read
from webhook_service.ory_config.methods import Flow, enabled
from webhook_service.ory_config.plan import HookList, Json, Place, Tree, found
from webhook_service.ory_config.weave import is_ours, parses

FILE: Final = "kratos"
_AALS: Final = frozenset({"aal1", "highest_available"})
_WITHOUT_METHODS: Final = ("recovery", "verification")


def look(config: Tree, case: Case) -> Iterator[Finding]:
    """Judge the whole file."""
    plan = of_kratos.plan(case.policy, case.site, case.body.inline, enabled(config))
    wanted = [change for change in plan.changes if isinstance(change, HookList)]
    count = 0
    for place, hook in hooks_of(config):
        if is_for_us(found(hook, ("config", "url")), case):
            count += 1
            yield from _hook(hook, place, case)
    yield from _missing(config, wanted)
    if count:
        yield well(f"{FILE}: {count} hook{' calls' if count == 1 else 's call'} the service")
    yield from _headers(config, case)
    yield from _extending(config, case)
    yield from _levels(config, case)
    if found(config, ("log", "leak_sensitive_values")) is True:
        yield Finding(files.LOG_LEAKS, f"{FILE}: log.leak_sensitive_values is true")
    yield from _cookie(config, case)


def hooks_of(config: Tree) -> Iterator[tuple[Place, Tree]]:
    """Yield every hook after a flow, with the list that it stands in."""
    for flow in (*Flow, *_WITHOUT_METHODS):
        after = found(config, (*FLOWS, str(flow), "after"))
        if not isinstance(after, dict):
            continue
        lists = {(): after.get("hooks")} | {
            (name,): found(after, (name, "hooks")) for name in after if name != "hooks"
        }
        for name, listed in lists.items():
            if isinstance(listed, list):
                place: Place = (*FLOWS, str(flow), "after", *name, "hooks")
                yield from ((place, hook) for hook in listed if isinstance(hook, dict))


def _hook(hook: Tree, place: Place, case: Case) -> Iterator[Finding]:
    where = f"{FILE}: {'.'.join(place[1:])}"
    config = hook.get("config") or {}
    yield from look_at_address(str(config.get("url")), where, Caller.KRATOS, case)
    yield from look_at_key(config.get("auth"), where, Caller.KRATOS, case)
    yield from look_at_body(config.get("body"), where, case)
    if str(config.get("method", "")).upper() != "POST":
        yield Finding(hooks.HOOK_METHOD, f"{where}: method is {config.get('method')}")
    if found(config, ("response", "ignore")) is True:
        yield Finding(hooks.HOOK_IGNORED, f"{where}: response.ignore is true")
        return
    flow = place[len(FLOWS)]
    # A verification cannot be refused (F49), and what follows a change of settings must not be.
    if flow not in {Flow.SETTINGS, "verification"} and not parses(hook):
        yield Finding(
            hooks.HOOK_UNPARSED, f"{where}: response.parse is false", "response: {parse: true}"
        )
    is_general = place[-2] == "after" and flow in {Flow.SETTINGS, Flow.REGISTRATION}
    if is_general and parses(hook):
        yield Finding(files.KRATOS_GENERAL, f"{where} has a hook with parse: true")


def _missing(config: Tree, wanted: list[HookList]) -> Iterator[Finding]:
    for each in wanted:
        own = found(config, each.at)
        general = found(config, each.general) if each.general else None
        reached = own if isinstance(own, list) else general
        there = [hook for hook in reached or [] if is_ours(hook, each.paths)]
        before_or_after = each.at[len(FLOWS)] == Flow.SETTINGS
        for hook in each.hooks:
            # Elsewhere a wrong parse is said where the hook stands.
            if any(not before_or_after or parses(one) == parses(hook) for one in there):
                continue
            path, parse = hook["config"]["url"], str(parses(hook)).lower()
            yield Finding(
                hooks.HOOK_UNPARSED if there else files.KRATOS_MISSING,
                f"{FILE}: {'.'.join(each.at[1:])} has no hook to {path} with parse: {parse}",
            )


def _headers(config: Tree, case: Case) -> Iterator[Finding]:
    allowed = found(config, HEADER_ALLOWLIST)
    known = {str(name).casefold() for name in allowed} if isinstance(allowed, list) else set()
    lacking = [
        name
        for name in headers_read(case.policy, case.site.header_names)
        if name.casefold() not in known
    ]
    if lacking:
        # A list takes the place of what is handed over without one.
        before = allowed if isinstance(allowed, list) else ALWAYS_PASSED
        names = ", ".join(map(str, (*before, *lacking)))
        yield Finding(
            files.KRATOS_HEADERS,
            f"{FILE}: {'.'.join(HEADER_ALLOWLIST)} lacks {', '.join(lacking)}; before 26.2 Kratos"
            " hands over none of them, whatever it says",
            f"clients: {{web_hook: {{header_allowlist: [{names}]}}}}",
        )


def _extending(config: Tree, case: Case) -> Iterator[Finding]:
    place = ("session", "earliest_possible_extend")
    told = found(config, place)
    earliest = parsed(told)
    window = longest_window(case.policy)
    if window is not None and earliest is not None and earliest < window:
        yield Finding(
            files.KRATOS_WINDOW,
            f"{FILE}: {'.'.join(place)} is {told}, a rule's when_left {go_duration(window)}",
            f"session: {{earliest_possible_extend: {go_duration(window)}}}",
        )
    if told is None and extends_always(case.policy):
        yield Finding(
            files.KRATOS_ALWAYS_WRITES,
            f"{FILE}: {'.'.join(place)} is absent, and a rule says extend: true",
        )
    flag = ("feature_flags", "faster_session_extend")
    if found(config, flag) is True and extends(case.policy):
        yield Finding(files.KRATOS_FASTER, f"{FILE}: {'.'.join(flag)} is true")


def _levels(config: Tree, case: Case) -> Iterator[Finding]:
    whoami = ("session", "whoami", "required_aal")
    for place in (whoami, (*FLOWS, "settings", "required_aal")):
        told = found(config, place)
        if told is not None and told not in _AALS:
            yield Finding(files.KRATOS_AAL_VALUE, f"{FILE}: {'.'.join(place)} is {told}")
    if demands_a_second_factor(case.policy) and found(config, whoami) in {None, "aal1"}:
        yield Finding(
            files.KRATOS_LAX_AAL,
            f"{FILE}: {'.'.join(whoami)} is {found(config, whoami) or 'absent, which is aal1'}",
        )


def _cookie(config: Tree, case: Case) -> Iterator[Finding]:
    name = found(config, ("session", "cookie", "name")) or "ory_kratos_session"
    if name != case.body.session_cookie:
        yield Finding(
            files.COOKIE_NAME,
            f"{FILE}: session.cookie.name is {name}; SESSION_COOKIE is {case.body.session_cookie}",
            f"SESSION_COOKIE={name}",
        )
    public = found(config, ("serve", "public", "base_url")) or case.site.kratos_public_url
    theirs, ours = address(public), address(case.site.public_url)
    if theirs is None or ours is None or not theirs.hostname or not ours.hostname:
        return
    own = found(config, ("session", "cookie", "domain"))
    domain = own or found(config, ("cookies", "domain"))
    reached = _lies_in(ours.hostname, str(domain)) if domain else ours.hostname == theirs.hostname
    if not reached:
        of = f"the domain {domain}" if domain else f"the host {theirs.hostname}"
        yield Finding(
            files.COOKIE_HOST,
            f"{FILE}: the session cookie is for {of}; PUBLIC_URL is on {ours.hostname}",
            # It goes before cookies.domain.
            f"session: {{cookie: {{domain: {files.BOTH_HOSTS}}}}}" if own else None,
        )


def _lies_in(host: str, domain: str) -> bool:
    domain = domain.lstrip(".").casefold()
    return host.casefold() == domain or host.casefold().endswith(f".{domain}")


def back_to_hydra(config: Tree, hydra: Tree, case: Case) -> Iterator[Finding]:
    """Judge whether Kratos and Hydra find each other by way of the service's gates.

    Kratos asks Hydra about a sign-in (F61), and a step-up comes back to it (F65).
    """
    login = address(found(hydra, ("urls", "login")))
    ours = address(case.site.public_url)
    if login is None or ours is None or login.hostname != ours.hostname:
        return
    place = ("oauth2_provider", "url")
    if not case.site.network and not found(config, place):
        url = case.site.hydra_admin_url
        yield Finding(
            files.KRATOS_NO_HYDRA,
            f"{FILE}: {'.'.join(place)} is absent",
            None if url is None else f"oauth2_provider: {{url: {url}}}",
        )
    public = found(hydra, ("urls", "self", "public")) or found(hydra, ("urls", "self", "issuer"))
    allowed = found(config, ("selfservice", "allowed_return_urls")) or []
    parts = address(public)
    if parts is None or not parts.netloc:
        return
    if not any(_allows(url, parts.netloc) for url in allowed):
        yield Finding(
            files.RETURN_URL,
            f"{FILE}: selfservice.allowed_return_urls does not hold {public}",
            f"selfservice: {{allowed_return_urls: [{str(public).rstrip('/')}/]}}",
        )


def _allows(url: Json, netloc: str) -> bool:
    parts = address(url)
    return parts is not None and parts.netloc == netloc
