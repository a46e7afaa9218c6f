"""Every hook that is served: where, for whom, and how it is read and answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from webhook_service.hooks import (
    hydra_refresh,
    hydra_token,
    kratos_login,
    kratos_recovery,
    kratos_registration,
    kratos_settings,
    kratos_verification,
)
from webhook_service.hooks.event import Event, Raw
from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.reply import Reply
from webhook_service.policy.decision import Decision
from webhook_service.policy.facts import EventName


class Caller(StrEnum):
    """Who calls, with keys of its own."""

    KRATOS = "kratos"
    HYDRA = "hydra"


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook: its pure functions and where it is called.

    Attributes:
        event: what it tells of.
        caller: who calls it.
        path: where.
        read: turns what came into an event.
        reply: answers as was decided.
        unstored: answers where what must follow from the event could not be kept (E1).
        with_method: whether the path may end in a method's name, for bodies do not name it
            (F34).
    """

    event: EventName
    caller: Caller
    path: str
    read: Callable[[Raw], Event]
    reply: Callable[[Decision, Event], Reply]
    unstored: Callable[[Event], Reply]
    with_method: bool = False


HYDRA_TOKEN: Final = "/hooks/hydra/token"  # noqa: S105  a path, no secret
HYDRA_REFRESH_TOKEN: Final = "/hooks/hydra/refresh-token"  # noqa: S105  the same
KRATOS_LOGIN: Final = "/hooks/kratos/login"
KRATOS_REGISTRATION: Final = "/hooks/kratos/registration"
KRATOS_SETTINGS: Final = "/hooks/kratos/settings"
KRATOS_RECOVERY: Final = "/hooks/kratos/recovery"
KRATOS_VERIFICATION: Final = "/hooks/kratos/verification"


def hooks(headers: RequestHeaders) -> Mapping[str, Hook]:
    """Return every hook by its path."""
    table = (
        Hook(
            EventName.HYDRA_TOKEN,
            Caller.HYDRA,
            HYDRA_TOKEN,
            hydra_token.read,
            hydra_token.reply,
            hydra_token.unstored,
        ),
        Hook(
            EventName.HYDRA_REFRESH_TOKEN,
            Caller.HYDRA,
            HYDRA_REFRESH_TOKEN,
            hydra_refresh.read,
            hydra_refresh.reply,
            hydra_refresh.unstored,
        ),
        Hook(
            EventName.KRATOS_LOGIN,
            Caller.KRATOS,
            KRATOS_LOGIN,
            partial(kratos_login.read, headers=headers),
            kratos_login.reply,
            kratos_login.unstored,
            with_method=True,
        ),
        Hook(
            EventName.KRATOS_REGISTRATION,
            Caller.KRATOS,
            KRATOS_REGISTRATION,
            partial(kratos_registration.read, headers=headers),
            kratos_registration.reply,
            kratos_registration.unstored,
            with_method=True,
        ),
        Hook(
            EventName.KRATOS_SETTINGS,
            Caller.KRATOS,
            KRATOS_SETTINGS,
            partial(kratos_settings.read, headers=headers),
            kratos_settings.reply,
            kratos_settings.unstored,
            with_method=True,
        ),
        Hook(
            EventName.KRATOS_RECOVERY,
            Caller.KRATOS,
            KRATOS_RECOVERY,
            partial(kratos_recovery.read, headers=headers),
            kratos_recovery.reply,
            kratos_recovery.unstored,
        ),
        Hook(
            EventName.KRATOS_VERIFICATION,
            Caller.KRATOS,
            KRATOS_VERIFICATION,
            partial(kratos_verification.read, headers=headers),
            kratos_verification.reply,
            kratos_verification.unstored,
        ),
    )
    return {hook.path: hook for hook in table}
