"""The end of tokens at Hydra: one chain where it can, else a client's, never all of a person's.

Hydra does not tell of every chain (``ory.consents``). What it keeps to itself of a client is
reached by revoking all that the client has of the person: too much is repaired by a sign-in,
too little is not (P28).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from webhook_service.effects.catalogue.belonging import (
    Belonging,
    by_name,
    by_time,
    sessions_of_logins,
)
from webhook_service.effects.catalogue.tools import Tools
from webhook_service.effects.effect import Retry
from webhook_service.ory.consents import Chain
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.hydra import Hydra

STILL_LISTED: Final = "tokens.still_listed"

NO_HYDRA: Final = "Hydra is not configured"
NO_TOKENS: Final = "no tokens"
BY_CHAIN: Final = "tokens by chain"
BY_CLIENT: Final = "tokens by client"
SOME_UNKNOWN: Final = ", some unknown"


def end_tokens_of_session(
    subject: str, session_id: str, tools: Tools, deadline: Deadline
) -> str | Retry:
    """Revoke what was issued to a session; return how, in a few words.

    And let Hydra forget the logins behind it, unless another session uses them. That takes
    their names from the chains, so it stands between those that need them to be found and
    those that do not: whenever this stops, it can begin again.
    """
    hydra = tools.hydra
    if hydra is None:
        return NO_HYDRA
    chains = hydra.chains_of(subject, deadline)
    theirs = _belonging(subject, session_id, chains, tools, deadline)
    hidden = clients_with_hidden_chains(chains)
    by_client = revoke(hydra, subject, _of_others(hidden, theirs.others), deadline)
    _forget_logins(hydra, session_id, theirs, chains, deadline)
    by_client |= revoke(hydra, subject, _of_others(hidden, theirs.named), deadline)
    for client_id in sorted(hidden):
        hydra.revoke_tokens(subject, deadline, client_id=client_id)
    if is_any_listed(hydra, subject, theirs.all, deadline):
        return Retry(STILL_LISTED)
    how = BY_CLIENT if by_client or hidden else BY_CHAIN if theirs.all else NO_TOKENS
    unknown = bool(theirs.unclear) or any(chain.fades for chain in chains)
    return how + (SOME_UNKNOWN if unknown else "")


def clients_with_hidden_chains(chains: Collection[Chain]) -> frozenset[str]:
    """Return the clients of which Hydra may not tell every chain.

    Whose consent was remembered signs in to them without a new one, and of those sign-ins Hydra
    tells nothing. Any of them may have been in the session that ends.
    """
    return frozenset(chain.client_id for chain in chains if chain.remembered)


def revoke(hydra: Hydra, subject: str, chains: Collection[Chain], deadline: Deadline) -> bool:
    """Revoke chains; return whether it was done by client, so that others ended as well."""
    clients = {chain.client_id for chain in chains if not hydra.revoke_chain(chain.id, deadline)}
    for client_id in sorted(clients):
        hydra.revoke_tokens(subject, deadline, client_id=client_id)
    return bool(clients)


def is_any_listed(
    hydra: Hydra, subject: str, chains: Collection[Chain], deadline: Deadline
) -> bool:
    """Whether Hydra still tells of one of the chains."""
    if not chains:
        return False
    ids = {chain.id for chain in chains}
    return any(chain.id in ids for chain in hydra.chains_of(subject, deadline))


def _belonging(
    subject: str, session_id: str, chains: Collection[Chain], tools: Tools, deadline: Deadline
) -> Belonging:
    theirs = by_name(session_id, chains)
    if not theirs.unclear:
        return theirs
    sessions = tools.need_kratos().sessions_of(subject, deadline)
    return by_time(session_id, theirs, sessions.items) if sessions.complete else theirs


def _forget_logins(
    hydra: Hydra,
    session_id: str,
    theirs: Belonging,
    chains: Collection[Chain],
    deadline: Deadline,
) -> None:
    named = sessions_of_logins(chains)
    logins = {chain.login_session_id for chain in theirs.all} - {None}
    for login in sorted(login for login in logins if login is not None):
        if named.get(login, frozenset()) <= {session_id}:
            hydra.forget_login(login, deadline)


def _of_others(clients: Collection[str], chains: Collection[Chain]) -> tuple[Chain, ...]:
    """Return the chains of other clients than these."""
    return tuple(chain for chain in chains if chain.client_id not in clients)
