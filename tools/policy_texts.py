"""What the tables of docs/policy.md say that the code has no words for.

Every table has one entry for each thing of the code that it explains; a test holds it to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from markdown_tables import code

from webhook_service.policy.advice import (
    CONSENT_KEEPS,
    GRANT_ESCAPES,
    OUT_OF_REACH,
    OUTLIVES_SESSION,
    PASSES_ENDED,
    SPELLING,
)
from webhook_service.policy.decision import Note, Reason, Verdict
from webhook_service.policy.loading.rules import LONGEST_DESCRIPTION, LONGEST_MESSAGE, LONGEST_NAME
from webhook_service.policy.loading.shapes import FACTORS, MODES, SHAPES
from webhook_service.policy.model import UNLIMITED, Revocation
from webhook_service.policy.schema import descriptions


def _on_error() -> str:
    sections: dict[tuple[str, ...], list[str]] = {}
    for section, shape in SHAPES.items():
        if shape.on_error:
            sections.setdefault(tuple(shape.on_error), []).append(section)
    return "; ".join(f"{', '.join(names)}: {code(words)}" for words, names in sections.items())


_SHORT: Final = "text, up to {} characters"
TAKES: Final[Mapping[str, str]] = {
    "name": _SHORT.format(LONGEST_NAME),
    "description": _SHORT.format(LONGEST_DESCRIPTION),
    "when": "condition",
    "events": "list of events",
    "mode": code(MODES),
    "message": _SHORT.format(LONGEST_MESSAGE),
    "on_error": f"{_on_error()}; the first is the default",
    "require": "mapping",
    "enrolment": "mapping",
    "step_up_within": "duration",
    "extend": "`true`, `false`, `{when_left: duration}`",
    "max_age": f"duration, `{UNLIMITED}`",
    "counted_from": "`authenticated_at` (default), `issued_at`",
    "must_be_active": "`true`, `false` (default)",
    "revoke": f"list of {code(Revocation)}",
    "access_token": "mapping of claim names to expressions",
    "id_token": "mapping of claim names to expressions",
}
"""What each key of a rule takes."""

_ONLY_FIRST: Final = [method for method in FACTORS["aal1"] if method not in FACTORS["aal2"]]
INNER: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "require": {
        "aal": (f"{code(FACTORS)}; required", descriptions.REQUIRE["aal"]),
        "max_age": ("duration", descriptions.REQUIRE["max_age"]),
        "methods": (
            f"list of {code(FACTORS['aal2'])}; for aal1 also {code(_ONLY_FIRST)}",
            descriptions.REQUIRE["methods"],
        ),
    },
    "enrolment": {
        "grace": ("duration, `0s`", descriptions.ENROLMENT["grace"]),
        "since": ("timestamp", descriptions.ENROLMENT["since"]),
    },
}
"""The keys within the keys of a rule: what each takes, and what it is."""

FUNCTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "has": ("has(identity.traits.staff)", "whether a fact or a member is there and not null"),
    "size": (
        "size(identity.second_factors)",
        "the length of a text, a list or a map; 0 if it is absent",
    ),
    "startsWith": ('client.id.startsWith("web-")', "whether a text begins like this"),
    "endsWith": ('client.id.endsWith("-beta")', "whether a text ends like this"),
    "contains": ('request.user_agent.contains("curl")', "whether a text has this in it"),
    "lowerAscii": (
        "identity.traits.email.lowerAscii()",
        "the text with A to Z in small letters",
    ),
    "exists": (
        'token.scopes.exists(s, s.startsWith("billing:"))',
        "whether it is so for one element of a list, or key of a map",
    ),
    "all": (
        'token.audience.all(a, a == "api")',
        "whether it is so for every one; true if there is none",
    ),
    "duration": ('now - session.issued_at < duration("8h")', "a length of time"),
    "timestamp": ('now < timestamp("2026-12-01T00:00:00Z")', "a moment"),
    "cidr": (
        'cidr("10.0.0.0/8").containsIP(request.ip)',
        "whether an address lies in a range; false for what is no address",
    ),
}
"""For each function an example, and what it tells."""

VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.ALLOW: "nothing speaks against it",
    Verdict.STEP_UP: "a second factor is there and must be used, or used again",
    Verdict.ENROL: "no accepted factor is set up, and the grace is over",
    Verdict.DENY: "refused",
}

REASONS: Final[Mapping[Reason, tuple[Verdict, str]]] = {
    Reason.RULE_DENIED: (Verdict.DENY, "a deny rule holds"),
    Reason.MFA_NO_SESSION: (Verdict.STEP_UP, "there is no live session"),
    Reason.MFA_AAL_TOO_LOW: (Verdict.STEP_UP, "the session's level is below `aal`"),
    Reason.MFA_METHOD_NOT_ACCEPTED: (Verdict.STEP_UP, "none of `methods` was used"),
    Reason.MFA_TOO_OLD: (Verdict.STEP_UP, "the newest accepted factor is `max_age` old"),
    Reason.MFA_NOT_ENROLLED: (Verdict.ENROL, "no accepted factor is set up"),
    Reason.SESSION_NOT_ACTIVE: (Verdict.DENY, "`must_be_active`, and the session is over"),
    Reason.SESSION_PAST_MAX_AGE: (Verdict.DENY, "the session is `max_age` old"),
    Reason.SESSION_ENDING: (
        Verdict.DENY,
        "no rule: what ends the session, or its tokens, is on its way",
    ),
    Reason.POLICY_UNKNOWN: (Verdict.DENY, "a fact could not be read, and `on_error` is `deny`"),
}

NOTES: Final[Mapping[Note, str]] = {
    Note.ENROLMENT_GRACE: "let through, because the grace is not over",
    Note.SUBJECT_NONE: "no person stands behind the token: the rule is passed over",
    Note.RULE_PASSED_OVER: "a fact could not be read, and `on_error` is `allow`",
}

WARNINGS: Final[Mapping[str, str]] = {
    GRANT_ESCAPES: "an mfa rule at `hydra.token` is passed over for jwt-bearer, and no deny rule"
    " refuses that grant",
    CONSENT_KEEPS: "a claims rule sets, at a code exchange, a claim that the policy itself"
    " expects in the token, or one of OpenID Connect's scopes in the ID token: where the"
    " consent app sets it, Hydra keeps that one until the first refresh",
    OUT_OF_REACH: "a fact that not every Kratos tells: `request.country`, a header, the session"
    " at `kratos.settings`, `token.acr`",
    OUTLIVES_SESSION: "a claim that says how somebody signed in, and goes on saying it when a"
    " token is refreshed after sign-out",
    PASSES_ENDED: "a rule that holds only while `session.active`, and so never refuses those"
    " whose session is over",
    SPELLING: "a text that a fact never is, as it is written: names of headers and hosts come in"
    " small letters, verbs in capitals",
}
"""What each warning of ``policy check`` says."""

_VERSION: Final = "version: 1\n"
_RULE: Final = f"{_VERSION}deny:\n  - name: a\n"
_MFA: Final = f"{_VERSION}mfa:\n  - name: a\n"

WRONG_FILES: Final[Mapping[str, str]] = {
    "file.too_large": _VERSION + " " * (1 << 20),
    "yaml.syntax": _RULE + '    when: "totp" in session.methods\n',
    "yaml.feature": _RULE + "    when: !session.active\n",
    "yaml.duplicate_key": _RULE + "    mode: shadow\n    mode: enforce\n",
    "policy.version": "version: 2\n",
    "policy.missing_key": _MFA,
    "policy.unknown_key": _RULE + "    on_eror: allow\n",
    "policy.wrong_type": f"{_VERSION}sessions:\n  - name: a\n    extend: yes\n    max_age: 8h\n",
    "policy.value": _MFA + "    require: {aal: aal3}\n",
    "policy.duration": _MFA + "    require: {aal: aal2, max_age: 900}\n",
    "policy.timestamp": _MFA + "    require: {aal: aal2}\n    enrolment: {since: 2026-12-01}\n",
    "policy.duplicate_name": _RULE + "  - name: a\n",
    "policy.reserved_name": f'{_VERSION}conditions:\n  session: client.id == "x"\n',
    "policy.reserved_claim": f"{_VERSION}claims:\n  - {{name: a, id_token: {{acr: '\"1\"'}}}}\n",
    "policy.contradiction": f"{_VERSION}sessions:\n  - name: a\n    extend: true\n",
    "policy.no_effect": f"{_VERSION}sessions:\n  - name: a\n",
    "policy.no_event": _RULE
    + '    when: token.grant == "refresh_token" && request.country == "KP"\n',
    "policy.event_not_allowed": _MFA + "    events: [kratos.settings]\n    require: {aal: aal2}\n",
    "policy.unknown_rule": f"{_RULE}tests:\n  - {{name: t, event: check, expect: {{rule: b}}}}\n",
    "policy.unknown_fact": f"{_RULE}tests:\n  - name: t\n    event: hydra.token\n"
    "    facts: {client: {nmae: x}}\n    expect: {verdict: deny}\n",
    "condition.syntax": _RULE + '    when: client.id = "x"\n',
    "condition.type": _RULE + "    when: client.id == 7\n",
    "condition.not_boolean": _RULE + "    when: identity.traits.staff\n",
    "condition.value": _RULE + '    when: session.aal == "aal3"\n',
    "condition.literal": _RULE + '    when: now - session.issued_at > duration("15 min")\n',
    "condition.limit": _RULE + f"    when: {'(' * 40}true{')' * 40}\n",
    "condition.unknown_fact": _RULE + '    when: session.aall == "aal1"\n',
    "condition.unknown_function": _RULE + '    when: client.id.matches("^web-")\n',
    "condition.unavailable_fact": _RULE + '    events: [check]\n    when: client.id == "x"\n',
}
"""For each kind of error a file that has it."""
