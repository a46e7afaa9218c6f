"""Whether an upstream is up: its own health check, wherever its version keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from marshmallow import ValidationError

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import NotFound, OryError, UpstreamReason
from webhook_service.ory.transport import Transport


def ask_health(transport: Transport, paths: Sequence[str], deadline: Deadline) -> None:
    """Return if one of the paths says that the upstream is well.

    Kratos 1.3.1 keeps it under ``/admin`` and redirects there, Hydra 2.3.0 at the top: the
    next path is tried where something answered that is no health check.

    Raises:
        OryError: it is not well, or what is there is neither Kratos nor Hydra.
    """
    for path in paths[:-1]:
        try:
            if transport.get_health(path, deadline, _read_status):
                return
        except OryError as error:
            if error.reason is not UpstreamReason.INVALID:
                raise
    if not transport.get_health(paths[-1], deadline, _read_status):
        raise NotFound(transport.upstream)


def _read_status(data: object) -> bool:
    if not isinstance(data, Mapping) or data.get("status") != "ok":
        raise ValidationError({"status": ["Not ok."]})
    return True
