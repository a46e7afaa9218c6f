"""``revoke_tokens``: a person's tokens, of one client or of all.

Chains begun from the event on stay where Hydra can tell them apart: an effect that comes late
must not end what a new login got (E3). Where it cannot, they end as well: too much is repaired
by a sign-in (P28).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from webhook_service.effects.catalogue.tokens import (
    STILL_LISTED,
    clients_with_hidden_chains,
    is_any_listed,
    revoke,
)
from webhook_service.effects.catalogue.tools import Tools
from webhook_service.effects.effect import Done, Result, Retry, RevokeTokens
from webhook_service.ory.consents import Chain
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.hydra import Hydra

REVOKED: Final = "revoked"
REVOKED_NEWER_TOO: Final = "revoked; newer ones too"


def revoke_tokens(args: RevokeTokens, tools: Tools, deadline: Deadline) -> Result:
    """Revoke every token whose chain was begun before the event."""
    hydra = tools.need_hydra()
    chains = [
        chain
        for chain in hydra.chains_of(args.subject, deadline)
        if args.client_id in {None, chain.client_id}
    ]
    older = [chain for chain in chains if not _is_newer(chain, args.before)]
    newer_clients = {chain.client_id for chain in chains if _is_newer(chain, args.before)}
    if newer_clients and not any(chain.fades for chain in chains):
        too_much = _revoke_older(hydra, args.subject, older, newer_clients, deadline)
    else:
        # Also what Hydra tells nothing of.
        hydra.revoke_tokens(args.subject, deadline, client_id=args.client_id)
        too_much = bool(newer_clients)
    if is_any_listed(hydra, args.subject, older, deadline):
        return Retry(STILL_LISTED)
    return Done(REVOKED_NEWER_TOO if too_much else REVOKED)


def _is_newer(chain: Chain, before: datetime) -> bool:
    return chain.handled_at is not None and chain.handled_at >= before


def _revoke_older(
    hydra: Hydra,
    subject: str,
    older: Collection[Chain],
    newer_clients: Collection[str],
    deadline: Deadline,
) -> bool:
    """Revoke older chains beside newer ones; return whether newer ones ended as well."""
    clients = {chain.client_id for chain in older}
    whole = (clients - set(newer_clients)) | (clients & clients_with_hidden_chains(older))
    for client_id in sorted(whole):
        hydra.revoke_tokens(subject, deadline, client_id=client_id)
    mixed = [chain for chain in older if chain.client_id not in whole]
    by_client = revoke(hydra, subject, mixed, deadline)
    return by_client or not whole.isdisjoint(newer_clients)
