"""Decision records for tests, as the service makes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from webhook_service.policy.decision import Outcome, Reason, Ruling, Verdict
from webhook_service.policy.model import Section
from webhook_service.records.keeping import NewRecord

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ADA = "aea95835-aeaf-4997-bd01-d04160cc4ddc"
BOB = "0f4b7c55-6a0d-4f6e-9d55-0a4f1f3c6c01"

REFUSED: dict[str, Any] = {
    "verdict": "deny",
    "reason": "rule.denied",
    "rule": "billing",
    "status": 403,
}
DENIES = Ruling(Section.DENY, "billing", 3, Outcome.MATCHED, Verdict.DENY, Reason.RULE_DENIED)
STAYS = Ruling(Section.SESSIONS, "stays", 7, Outcome.MATCHED)


def new(key: str, *, seconds: float = 0, left_out: int = 0, **more: Any) -> NewRecord:
    """Return a record of an event so many seconds past noon; allowed, unless ``more`` says."""
    at = NOON + timedelta(seconds=seconds)
    rulings = more.pop("rulings", ())
    shadow = more.pop("shadow", ())
    line = {
        "at": at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "level": "info",
        "message": "decision",
        "event": "hydra.token",
        "key": key,
        "verdict": "allow",
        "reason": None,
        "rule": None,
        "status": 204,
        "subject": ADA,
        "client": "web",
        "session": None,
        "upstream": [],
        "ms": 1.5,
        **more,
    }
    return NewRecord(at, json.loads(json.dumps(line)), rulings, shadow, left_out)
