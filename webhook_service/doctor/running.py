"""Asks the database, Kratos and Hydra as they run now. Nothing is changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Final

from webhook_service import opening
from webhook_service.doctor.catalogue import installation
from webhook_service.doctor.finding import Finding, well
from webhook_service.effects.store.database import shown
from webhook_service.effects.store.troubles import DatabaseError
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.hydra import Hydra
from webhook_service.ory.kratos import Kratos
from webhook_service.ory.kratos_public import KratosPublic
from webhook_service.ory.transport import Transport
from webhook_service.ory.versions import ask_version, limits
from webhook_service.policy.model import Policy
from webhook_service.settings import Settings

SECONDS: Final = 3.0
"""How long each question may take: who runs the doctor waits for the answer."""

NOBODY: Final = str(uuid.UUID(int=1))
"""A session and a client that nobody has: asking for it shows whether we may ask."""


def look_at_database(settings: Settings) -> Iterator[Finding]:
    """Ask the database for the version of its tables."""
    where = f"DATABASE_URL: {shown(settings.database_url)}"
    try:
        wrong = opening.look(settings.database_url)
    except DatabaseError as error:
        # The driver's words may name the server and the user: they are for who asks, not a log.
        said = (error.detail or "").partition("\n")[0]
        what = f"{where}: {error}" + (f": {said}" if said else "")
        yield Finding(installation.DATABASE_UNREACHABLE, what)
        return
    if wrong is None:
        yield well(f"{where} can be used")
    else:
        yield Finding(installation.DATABASE_UNFIT, f"{where}: {wrong}")


def look_at_upstreams(settings: Settings, policy: Policy) -> Iterator[Finding]:
    """Ask Kratos and Hydra whether they are there, which they are, and whether we may ask."""
    told = []
    for upstream, url in (
        ("kratos", settings.kratos_admin_url),
        ("hydra", settings.hydra_admin_url),
    ):
        if url is None:
            continue
        transport = Transport(
            upstream,
            url,
            api_key=settings.ory_api_key,
            connections=1,
            trust_env=settings.use_env_proxies,
        )
        try:
            _ask(transport)
        except OryError as error:
            refused = error.reason is UpstreamReason.UNAUTHORIZED
            kind = installation.REFUSED if refused else installation.UNREACHABLE
            yield Finding(kind, f"{upstream.upper()}_ADMIN_URL: {error.reason}: {error.detail}")
        else:
            told.append(ask_version(transport, Deadline.after(SECONDS)))
            version = told[-1].version or "of a version that it does not tell"
            yield well(f"{upstream.upper()}_ADMIN_URL: {upstream} {version} answers")
    yield from _public(settings)
    for text in limits(*told) if policy.ends else ():
        yield Finding(installation.OLDER, text)


def _public(settings: Settings) -> Iterator[Finding]:
    """Ask the API of Kratos that browsers use, and the service for whose session a cookie is."""
    if settings.kratos_public_url is None:
        return
    transport = Transport(
        "kratos",
        settings.kratos_public_url,
        connections=1,
        trust_env=settings.use_env_proxies,
    )
    public = KratosPublic(transport, settings.session_cookie)
    try:
        public.ready(Deadline.after(SECONDS))
        public.whoami(Deadline.after(SECONDS), token=NOBODY)
    except OryError as error:
        what = f"KRATOS_PUBLIC_URL: {error.reason}: {error.detail}"
        yield Finding(installation.PUBLIC_UNREACHABLE, what)
    else:
        yield well("KRATOS_PUBLIC_URL: kratos answers")


def _ask(transport: Transport) -> None:
    """Return if an upstream is well and takes our key.

    Raises:
        OryError: it is not, or does not.
    """
    if transport.upstream == "kratos":
        kratos = Kratos(transport)
        kratos.ready(Deadline.after(SECONDS))
        kratos.session(NOBODY, Deadline.after(SECONDS))
    else:
        hydra = Hydra(transport)
        hydra.ready(Deadline.after(SECONDS))
        hydra.client(NOBODY, Deadline.after(SECONDS))
