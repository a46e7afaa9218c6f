"""What the running Kratos and Hydra cannot do, in an operator's words, said once at start.

Nothing is decided by a version: the service looks at what an event or an answer holds. It is
only so that an operator does not learn of a limit from a person whom it surprised.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from marshmallow import ValidationError

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.transport import Transport

_PATHS: Final = {"kratos": "/admin/version", "hydra": "/version"}
"""Kratos redirects from ``/version``, which is not followed; Hydra has no other."""

_LIFTED: Final = (26, 2)
"""The first version that was seen without the limits below; 1.3.1 and 2.3.0 have them all."""

_LIMITS: Final[Mapping[str, tuple[str, ...]]] = {
    "kratos": (
        # F33, F74, F94
        (
            "its settings hooks do not name the session of the change: a rule that ends a person's"
            " other sessions then ends all of them after a change in a native app, and after one in"
            " a browser too, unless the hook passes the session cookie and KRATOS_PUBLIC_URL is set"
        ),
        # F32
        (
            "its hooks carry no Ory-Webhook-Trigger-Id: a hook that comes again with the same body"
            " counts as the same event"
        ),
    ),
    "hydra": (
        # F69, F101
        (
            "it cannot revoke the tokens of one session: where a session is ended, all tokens are"
            " revoked that the person has at the clients it signed in to, those of other sessions"
            " included"
        ),
    ),
}

_LONGEST: Final = 64
_VERSION: Final = re.compile(r"v?(\d{1,4})\.(\d{1,4})(?![0-9])[\x21-\x7e]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Told:
    """What an upstream told of its version.

    Attributes:
        upstream: ``kratos`` or ``hydra``.
        version: as it says: ``v1.3.1``; ``master`` where it was built by hand.
        failure: why it told nothing; ``None`` where it did.
    """

    upstream: str
    version: str = ""
    failure: UpstreamReason | None = None


def ask_version(transport: Transport, deadline: Deadline) -> Told:
    """Ask an admin API for the version of its server. Never fails: see ``Told``."""
    upstream = transport.upstream
    try:
        version = transport.get(_PATHS[upstream], deadline, _read_version)
    except OryError as error:
        return Told(upstream, failure=error.reason)
    if version is None:
        return Told(upstream, failure=UpstreamReason.INVALID)
    return Told(upstream, version)


def limits(*told: Told) -> list[str]:
    """Say what these versions cannot do, and which of them could not be learned."""
    return [notice for one in told for notice in _limits(one)]


def _limits(told: Told) -> list[str]:
    name, texts = told.upstream.capitalize(), _LIMITS[told.upstream]
    major, minor = _LIFTED
    if told.failure is not None:
        known = f"the version of {name} could not be read ({told.failure})"
    elif number := _VERSION.fullmatch(told.version):
        if (int(number[1]), int(number[2])) >= _LIFTED:
            return []
        return [f"{name} is {told.version}, older than {major}.{minor}: {text}" for text in texts]
    else:
        known = f'{name} says that its version is "{told.version}", which tells nothing'
    return [f"{known}; if it is older than {major}.{minor}: {text}" for text in texts]


def _read_version(data: object) -> str:
    version = data.get("version") if isinstance(data, Mapping) else None
    if not isinstance(version, str):
        raise ValidationError({"version": ["Not a text."]})
    # It ends up in a line of the log.
    return "".join(filter(str.isprintable, version))[:_LONGEST]
