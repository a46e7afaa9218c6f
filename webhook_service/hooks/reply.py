"""An answer, as bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from webhook_service.policy.decision import Decision


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back over the wire. A body is always JSON."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


NOTHING_CHANGES = Reply(204)
"""The safe answer to every hook (F13, F40)."""

STORE_UNAVAILABLE: Final = "service.store_unavailable"
"""What must follow from an event could not be kept, so it cannot be answered as decided (E1)."""


# Made once: json.dumps would make an encoder for each answer.
_encode: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def json_reply(status: int, value: Mapping[str, Any]) -> Reply:
    """Answer with a JSON object."""
    return Reply(status, _encode(value).encode())


def refusal(status: int, decision: Decision) -> Reply:
    """Refuse with everything a reader of a log or a terminal wants to know.

    Hydra reads no more than the status (F19, F22).
    """
    return json_reply(
        status,
        {
            "verdict": decision.verdict,
            "reason": decision.reason,
            "rule": decision.rule,
            "message": decision.message,
        },
    )


def store_unavailable() -> Reply:
    """Answer a caller that repeats a 503: Hydra (F22), and Kratos after a stored change (F50).

    The shape is that of Ory's own errors.
    """
    message = "What must follow from this could not be kept just now; try again."
    return json_reply(503, {"error": {"id": STORE_UNAVAILABLE, "code": 503, "message": message}})
