"""An answer, as bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from webhook_service.policy.decision import Decision


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back over the wire. A body is always JSON."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


NOTHING_CHANGES = Reply(204)
"""The safe answer to every hook (F13, F40)."""


def json_reply(status: int, value: Mapping[str, Any]) -> Reply:
    """Answer with a JSON object."""
    return Reply(status, json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


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
