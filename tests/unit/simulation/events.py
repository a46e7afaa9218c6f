"""Events that are decided again, and the policies for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from textwrap import dedent
from typing import Any

from webhook_service.policy.conditions.types import Value
from webhook_service.policy.facts import EventName, Facts, Source
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy
from webhook_service.policy.situation import NO_SOURCES
from webhook_service.simulation.happenings import Happening

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def policy_of(rules: str) -> Policy:
    return load(f"version: 1\n{dedent(rules)}".encode())


def happening(
    values: Mapping[str, Value] | None = None,
    event: str = "hydra.token",
    *,
    answered: bool = False,
    failed: Mapping[Source, str] | None = None,
    **known: Any,
) -> Happening:
    sources = frozenset(Source) if answered else NO_SOURCES
    facts = Facts(EventName(event), values or {}, sources, failed or {})
    return Happening((facts,), NOW, "key", **known)


MFA = "mfa:\n  - {name: step up, require: {aal: aal2}}\n"


def live(aal: str = "aal1") -> dict[str, Value]:
    return {"session.found": True, "session.active": True, "session.aal": aal}
