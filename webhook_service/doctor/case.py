"""What is known of an installation when its files are judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from webhook_service.hooks.table import Caller
from webhook_service.ory_config.jsonnet import Body
from webhook_service.ory_config.site import Site
from webhook_service.policy.model import Policy


def _nowhere(_path: str) -> None:
    """Find no file."""


@dataclass(frozen=True, slots=True)
class Case:
    """Settings and policy of an installation.

    Attributes:
        policy: the rules.
        site: where the service and Ory are reached.
        keys: every key that the service takes, by its caller.
        body: the hooks' body for this policy.
        read: a file that a hook's body is in, by its path; ``None`` where it is not here.
    """

    policy: Policy
    site: Site
    keys: dict[Caller, tuple[str, ...]] = field(repr=False)
    body: Body
    read: Callable[[str], str | None] = _nowhere
