"""The policies that are measured with."""

from __future__ import annotations

from typing import Final

AT_THE_GATEWAY: Final = """\
version: 1

deny:
  - name: the old shop is closed
    when: request.host == "old.example.org"

mfa:
  - name: the admin area
    when: request.path.startsWith("/admin")
    require: {aal: aal2, max_age: 15m}
  - name: whoever changes anything of the billing
    when: request.path.startsWith("/billing") && request.method != "GET"
    require: {aal: aal2, max_age: 8h, methods: [totp, webauthn]}

sessions:
  - name: signed in as long as it is used
    when: request.host == "app.example.org"
    extend: {when_left: 1h}
    max_age: 90d
"""
"""Four rules, of which the last one matches: a cap, and an extension that is not due."""

TEN_RULES: Final = """\
version: 1

conditions:
  staff: identity.traits.staff == true
  internal: client.id in ["admin-console", "billing", "support-desk"]

deny:
  - name: retired apps get no tokens
    when: client.id in ["web-classic", "mobile-classic"]
  - name: no refresh for a machine
    when: token.grant == "client_credentials" && "offline" in token.scopes
  - name: tenants that have left
    when: token.claims.tenant in ["t7", "t9"]

mfa:
  - name: internal tools need a fresh second factor
    when: internal
    require: {aal: aal2, max_age: 15m, methods: [totp, webauthn]}
  - name: payments need a second factor
    when: token.scopes.exists(scope, scope.startsWith("payments:"))
    require: {aal: aal2}
  - name: staff on the admin console
    when: client.id == "admin-console" && staff
    require: {aal: aal2, max_age: 8h}

sessions:
  - name: mobile stays signed in while it is used
    when: client.id in ["mobile", "mobile-beta"] && token.grant == "refresh_token"
    extend: {when_left: 24h}
    max_age: 90d
  - name: the lobby kiosk never signs out
    when: client.id == "kiosk"
    extend: true
    max_age: unlimited
  - name: the web app does not prolong the session
    when: client.id == "web"
    extend: false

claims:
  - name: billing reads how the user signed in
    when: client.id == "billing"
    access_token: {acr: session.aal, amr: session.methods}
"""
"""Rules as people write them. The payload alone decides each of them for the web app's
refresh, the last sessions rule matches, and nothing is asked for."""

ONE_CALL: Final = """\
version: 1
mfa:
  - name: the web app needs a second factor
    when: client.id == "web"
    require: {aal: aal2}
"""
"""Reads the session."""

TWO_CALLS: Final = f"""{ONE_CALL}
deny:
  - name: recovery codes alone are no second factor
    when: client.id == "web" && identity.second_factors == ["lookup_secret"]
"""
"""Reads the session, and the identity with its credentials."""


def many_rules(count: int) -> str:
    """Write a policy of that many rules: a fifth each denies and extends, the rest asks for MFA.

    The payload alone decides each of them for the web app's refresh, as in ``TEN_RULES``.
    """
    deny = range(0, count, 5)
    sessions = range(1, count, 5)
    mfa = sorted(set(range(count)) - set(deny) - set(sessions))
    lines = ["version: 1", "deny:"]
    for number in deny:
        lines += [
            f"  - name: tenant {number} has left",
            f'    when: token.claims.tenant == "left-{number}" && "web" in token.audience',
        ]
    lines += ["mfa:"]
    for number in mfa:
        lines += [
            f"  - name: app {number} needs a second factor",
            f'    when: client.id == "app-{number}" || "app-{number}:write" in token.scopes',
            "    require: {aal: aal2, max_age: 15m, methods: [totp, webauthn]}",
        ]
    lines += ["sessions:"]
    for number in sessions:
        lines += [
            f"  - name: app {number} stays signed in",
            f'    when: client.id == "app-{number}" && token.grant == "refresh_token"',
            "    extend: {when_left: 24h}",
            "    max_age: 90d",
        ]
    return "\n".join(lines) + "\n"
