"""What an editor shows beside the facts that a test states, and docs/policy.md in its table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ROOTS: Final[Mapping[str, str]] = {
    "event": "What happens.",
    "session": "The session behind the event. A stated one is live, unless it is said not to be.",
    "identity": "The person. A stated one has no second factor, unless it is given one.",
    "client": "The OAuth 2.0 client.",
    "token": "What Hydra is about to issue.",
    "flow": "The flow of Kratos.",
    "request": "The request of the browser or app, as far as it is handed on.",
}

FACTS: Final[Mapping[str, str]] = {
    "now": "the one clock reading of the event",
    "event.name": "what happened",
    "event.method": "the method of this step: the last part of the hook's URL, else what the"
    " flow says",
    "session.found": "whether there is a session behind the event, and it is the subject's",
    "session.active": "whether it is live: not signed out, not expired, its identity not disabled",
    "session.id": "its id; absent at the first step of a login, when it has none yet",
    "session.aal": "the level that was reached, never higher than the factors prove; kept when"
    " the session is over",
    "session.methods": "the methods that were used, in order, repeats included",
    "session.authenticated_at": "when the last step of signing in was completed: a step-up"
    " moves it",
    "session.issued_at": "when it began: never moves",
    "session.expires_at": "when Kratos ends it unless it is extended",
    "session.second_factor_at": "when the newest second factor was completed",
    "identity.found": "whether the person has an account",
    "identity.email_verified": "whether an e-mail address is verified",
    "identity.id": "its id; absent before a registration is stored",
    "identity.schema_id": "the schema of its traits",
    "identity.state": "whether it is enabled",
    "identity.organization_id": "the organization that it belongs to",
    "identity.created_at": "when it was made",
    "identity.verified_addresses": "the verified e-mail addresses and telephone numbers",
    "identity.traits": "its traits",
    "identity.metadata_public": "metadata that the person may read",
    "identity.metadata_admin": "metadata that only administrators read",
    "identity.second_factors": "which of `totp`, `webauthn` and `lookup_secret` are set up",
    "client.id": "the OAuth 2.0 client; absent at a login that no client asked for",
    "client.name": "its name",
    "client.owner": "its owner",
    "client.scopes": "the scopes that it may ask for",
    "client.metadata": "its metadata",
    "token.grant": "the grant type",
    "token.subject": "the person's id; the client's at `client_credentials`",
    "token.acr": "the level that the login app told Hydra; Kratos tells none",
    "token.scopes": "the granted scopes; those asked for while none is granted yet",
    "token.audience": "the granted audience",
    "token.amr": "the methods that Hydra remembers, which may be older than the session's",
    "token.auth_time": "when Hydra took over the sign-in",
    "token.claims": "what the consent app or a claims rule has put into the access token",
    "token.id_claims": "the same of the ID token",
    "flow.type": "how the person came: with a browser or an app",
    "flow.requested_aal": "the level that the flow is to reach",
    "flow.refresh": "whether somebody signed in is asked again",
    "flow.oauth2": "whether a client of Hydra asked for the login",
    "flow.transient": "the `transient_payload` that the login page sent along",
    "request.ip": "the address, from the header that `CLIENT_IP_HEADER` names",
    "request.country": "the country, from the header that `COUNTRY_HEADER` names",
    "request.user_agent": "the browser or app",
    "request.headers": "name in lower case to first value, of the headers that are handed on",
    "request.host": "the host that is asked about, in lower case and without its port",
    "request.path": "its path without the query, decoded once, `.` and `..` gone",
    "request.method": "its verb, in capitals",
}
"""Each in one phrase; within a root, of what that stands for."""

FACTORS: Final = "What was done to sign in: aal, methods and times follow from it."

FACTOR: Final[Mapping[str, str]] = {
    "method": "How it was done, in Kratos' words: password, totp.",
    "aal": "The level that it counts towards.",
    "completed_at": "When it was done.",
}
