"""Says once, soon after the start, what the running Kratos and Hydra cannot do for the policy."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.transport import Transport
from webhook_service.ory.versions import ask_version, limits
from webhook_service.policy_in_force import PolicyInForce
from webhook_service.runtime import runtime_file

ASK_SECONDS = 2.0


@dataclass(slots=True)
class Limits:
    """Asks for the versions, in one of the service's processes, and logs what they cannot do.

    Not before the start: an upstream that is down must not delay it.
    """

    transports: Sequence[Transport]
    policies: PolicyInForce
    logger: structlog.typing.FilteringBoundLogger
    _begun: int = field(default=0, init=False)

    def begin(self) -> None:
        """Ask, unless this process or another one has, on a thread of its own."""
        if self._begun == os.getpid():
            return
        self._begun = os.getpid()
        if self.policies.current.ends and _is_first():
            threading.Thread(target=self.tell, name="limits", daemon=True).start()

    def tell(self) -> None:
        """Ask for the versions and log what they cannot do."""
        told = [ask_version(each, Deadline.after(ASK_SECONDS)) for each in self.transports]
        for notice in limits(*told):
            self.logger.warning(notice)


def _is_first() -> bool:
    """Whether no other process of this service has begun to ask."""
    try:
        runtime_file("limits-told").touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return False
    return True
