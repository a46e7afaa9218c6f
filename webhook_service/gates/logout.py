"""The logout gate: the browser's session at Kratos ends before Hydra is told yes (F72)."""

from __future__ import annotations

from webhook_service.gates.answers import Notice, Page
from webhook_service.gates.seen import Seen, Sight
from webhook_service.ory.hydra_flows import LogoutAsked
from webhook_service.sessions import Session


def must_confirm(asked: LogoutAsked) -> bool:
    """Whether the person is asked first: anybody's page could have sent the browser here.

    A client that showed the person's ID token is taken at its word (OpenID Connect
    RP-Initiated Logout, section 2).
    """
    return not asked.rp_initiated


def to_end(asked: LogoutAsked, seen: Seen) -> Session | Page | None:
    """Return the session to end, nothing where there is none, or a page to try again from.

    Only the person's own: the browser may be somebody else's by now. One that Kratos does not
    show is ended by Hydra, which knows it by its login (F31).
    """
    if seen.sight is Sight.UNKNOWN:
        return Page(Notice.UNAVAILABLE)
    return seen.of(asked.subject)
