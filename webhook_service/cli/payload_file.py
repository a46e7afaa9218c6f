"""Reads a recorded hook call from a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from webhook_service.hooks.event import Event
from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.recordings import NotAHookError, Recording, read_recording, recording_of
from webhook_service.hooks.shape import ShapeError
from webhook_service.hooks.strict_json import MalformedError
from webhook_service.hooks.table import Hook, hooks

MAX_BYTES: Final = 4 << 20
"""No recorded call is as large; a file that is was given by mistake."""

_HOOKS: Final[Mapping[str, Hook]] = hooks(RequestHeaders())


class PayloadError(ValueError):
    """A file that is no recorded hook call. Never quotes it."""


def read_payload(path: Path) -> tuple[Recording, Event]:
    """Read a recorded call: ``{case, headers, body}`` or the bare body.

    Raises:
        PayloadError: it cannot be read, or is none.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PayloadError(f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise PayloadError("too large for a recorded hook call")
    try:
        recording = recording_of(json.loads(data), path.stem)
        return recording, event_of(recording)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise PayloadError("not JSON") from None
    except NotAHookError as error:
        raise PayloadError(str(error)) from None


def event_of(recording: Recording) -> Event:
    """Read a recorded call through its hook.

    Raises:
        PayloadError: it cannot be read so.
    """
    try:
        return read_recording(recording, _HOOKS.values())
    except (NotAHookError, MalformedError, ShapeError) as error:
        raise PayloadError(str(error)) from None
