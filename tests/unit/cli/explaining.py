"""The policy that the tests of ``policy explain`` explain."""

from __future__ import annotations

RULES = """
mfa:
  - name: billing needs a fresh second factor
    when: client.id == "admin-console" || "billing:write" in token.scopes
    require: {aal: aal2, max_age: 15m, methods: [totp, webauthn]}
    message: Use your authenticator app or security key to continue.
sessions:
  - name: staff sign in every morning
    when: identity.traits.staff == true
    max_age: 8h
  - name: at the office
    when: request.country == "NL"
    max_age: 8h
mode: enforce
claims:
  - name: who
    access_token: {mail: identity.traits.email, scopes: token.scopes}
"""
SHADOW = """
  - name: everyone needs one this week
    mode: shadow
    require: {aal: aal2}
"""
