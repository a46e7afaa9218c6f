"""Puts the service together from its settings: the one place where everything is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import structlog

from webhook_service.effects.recent import RecentEvents
from webhook_service.gather import Gatherer
from webhook_service.ory.hydra import Hydra
from webhook_service.ory.kratos import Kratos
from webhook_service.ory.transport import Transport
from webhook_service.policy.facts import EventName, Source
from webhook_service.policy.loader import load as load_policy
from webhook_service.policy.model import (
    UNLIMITED,
    MfaRule,
    Policy,
    RevokeRule,
    SessionRule,
)
from webhook_service.policy.needs import sources_of
from webhook_service.policy_in_force import (
    Exchange,
    Follower,
    PolicyFile,
    PolicyInForce,
    UnreadableError,
    read_file,
)
from webhook_service.records import metrics
from webhook_service.records.record import Record
from webhook_service.runtime import runtime_file, runtime_folder
from webhook_service.service import Service, utc_now
from webhook_service.settings import Settings

SERVED: Final = frozenset(
    {EventName.HYDRA_TOKEN, EventName.HYDRA_REFRESH_TOKEN, EventName.KRATOS_LOGIN}
)
"""The events that this version serves."""

_URL_OF: Final[Mapping[Source, str]] = {
    Source.KRATOS_SESSION: "KRATOS_ADMIN_URL",
    Source.KRATOS_IDENTITY: "KRATOS_ADMIN_URL",
    Source.HYDRA_CLIENT: "HYDRA_ADMIN_URL",
    Source.HYDRA_LOGIN_REQUEST: "HYDRA_ADMIN_URL",
}

Client = TypeVar("Client", Kratos, Hydra)


class StartError(Exception):
    """The settings are fine each, but the service cannot start with them."""


@dataclass(frozen=True, slots=True)
class Wired:
    """A service that is ready to answer, and its upstreams by name."""

    service: Service
    upstreams: Mapping[str, Kratos | Hydra]
    follower: Follower


def read_policy(path: Path) -> Policy:
    """Read the policy file.

    Raises:
        StartError: it cannot be read.
        PolicyError: it can, and is wrong.
    """
    try:
        data = read_file(path)
    except UnreadableError as error:
        raise StartError(
            f"POLICY_FILE: {error}. It holds the rules; the smallest one is the line: version: 1"
        ) from None
    return load_policy(data, str(path))


def wire(  # noqa: PLR0913  each collaborator of the service, with its production default
    settings: Settings,
    policy: Policy,
    logger: structlog.typing.FilteringBoundLogger,
    *,
    kratos: Kratos | None = None,
    hydra: Hydra | None = None,
    recent: RecentEvents | None = None,
    clock: Callable[[], datetime] = utc_now,
    records: structlog.typing.FilteringBoundLogger | None = None,
) -> Wired:
    """Make the service. Clients, event memory and clock can be given by a test.

    ``records`` takes the decision records; the logger does, where it is not given.

    Raises:
        StartError: the policy needs an upstream that no setting names.
    """
    missing = missing_upstreams(settings, policy)
    if missing and kratos is None and hydra is None:
        raise StartError("\n".join(missing))
    kratos = kratos or _client(settings, "kratos", settings.kratos_admin_url, Kratos)
    hydra = hydra or _client(settings, "hydra", settings.hydra_admin_url, Hydra)

    records = records or logger

    def keep(record: Record) -> None:
        metrics.count(record)
        fields = record.fields()
        records.info("decision", event_name=fields.pop("event"), **fields)
        for call in record.calls:
            if call.outcome == "upstream.unauthorized":
                logger.error("Ory refuses the service's own call", call=call.operation)

    in_force = PolicyInForce(policy)
    service = Service(
        policies=in_force,
        all_shadow=settings.mode == "shadow",
        gatherer=Gatherer(kratos, hydra, settings.hook_deadline),
        recent=recent or RecentEvents(runtime_file("recent-events")),
        hook_deadline=settings.hook_deadline.total_seconds(),
        keep=keep,
        clock=clock,
    )
    metrics.tell_policy(policy.digest)
    upstreams = {"kratos": kratos, "hydra": hydra}
    return Wired(
        service,
        {name: one for name, one in upstreams.items() if one is not None},
        Follower(in_force, policy_file(settings, logger), watch=settings.policy_watch),
    )


def policy_file(settings: Settings, logger: structlog.typing.FilteringBoundLogger) -> PolicyFile:
    """Return the operator's file, ready to be offered to all processes."""
    return PolicyFile(
        settings.policy_file,
        Exchange(runtime_folder()),
        logger,
        fits=lambda policy: missing_upstreams(settings, policy),
        notices=not_carried_out,
    )


