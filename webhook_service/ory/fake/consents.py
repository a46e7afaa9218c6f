"""What the stand-in of Hydra keeps of logins, consents and the tokens they led to.

It does what 2.3.0 was seen to do, the surprising parts included (F69, F71, F101): a chain whose
consent was remembered is never listed, one whose ``remember_for`` has passed no longer, a page
holds fewer than it should for it, and the links between pages lead nowhere. ``revokes_chains``
adds what 26.2 does otherwise.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qs

from webhook_service.ory.fake.answers import Answer, Json, empty_answer, json_answer, rfc3339
from webhook_service.ory.fake.paging import Query, offset_of, size_of, token_of

MAX_TOKEN_BYTES: Final = 200
TOKEN_SECONDS: Final = 3600


@dataclass(slots=True)
class FakeChain:
    """The tokens of one consent. ``session_id`` is what the consent app put in (F28)."""

    id: str
    subject: str
    client_id: str
    login_session_id: str | None
    session_id: str | None
    requested_at: datetime
    handled_at: datetime
    skip: bool
    remember: bool
    remember_for: int
    access_token: str
    refresh_token: str


@dataclass(slots=True)
class FakeConsents:
    """The consents, logins and tokens of the stand-in.

    Attributes:
        clock: the time of day, aware.
        end_session: ends the Kratos session of a login that is forgotten by its id (F31).
        revokes_chains: whether one chain can be revoked, and pages are linked, as in 26.2.
        chains: by id.
        logins: whose login each session of Hydra's is, and the Kratos session behind it.
    """

    clock: Callable[[], datetime]
    end_session: Callable[[str], object]
    revokes_chains: bool = True
    chains: dict[str, FakeChain] = field(default_factory=dict)
    logins: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    def log_in(self, subject: str, session_id: str | None = None) -> str:
        """Remember a login; return the id of Hydra's session of it."""
        login_session_id = str(uuid.uuid4())
        self.logins[login_session_id] = (subject, session_id)
        return login_session_id

    def consent(
        self,
        login_session_id: str,
        client_id: str,
        *,
        session_id: str | None = None,
        remember: bool = False,
        remember_for: int = 0,
        skip: bool = False,
    ) -> FakeChain:
        """Begin a chain of tokens. ``skip``: the consent is a remembered one."""
        subject, _ = self.logins[login_session_id]
        now = self.clock()
        chain = FakeChain(
            id=uuid.uuid4().hex if self.revokes_chains else str(uuid.uuid4()),
            subject=subject,
            client_id=client_id,
            login_session_id=login_session_id,
            session_id=session_id,
            requested_at=now,
            handled_at=now,
            skip=skip,
            remember=remember,
            remember_for=remember_for,
            access_token=f"ory_at_{secrets.token_urlsafe(24)}",
            refresh_token=f"ory_rt_{secrets.token_urlsafe(24)}",
        )
        self.chains[chain.id] = chain
        return chain

    def introspect(self, body: bytes) -> Answer:
        """``POST /admin/oauth2/introspect``."""
        token = next(iter(parse_qs(body.decode()).get("token", ())), "")
        for chain in self.chains.values():
            if token in {chain.access_token, chain.refresh_token}:
                use = "access_token" if token == chain.access_token else "refresh_token"
                issued = int(chain.handled_at.timestamp())
                told: dict[str, Json] = {
                    "active": True,
                    "scope": "openid offline",
                    "client_id": chain.client_id,
                    "sub": chain.subject,
                    "iat": issued,
                    "nbf": issued,
                    "exp": issued + TOKEN_SECONDS,
                    "aud": [],
                    "token_type": "Bearer",
                    "token_use": use,
                }
                if chain.session_id is not None:
                    told["ext"] = {"kratos_session_id": chain.session_id}
                return json_answer(200, told)
        return json_answer(200, {"active": False})

    def list_consents(self, query: Query, client_json: Callable[[str], Json]) -> Answer:
        """``GET /admin/oauth2/auth/sessions/consent``."""
        subject = _first(query, "subject")
        if not subject:
            return _missing("Query parameter 'subject' is not defined but should have been.")
        granted = [one for one in self.chains.values() if one.subject == subject and not one.skip]
        granted.sort(key=lambda one: one.requested_at, reverse=True)
        headers, page = self._linked(granted, query)
        told = [self._json(one, client_json(one.client_id)) for one in page if self._is_told(one)]
        return json_answer(200, told, headers if told else {})

    def revoke(self, query: Query) -> Answer:
        """``DELETE /admin/oauth2/auth/sessions/consent``: consents and all their tokens (F69)."""
        subject, client = _first(query, "subject"), _first(query, "client")
        chain, every = _first(query, "consent_request_id"), _first(query, "all") == "true"
        if self.revokes_chains and chain and not subject and not client:
            self.chains.pop(chain, None)
            return empty_answer()
        if not subject:
            return _missing("Query parameter 'subject' is not defined but should have been.")
        if not client and not every:
            return _missing(
                "Query parameter both 'client' and 'all' is not defined but one of them should"
                " have been."
            )
        for one in list(self.chains.values()):
            if one.subject == subject and (not client or one.client_id == client):
                del self.chains[one.id]
        return empty_answer()

    def forget(self, query: Query) -> Answer:
        """``DELETE /admin/oauth2/auth/sessions/login``: by id, or all of a person (F71)."""
        sid, subject = _first(query, "sid"), _first(query, "subject")
        if not sid and not subject:
            return _missing("Either 'subject' or 'sid' query parameters need to be defined.")
        forgotten = (
            [one for one in (sid,) if one in self.logins]
            if sid
            else [one for one, (whose, _) in self.logins.items() if whose == subject]
        )
        for one in forgotten:
            _, session_id = self.logins.pop(one)
            if sid and session_id is not None:
                self.end_session(session_id)
            for chain in self.chains.values():
                if chain.login_session_id == one:
                    chain.login_session_id = None
        return empty_answer()

    def _linked(
        self, granted: list[FakeChain], query: Query
    ) -> tuple[dict[str, str], list[FakeChain]]:
        """Cut out a page and link it, each version in its own way."""
        size = size_of(query)
        path = f"/admin/oauth2/auth/sessions/consent?subject={_first(query, 'subject')}"
        if not self.revokes_chains:
            first = offset_of(query) // size * size
            link = f'<{path}&page_size=1&page_token={token_of(0)}>; rel="first"'
            headers = {"X-Total-Count": str(len(granted)), "Link": link}
            return headers, granted[first : first + size]
        first = int(_first(query, "page_token").removeprefix("after-") or 0)
        link = f'<{path}&page_size={size}>; rel="first"'
        if first + size < len(granted):
            link += f',<{path}&page_size={size}&page_token=after-{first + size}>; rel="next"'
        return {"Link": link}, granted[first : first + size]

    def _is_told(self, chain: FakeChain) -> bool:
        if chain.remember_for <= 0:
            return True
        return chain.requested_at + timedelta(seconds=chain.remember_for) >= self.clock()

    def _json(self, chain: FakeChain, client: Json) -> Json:
        claims = {} if chain.session_id is None else {"kratos_session_id": chain.session_id}
        request = {
            "challenge": chain.id,
            "requested_scope": ["openid", "offline"],
            "requested_access_token_audience": [],
            "skip": False,
            "subject": chain.subject,
            "oidc_context": {},
            "client": client,
            "request_url": "http://127.0.0.1/oauth2/auth",
            "login_challenge": "",
            "login_session_id": chain.login_session_id or "",
            "acr": "",
            "amr": ["password"],
            "context": None,
        }
        told = {
            "grant_scope": ["openid", "offline"],
            "grant_access_token_audience": [],
            "session": {"access_token": claims, "id_token": {}},
            "remember": chain.remember,
            "remember_for": chain.remember_for,
            "handled_at": rfc3339(chain.handled_at),
            "context": None,
            "consent_request": request,
        }
        if self.revokes_chains:
            told["consent_request_id"] = request["consent_request_id"] = chain.id
            request["challenge"] = secrets.token_urlsafe(MAX_TOKEN_BYTES)
        return told


def _first(query: Query, name: str) -> str:
    return next(iter(query.get(name, ())), "")


def _missing(hint: str) -> Answer:
    description = (
        "The request is missing a required parameter, includes an invalid parameter value,"
        f" includes a parameter more than once, or is otherwise malformed. {hint}"
    )
    return json_answer(400, {"error": "invalid_request", "error_description": description})
