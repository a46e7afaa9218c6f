"""A policy file with one test in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from webhook_service.policy.cases import run
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy, PolicyTest

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RULES = """version: 1
deny:
  - name: blocked
    when: client.id == "blocked"
mfa:
  - name: second factor
    when: client.id == "console"
    require: {aal: aal2}
  - name: at login
    events: [kratos.login]
    require: {aal: aal2}
    step_up_within: 10m
sessions:
  - name: eight hours
    when: client.id == "web"
    extend: true
    max_age: 8h
revoke:
  - name: others
    events: [kratos.settings]
    revoke: [other_sessions, tokens]
claims:
  - name: level
    when: client.id == "web"
    access_token: {acr: session.aal, amr: session.methods, age: now - session.issued_at}
    id_token: {tenant: identity.traits.tenant}
"""
SIGNED_IN = "session: {factors: [{method: password, aal: aal1, completed_at: now-1h}]}"


def file_with(test: str) -> tuple[Policy, PolicyTest]:
    """Load the rules above with one test; ``test`` is what it says beside its name."""
    policy = load(f"{RULES}tests:\n  - name: t\n    {test}\n".encode())
    return policy, policy.tests[0]


def differences(
    facts: str, expect: str, event: str = "hydra.token", payload: dict[str, Any] | None = None
) -> list[str]:
    policy, test = file_with(f"event: {event}\n    facts: {{{facts}}}\n    expect: {{{expect}}}")
    return [str(difference) for difference in run(policy, test, payload or {})]