def _client(
    settings: Settings, upstream: str, url: str | None, make: Callable[[Transport], Client]
) -> Client | None:
    if url is None:
        return None
    return make(
        Transport(
            upstream,
            url,
            api_key=settings.ory_api_key,
            connections=settings.web_threads,
            trust_env=settings.use_env_proxies,
        )
    )


def missing_upstreams(settings: Settings, policy: Policy) -> list[str]:
    """Name each setting that a rule of the policy cannot do without."""
    configured = {
        "KRATOS_ADMIN_URL": settings.kratos_admin_url,
        "HYDRA_ADMIN_URL": settings.hydra_admin_url,
    }
    callers = set()
    if settings.hydra_hook_keys:
        callers |= {EventName.HYDRA_TOKEN, EventName.HYDRA_REFRESH_TOKEN}
    if settings.kratos_hook_keys:
        callers |= {EventName.KRATOS_LOGIN}
    lines = []
    for rule in policy.rules:
        needed = {
            _URL_OF[source] for event in rule.events & callers for source in sources_of(rule, event)
        }
        lines += [
            f'{name}: not set; rule "{rule.name}" (line {rule.line} of the policy) needs it'
            for name in sorted(needed)
            if configured[name] is None
        ]
    return lines


def start_notices(settings: Settings, policy: Policy) -> list[str]:
    """Say what an operator should know at start and might not expect."""
    notices = []
    if not settings.kratos_hook_keys:
        notices.append("KRATOS_HOOK_KEYS is not set: the routes under /hooks/kratos answer 404")
    if not settings.hydra_hook_keys:
        notices.append("HYDRA_HOOK_KEYS is not set: the routes under /hooks/hydra answer 404")
    if not settings.operator_keys:
        notices.append("OPERATOR_KEYS is not set: /metrics answers 404")
    if settings.mode == "shadow":
        notices.append("MODE is shadow: every rule is decided and recorded, none is answered")
    if settings.country_header is None:
        notices += [
            f'rule "{rule.name}" (line {rule.line}) reads request.country, which is always'
            " absent: COUNTRY_HEADER is not set"
            for rule in policy.rules
            if rule.when is not None and "request.country" in rule.when.facts
        ]
    notices += not_carried_out(policy)
    return notices


def not_carried_out(policy: Policy) -> list[str]:
    """Say which rules are decided and recorded, with a consequence that nothing carries out."""
    notices = []
    for rule in policy.rules:
        what = _consequence(rule)
        if what:
            notices.append(f'rule "{rule.name}" (line {rule.line}): {what}')
        elif not rule.events & SERVED:
            events = ", ".join(sorted(rule.events))
            notices.append(
                f'rule "{rule.name}" (line {rule.line}): nothing serves its events yet: {events}'
            )
    return notices


def _consequence(rule: object) -> str | None:
    later = "is decided and recorded, and not carried out by this version"
    if isinstance(rule, SessionRule) and rule.max_age not in {None, UNLIMITED}:
        return (
            "past max_age every token, and every step of a login in that session, is refused;"
            f" ending the session itself and its tokens at that moment {later}"
        )
    if isinstance(rule, MfaRule) and rule.step_up_within is not None:
        return f"ending the session after step_up_within {later}"
    if isinstance(rule, RevokeRule):
        return f"revoking {', '.join(sorted(rule.revoke))} {later}"
    return None
