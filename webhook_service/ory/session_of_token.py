"""Which of a person's sessions a token belongs to, where the token does not name it (F30).

Pure. Hydra's ``auth_time`` is the moment at which Kratos accepts the login at Hydra, cut to
the second: a little after the factor was given, and after the login hook has answered (F10).
The time of a factor stays in its session for good, while ``authenticated_at`` moves away
with every step-up: so it is the factors that are compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum

from webhook_service.sessions import Session


class Ambiguous(Enum):
    """The person has sessions, and not exactly one of them fits. Never guess which."""

    AMBIGUOUS = "ambiguous"


def match_by_auth_time(
    sessions: Iterable[Session],
    auth_time: datetime,
    slack_before: timedelta,
    slack_after: timedelta,
) -> Session | Ambiguous | None:
    """Find the session in which a factor was completed around ``auth_time``.

    Args:
        sessions: all sessions of the token's subject, ended ones too.
        auth_time: of the token: aware, cut to the second.
        slack_before: how long before ``auth_time`` the factor may have been completed: as
            long as a login hook takes, and a second.
        slack_after: how long after it, for the cut: a second.

    Returns:
        The one session that fits; ``None`` where the subject has no session at all, which
        is an answer; ``Ambiguous.AMBIGUOUS`` where none fits or several do.
    """
    sessions = list(sessions)
    if not sessions:
        return None
    earliest, latest = auth_time - slack_before, auth_time + slack_after
    fitting = [
        session
        for session in sessions
        if any(
            factor.completed_at is not None and earliest <= factor.completed_at <= latest
            for factor in session.factors
        )
    ]
    return fitting[0] if len(fitting) == 1 else Ambiguous.AMBIGUOUS
