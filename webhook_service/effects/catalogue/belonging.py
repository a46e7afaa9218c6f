"""Which chains of tokens belong to a Kratos session. Pure.

Most consent apps name the session in the tokens (F28). Where one does not, the session that
another chain of the same Hydra login names is it; failing that, the only session of the person
that was there when the consent was given. Of anything else nobody knows, and nobody guesses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from webhook_service.ory.consents import Chain
from webhook_service.policy.situation import after
from webhook_service.sessions import Session

CLOCK_SLACK: Final = timedelta(seconds=1)
"""How far the clocks of Kratos and Hydra may lie apart."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """The chains of a session.

    Attributes:
        named: those that name it.
        others: those that do not, and are its own all the same.
        unclear: those that may be its own, as far as anybody can tell.
    """

    named: tuple[Chain, ...]
    others: tuple[Chain, ...] = ()
    unclear: tuple[Chain, ...] = ()

    @property
    def all(self) -> tuple[Chain, ...]:
        """All that are known to be its own."""
        return self.named + self.others


def sessions_of_logins(chains: Iterable[Chain]) -> Mapping[str, frozenset[str]]:
    """Return which sessions are named by the chains of each of Hydra's logins.

    One session can have several logins (F29), and one login several sessions: Hydra remembers
    it longer than the session lives (F68).
    """
    found: dict[str, frozenset[str]] = {}
    for chain in chains:
        if chain.login_session_id is not None and chain.session_id is not None:
            known = found.get(chain.login_session_id, frozenset())
            found[chain.login_session_id] = known | {chain.session_id}
    return found


def by_name(session_id: str, chains: Collection[Chain]) -> Belonging:
    """Tell a session's chains by what they and their logins name."""
    logins = sessions_of_logins(chains)
    nameless = [
        (chain, logins.get(chain.login_session_id or "", frozenset()))
        for chain in chains
        if chain.session_id is None
    ]
    return Belonging(
        named=tuple(chain for chain in chains if chain.session_id == session_id),
        others=tuple(chain for chain, sessions in nameless if sessions == {session_id}),
        unclear=tuple(
            chain
            for chain, sessions in nameless
            if not sessions or (session_id in sessions and len(sessions) > 1)
        ),
    )


def by_time(session_id: str, so_far: Belonging, sessions: Collection[Session]) -> Belonging:
    """Tell more of a session's chains by when their consents were given.

    ``sessions`` are all that the person has or had. One that Kratos has cleaned away since is
    not among them: a chain taken for another's is then one of a session that has long ended.
    """
    candidates = [
        (chain, {session.id for session in sessions if _was_there(session, chain)})
        for chain in so_far.unclear
    ]
    return Belonging(
        so_far.named,
        so_far.others + tuple(chain for chain, ids in candidates if ids == {session_id}),
        tuple(chain for chain, ids in candidates if session_id in ids and len(ids) > 1),
    )


def _was_there(session: Session, chain: Chain) -> bool:
    """Whether the consent can have been given in the session: when that ended is not told."""
    at = chain.handled_at
    if at is None:
        return True
    begun_late = session.issued_at is not None and at < after(session.issued_at, -CLOCK_SLACK)
    over = session.expires_at is not None and at > after(session.expires_at, CLOCK_SLACK)
    return not (begun_late or over)
