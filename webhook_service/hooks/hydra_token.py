"""Hydra's ``oauth2.token_hook``: asked before every token, of every grant (F2).

The answer is 204 to issue the token unchanged (F13), 200 with *all* claims where a claims
rule changes one (F14, F15), 403 to refuse for good (F19) and 503 to refuse for now (F22).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import fields

from webhook_service.hooks.event import Event, Raw, as_uuid, event_key
from webhook_service.hooks.reply import (
    NOTHING_CHANGES,
    Reply,
    json_reply,
    refusal,
    store_unavailable,
)
from webhook_service.hooks.shape import ShapeError, load
from webhook_service.policy.conditions.types import Value
from webhook_service.policy.decision import Decision, Reason, Verdict
from webhook_service.policy.facts import GRANTS_WITHOUT_USER, EventName, Source
from webhook_service.sessions import SESSION_CLAIM
from webhook_service.wire import Time, WireSchema

_FROM_KRATOS: Final = frozenset({Source.KRATOS_SESSION, Source.KRATOS_IDENTITY})


class IdTokenClaims(WireSchema):
    """The part of ``id_token_claims`` that facts are made of (F2)."""

    amr = fields.List(fields.String(), allow_none=True, load_default=None)
    acr = fields.String(allow_none=True, load_default=None)
    auth_time = Time(allow_none=True, load_default=None)
    rat = Time(allow_none=True, load_default=None)
    ext = fields.Dict(allow_none=True, load_default=None)


class IdToken(WireSchema):
    """``session.id_token``; ``subject`` is the user, or the client (F5, F6)."""

    id_token_claims = fields.Nested(IdTokenClaims(), allow_none=True, load_default=None)
    subject = fields.String(required=True)


class TokenSession(WireSchema):
    """``session``; ``extra`` are the access token's claims (F2)."""

    id_token = fields.Nested(IdToken(), required=True)
    extra = fields.Dict(allow_none=True, load_default=None)


class TokenRequest(WireSchema):
    """``request`` of the token hook, ``requester`` of the older one (F2, F3)."""

    client_id = fields.String(required=True)
    grant_types = fields.List(fields.String(), required=True)
    requested_scopes = fields.List(fields.String(), allow_none=True, load_default=None)
    granted_scopes = fields.List(fields.String(), allow_none=True, load_default=None)
    granted_audience = fields.List(fields.String(), allow_none=True, load_default=None)


class TokenHookBody(WireSchema):
    """The body of ``token_hook`` (F2)."""

    session = fields.Nested(TokenSession(), required=True)
    request = fields.Nested(TokenRequest(), required=True)


TOKEN_HOOK_BODY: Final = TokenHookBody()


def read(raw: Raw) -> Event:
    """Read the body of a token hook.

    Raises:
        MalformedError: not JSON as ``strict_json`` takes it.
        ShapeError: JSON, but not this hook's.
    """
    body = load(TOKEN_HOOK_BODY, raw.body)
    return token_event(EventName.HYDRA_TOKEN, raw, body["session"], body["request"])


def token_event(
    name: EventName, raw: Raw, session: Mapping[str, Any], request: Mapping[str, Any]
) -> Event:
    """Make the event of either Hydra hook: they differ only in where things stand (F3)."""
    id_token = session["id_token"]
    claims = id_token["id_token_claims"] or {}
    extra = session["extra"]
    ext = claims.get("ext")
    # Hydra lists one grant. Several would be a grant that no list knows: a user's.
    grant = " ".join(request["grant_types"])
    if not grant:
        raise ShapeError("grant_types: Empty; it names the grant.")
    client_id = request["client_id"] or None
    values: dict[str, Value] = {
        "event.name": name.value,
        "client.id": client_id,
        "token.grant": grant,
        "token.subject": id_token["subject"] or None,
        # Hydra writes "" where nothing was said (F9), and that is not a level.
        "token.acr": claims.get("acr") or None,
        # At code exchange the granted lists are still empty (F4).
        "token.scopes": request["granted_scopes"] or request["requested_scopes"] or [],
        "token.audience": request["granted_audience"] or [],
        "token.amr": claims.get("amr"),
        "token.auth_time": claims.get("auth_time"),
        "token.claims": extra,
        "token.id_claims": ext,
    }
    if grant in GRANTS_WITHOUT_USER:
        return Event(name, event_key(raw), values, _FROM_KRATOS, client_id=client_id)
    subject = as_uuid(id_token["subject"])
    answered: frozenset[Source] = frozenset()
    if subject is None:
        # Another login app may send any string (F5): Kratos has no such identity.
        values["session.found"] = values["identity.found"] = False
        answered = _FROM_KRATOS
    named = _named_session(extra, ext)
    session_id = as_uuid(named)
    if named is not None and session_id is None:
        values["session.found"] = False
        answered |= {Source.KRATOS_SESSION}
    return Event(
        name,
        event_key(raw),
        values,
        answered,
        subject=subject,
        client_id=client_id,
        session_id=session_id,
        auth_time=claims.get("auth_time"),
        requested_at=claims.get("rat"),
        hydra_session_id=as_uuid((ext or {}).get("sid")),
    )


def _named_session(*claim_sets: Mapping[str, Any] | None) -> object:
    """Return the session claim of the access token, else of the ID token (section 5)."""
    for claims in claim_sets:
        named = (claims or {}).get(SESSION_CLAIM)
        if named is not None:
            return named
    return None


def reply(decision: Decision, event: Event) -> Reply:
    """Answer Hydra."""
    if decision.verdict is Verdict.ALLOW:
        return _allow(decision, event)
    # A fact that could not be read may be readable in a second: Hydra tries again on
    # 503 (F22), while 403 would kill a code for good (F24).
    return refusal(503 if decision.reason is Reason.POLICY_UNKNOWN else 403, decision)


def unstored(_event: Event) -> Reply:
    """Answer where an effect could not be kept: Hydra tries again (E1, F22)."""
    return store_unavailable()


def _allow(decision: Decision, event: Event) -> Reply:
    """Issue the token; with all its claims where a rule changes one.

    A claim set that is not echoed is wiped at a refresh, ``sid`` included (F14).
    """
    if not decision.claims:
        return NOTHING_CHANGES
    old_access = event.values["token.claims"] or {}
    old_id = event.values["token.id_claims"] or {}
    access = merge(old_access, decision.claims.access_token)
    id_token = merge(old_id, decision.claims.id_token)
    if access is old_access and id_token is old_id:
        return NOTHING_CHANGES
    return json_reply(200, {"session": {"access_token": access, "id_token": id_token}})


def merge(old: Mapping[str, Any], changes: Mapping[str, Value]) -> Mapping[str, Any]:
    """Lay the changes over the old claims; the old mapping itself where nothing changes.

    A change to ``None`` removes (P31); every claim that no rule names is kept.
    """
    new = {name: value for name, value in changes.items() if value is not None}
    gone = {name for name, value in changes.items() if value is None and name in old}
    if not gone and all(_same(old.get(name), value) for name, value in new.items()):
        return old
    return {name: value for name, value in old.items() if name not in gone} | new


def _same(old: Value, new: Value) -> bool:
    """Whether a claim already has the value; ``true`` is not 1, as in a condition (P13)."""
    return type(old) is type(new) and bool(old == new)
