"""Rules that demand a second factor, and people who have one or none."""

from __future__ import annotations

from webhook_service.policy.decision import Decision, Reason, Verdict

SECOND_FACTOR = """
mfa:
  - name: second factor
    require: {aal: aal2}
"""
FRESH_APP_CODE = """
mfa:
  - name: fresh app code
    require: {aal: aal2, max_age: 15m, methods: [totp]}
"""
GRACE = """
mfa:
  - name: soon
    require: {aal: aal2}
    enrolment: {grace: 3d, since: 2026-11-22T12:00:00Z}
"""
HAS_TOTP = {"identity.found": True, "identity.second_factors": ("totp",)}
HAS_NONE = {"identity.found": True, "identity.second_factors": ()}


def outcome(decision: Decision) -> tuple[Verdict, Reason | None]:
    return decision.verdict, decision.reason
