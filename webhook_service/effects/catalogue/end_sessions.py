"""``end_other_sessions`` and ``end_all_sessions``: a person's sessions, but for those spared.

One by one: a call that ends all of them would also end a login made a moment ago (E3). Their
tokens are another effect's matter (``revoke_tokens``).
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from webhook_service.effects.catalogue.belonging import sessions_of_logins
from webhook_service.effects.catalogue.end_session import ENDED, ENDED_BEFORE, STILL_ACTIVE
from webhook_service.effects.catalogue.tools import Tools
from webhook_service.effects.effect import Done, EndSessions, Result, Retry
from webhook_service.effects.judging import is_spared
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import NotFound
from webhook_service.ory.hydra import Hydra
from webhook_service.ory.kratos import Sessions


def end_sessions(args: EndSessions, tools: Tools, deadline: Deadline) -> Result:
    """End every live session of a person that is not spared."""
    kratos = tools.need_kratos()
    before = kratos.live_sessions_of(args.subject, deadline)
    ending = _not_spared(before, args)
    for session_id in ending:
        with suppress(NotFound):
            kratos.end(session_id, deadline)
    after = kratos.live_sessions_of(args.subject, deadline) if ending else before
    if _not_spared(after, args) or not after.complete:
        return Retry(STILL_ACTIVE)
    if tools.hydra is not None:
        spared = {session.id for session in after.items}
        _forget_logins(tools.hydra, args.subject, spared, deadline)
    return Done(ENDED if ending else ENDED_BEFORE)


def _not_spared(sessions: Sessions, args: EndSessions) -> list[str]:
    return [
        session.id
        for session in sessions.items
        if session.id is not None and not is_spared(session, args)
    ]


def _forget_logins(
    hydra: Hydra, subject: str, spared: Collection[str | None], deadline: Deadline
) -> None:
    """Let Hydra forget logins that no live session stands behind.

    Those whose chains name no session cannot be told apart, unless nothing lives any more.
    """
    if not spared:
        hydra.forget_logins(subject, deadline)
        return
    for login, sessions in sorted(sessions_of_logins(hydra.chains_of(subject, deadline)).items()):
        if sessions.isdisjoint(spared):
            hydra.forget_login(login, deadline)
