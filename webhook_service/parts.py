"""What answering hooks and working on effects both need, made from the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from webhook_service.effects.catalogue import Tools
from webhook_service.effects.effect import Effect
from webhook_service.effects.ending import Moment, ends
from webhook_service.fitness import StartError, missing_upstreams
from webhook_service.gather import Gatherer
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.hydra import Hydra
from webhook_service.ory.kratos import Kratos
from webhook_service.ory.kratos_public import KratosPublic
from webhook_service.ory.transport import Transport
from webhook_service.policy.model import Policy
from webhook_service.policy_in_force import PolicyInForce
from webhook_service.reaching import admin_apis, public_api
from webhook_service.service import utc_now
from webhook_service.sessions import Session
from webhook_service.settings import Settings


class Upstream(Protocol):
    """What can be asked whether it is ready."""

    def ready(self, deadline: Deadline) -> None:
        """Return if it is; raise ``OryError`` if not."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What answering hooks and working on effects both need.

    ``kratos`` and ``hydra`` are ``None`` where no setting names them; ``public`` as well, and
    where it is at the same address as the admin API, as on Ory Network.
    """

    kratos: Kratos | None
    hydra: Hydra | None
    policies: PolicyInForce
    gatherer: Gatherer
    all_shadow: bool
    clock: Callable[[], datetime]
    transports: tuple[Transport, ...] = ()
    public: KratosPublic | None = None

    @property
    def upstreams(self) -> Mapping[str, Upstream]:
        """The upstreams by name."""
        named = {"kratos": self.kratos, "hydra": self.hydra, "kratos_public": self.public}
        return {name: one for name, one in named.items() if one is not None}

    def tools(self, endings_of: Callable[[str], tuple[Effect, ...]]) -> Tools:
        """Return what effects are done with. ``endings_of`` tells what of a person's ends."""

        def is_ending(subject: str, session: Session) -> bool:
            at = Moment(self.policies.current, self.clock(), self.all_shadow)
            return ends(endings_of(subject), session.id, session, at)

        return Tools(
            kratos=self.kratos,
            hydra=self.hydra,
            policies=self.policies,
            all_shadow=self.all_shadow,
            clock=self.clock,
            gatherer=self.gatherer,
            is_ending=is_ending,
        )


def make_parts(
    settings: Settings,
    policy: Policy,
    logger: structlog.typing.FilteringBoundLogger,
    *,
    kratos: Kratos | None = None,
    hydra: Hydra | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Parts:
    """Make what hooks and effects both need.

    Raises:
        StartError: the policy needs an upstream that no setting names.
    """
    missing = missing_upstreams(settings, policy)
    if missing and kratos is None and hydra is None:
        raise StartError("\n".join(missing))
    ways = admin_apis(settings, logger)
    kratos = kratos or (Kratos(ways["kratos"]) if "kratos" in ways else None)
    hydra = hydra or (Hydra(ways["hydra"]) if "hydra" in ways else None)
    public = public_api(settings, logger)
    gatherer = Gatherer(kratos, hydra, settings.hook_deadline, public)
    return Parts(
        kratos=kratos,
        hydra=hydra,
        policies=PolicyInForce(policy),
        gatherer=gatherer,
        all_shadow=settings.mode == "shadow",
        clock=clock,
        transports=tuple(ways.values()),
        public=public if settings.kratos_public_url != settings.kratos_admin_url else None,
    )
