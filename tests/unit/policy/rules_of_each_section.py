"""A rule of each section."""

from __future__ import annotations

DENY = """
deny:
  - name: deny
    when: client.id == "deny"
"""
MFA = """
mfa:
  - name: mfa
    require: {aal: aal2}
"""
CAP = """
sessions:
  - name: cap
    max_age: 8h
"""
LIVE = """
sessions:
  - name: live
    must_be_active: true
"""
REVOKE = """
revoke:
  - name: others
    events: [kratos.settings, kratos.login]
    revoke: [other_sessions, tokens]
"""
CLAIMS = """
claims:
  - name: level
    access_token: {acr: session.aal}
"""
EVERYTHING = DENY + MFA + CAP + "    extend: true\n" + CLAIMS
ENROLLED = {"identity.second_factors": ("totp",)}
