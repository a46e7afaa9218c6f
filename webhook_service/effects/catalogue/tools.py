"""What effects are done with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from webhook_service.gather import Gatherer
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.hydra import Hydra
from webhook_service.ory.kratos import Kratos
from webhook_service.policy_in_force import PolicyInForce
from webhook_service.sessions import Session


@dataclass(frozen=True, slots=True)
class Tools:
    """What effects are done with.

    Attributes:
        kratos, hydra: ``None`` where no setting names them.
        policies: by what an effect is judged when its time has come.
        all_shadow: ``MODE=shadow``: no rule ends or extends anything.
        clock: the time of day.
        gatherer: asks for what a decision still needs.
        is_ending: whether a person's session is being ended; may raise
            ``StoreUnavailableError``.
    """

    kratos: Kratos | None
    hydra: Hydra | None
    policies: PolicyInForce
    all_shadow: bool
    clock: Callable[[], datetime]
    gatherer: Gatherer
    is_ending: Callable[[str, Session], bool]

    def need_kratos(self) -> Kratos:
        """Return Kratos.

        Raises:
            OryError: no setting names it. One may, before the effect's deadline.
        """
        if self.kratos is None:
            raise OryError("kratos", UpstreamReason.UNREACHABLE, "not configured")
        return self.kratos

    def need_hydra(self) -> Hydra:
        """Return Hydra.

        Raises:
            OryError: as above.
        """
        if self.hydra is None:
            raise OryError("hydra", UpstreamReason.UNREACHABLE, "not configured")
        return self.hydra
