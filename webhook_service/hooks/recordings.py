"""Recorded hook calls: which hook a body belongs to, and how it is read once more.

A recording is ``{case, headers, body}`` or the bare body. Its case, or else the name of its
file, names the event (``kratos.settings-password.api``); where neither does, the shape of
the body tells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from webhook_service.hooks.event import Event, Raw
from webhook_service.hooks.table import Hook
from webhook_service.policy.facts import EventName
from webhook_service.wire import parse_time

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False)
"""Made once: json.dumps would make one for each call."""

_LEGACY: Final = "hydra.refresh_token_hook"
"""How recordings name Hydra's older hook: after its setting, not after its event."""

_METHOD: Final = re.compile("-([a-z0-9_]{1,40})")
_BEFORE_OR_AFTER: Final = frozenset({"show_form", "success"})
"""The states of a settings flow in its two hooks (F103); no other flow has them."""
_LEVEL_ASKED: Final = frozenset({"requested_aal", "refresh"})
"""Only the flow of a login has these."""


class NotAHookError(ValueError):
    """What was recorded is no hook call that can be read. Never quotes the body."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded call.

    ``method`` is that of a Kratos hook's URL, where the case tells it (F34); ``at`` when it
    was received, where the recording says so.
    """

    event: EventName
    body: Mapping[str, Any] = field(repr=False)
    method: str | None = None
    at: datetime | None = None


def recording_of(document: object, name: str = "") -> Recording:
    """Tell which hook call a JSON document is.

    Args:
        document: ``{case, headers, body}``, or the bare body.
        name: the name of its file without the ending: it counts where there is no case.

    Raises:
        NotAHookError: it is none.
    """
    if not isinstance(document, Mapping):
        raise NotAHookError("not a JSON object")
    body = document.get("body") if "case" in document or "headers" in document else document
    if not isinstance(body, Mapping) or "status" in document:
        raise NotAHookError("not a hook call")
    case = document.get("case")
    named = _named(case if isinstance(case, str) else name)
    event, method = named or (_by_shape(body), None)
    return Recording(event, body, method, _time(document.get("at")))


def read_recording(recording: Recording, hooks: Iterable[Hook]) -> Event:
    """Read a recorded body through its hook.

    Raises:
        NotAHookError: no hook of this version reads such a body.
        MalformedError: it is not JSON as a hook may send it.
        ShapeError: it is, but not this hook's.
    """
    hook = next((hook for hook in hooks if hook.event is recording.event), None)
    if hook is None:
        raise NotAHookError(f"this version has no hook that reads {recording.event}")
    method = recording.method if hook.with_method else None
    route = hook.path if method is None else f"{hook.path}/{method}"
    body = _ENCODER.encode(recording.body).encode(errors="surrogatepass")
    return hook.read(Raw(route, body, method=method))


def moment_of(event: Event) -> datetime | None:
    """Return when the call was made, where its body tells: a login is authenticated now (F97)."""
    if event.name is not EventName.KRATOS_LOGIN:
        return None
    moment: datetime | None = event.values.get("session.authenticated_at")
    return moment


def _named(case: str) -> tuple[EventName, str | None] | None:
    """Read ``kratos.settings-password.api`` as event and method."""
    if case.startswith(_LEGACY):
        return EventName.HYDRA_REFRESH_TOKEN, None
    for event in EventName:
        rest = case.removeprefix(event)
        if rest != case and (not rest or rest[0] in ".-"):
            method = _METHOD.match(rest)
            return event, method[1] if method else None
    return None


def _by_shape(body: Mapping[str, Any]) -> EventName:
    if isinstance(body.get("session"), Mapping) and "id_token" in body["session"]:
        older = "requester" in body and "request" not in body
        return EventName.HYDRA_REFRESH_TOKEN if older else EventName.HYDRA_TOKEN
    flow = body.get("flow")
    if not isinstance(flow, Mapping):
        raise NotAHookError("not a hook call")
    if flow.get("state") in _BEFORE_OR_AFTER:
        return EventName.KRATOS_SETTINGS
    if flow.keys() & _LEVEL_ASKED:
        return EventName.KRATOS_LOGIN
    return _by_address(body.get("request_url"))


def _by_address(address: object) -> EventName:
    """Tell by the page of Kratos, which bodies that send ``ctx`` whole name."""
    try:
        path = urlsplit(address).path if isinstance(address, str) else ""
    except ValueError:
        path = ""
    last = path.rstrip("/").rpartition("/")[2]
    for event in EventName:
        if event == f"kratos.{last}":
            return event
    raise NotAHookError('a hook call of Kratos, but of which flow? name it in "case"')


def _time(text: object) -> datetime | None:
    try:
        return parse_time(text)
    except ValueError:
        return None
