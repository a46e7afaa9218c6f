"""What an editor shows beside each key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from webhook_service.policy.model import Section

FILE: Final[Mapping[str, str]] = {
    "version": "The version of the file's format.",
    "mode": "What the rules do that name no mode of their own: shadow rules are decided and"
    " recorded, and not answered.",
    "conditions": "Names for conditions, usable in those below and in every rule.",
    "tests": "What is to be decided about which facts; run them with `policy test`.",
}

SECTIONS: Final[Mapping[Section, str]] = {
    Section.DENY: "Rules that refuse.",
    Section.MFA: "Rules that demand a level of the live session; each must be met on its own.",
    Section.SESSIONS: "Rules that extend a session, cap it, or demand that it is live.",
    Section.REVOKE: "Rules that end other sessions and tokens.",
    Section.CLAIMS: "Rules that set claims of the tokens; a later rule wins.",
}

KEYS: Final[Mapping[str, str]] = {
    "name": "Unique in the file: it stands in answers, records and metrics.",
    "description": "For readers of the file.",
    "when": "When the rule holds; without it, always.",
    "events": "What the rule listens to. Without it: the section's defaults on which every fact"
    " that it reads exists.",
    "mode": "shadow: decided and recorded, not answered.",
    "message": "What a person who is refused reads.",
    "on_error": "What follows if a fact cannot be read.",
    "require": "What the session behind the event must have.",
    "enrolment": "How long someone without an accepted second factor is let through.",
    "step_up_within": "At kratos.login, and only there: the session ends unless it has met the"
    " rule by then.",
    "extend": "Whether the session is extended: true, false (wins over every other rule), or"
    " {when_left: 24h}. true and a window need max_age beside it.",
    "max_age": "The age at which a session ends, or unlimited.",
    "counted_from": "authenticated_at moves with every step-up; issued_at does not.",
    "must_be_active": "Refuse where the session is over: signed out, expired, disabled.",
    "revoke": "What is ended. tokens: all of the user's.",
    "access_token": "Claims of the access token: null or unknown removes one.",
    "id_token": "Claims of the ID token: null or unknown removes one.",
}

REQUIRE: Final[Mapping[str, str]] = {
    "aal": "The level: aal2 is two factors.",
    "max_age": "How old the newest accepted factor may be: at this age it is too old.",
    "methods": "The methods that count; without it, any of that level.",
}

ENROLMENT: Final[Mapping[str, str]] = {
    "grace": "Counted from the account's creation or from since, whichever is later.",
    "since": "The day the rule was announced.",
}

TEST: Final[Mapping[str, str]] = {
    "name": "What the test shows.",
    "event": "What happens.",
    "expect": "What is to be decided. Only what is named is compared.",
    "now": "When it happens.",
    "payload": "A recorded call, by its path beside the file; facts override it.",
    "facts": "What is known; everything else is absent.",
    "unavailable": "The calls that fail: what they hold is unknown.",
}

EXPECT: Final[Mapping[str, str]] = {
    "verdict": "What the event gets.",
    "rule": "The deciding rule; null for none.",
    "reason": "Why it is not allowed; null where it is.",
    "matched": "The enforced rules whose when held, in any order.",
    "extend": "Whether the session is extended.",
    "end_now": "Whether session and tokens are ended now.",
    "end_at": "When they end; null for never.",
    "step_up_by": "When a login must have stepped up; null for no such time.",
    "revoke": "What is revoked, in any order.",
    "claims": "The claims that are set; null: removed. {} for none.",
}
