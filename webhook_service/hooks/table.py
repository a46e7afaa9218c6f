"""Every hook that is served: where, for whom, and how it is read and answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from webhook_service.hooks import hydra_refresh, hydra_token, kratos_login
from webhook_service.hooks.event import Event, Raw
from webhook_service.hooks.kratos_login import RequestHeaders
from webhook_service.hooks.reply import Reply
from webhook_service.policy.decision import Decision
from webhook_service.policy.facts import EventName


class Caller(StrEnum):
    """Who calls, with keys of its own."""

    KRATOS = "kratos"
    HYDRA = "hydra"


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook: its two pure functions and where it is called.

    ``with_method`` marks Kratos hooks whose path may end in a method's name (F34).
    """

    event: EventName
    caller: Caller
    path: str
    read: Callable[[Raw], Event]
    reply: Callable[[Decision, Event], Reply]
    with_method: bool = False


HYDRA_TOKEN: Final = "/hooks/hydra/token"  # noqa: S105  a path, no secret
HYDRA_REFRESH_TOKEN: Final = "/hooks/hydra/refresh-token"  # noqa: S105  the same
KRATOS_LOGIN: Final = "/hooks/kratos/login"


def hooks(headers: RequestHeaders) -> Mapping[str, Hook]:
    """Return every hook by its path."""
    table = (
        Hook(EventName.HYDRA_TOKEN, Caller.HYDRA, HYDRA_TOKEN, hydra_token.read, hydra_token.reply),
        Hook(
            EventName.HYDRA_REFRESH_TOKEN,
            Caller.HYDRA,
            HYDRA_REFRESH_TOKEN,
            hydra_refresh.read,
            hydra_refresh.reply,
        ),
        Hook(
            EventName.KRATOS_LOGIN,
            Caller.KRATOS,
            KRATOS_LOGIN,
            partial(kratos_login.read, headers=headers),
            kratos_login.reply,
            with_method=True,
        ),
    )
    return {hook.path: hook for hook in table}
