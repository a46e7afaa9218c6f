"""Whether the service lives and could do its work: Ory's own convention. Open to all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from flask import Flask, Response, jsonify

from webhook_service import __version__
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError
from webhook_service.parts import Upstream
from webhook_service.policy_in_force import PolicyInForce

PROBE_SECONDS: Final = 0.6
"""How long each upstream has to answer a probe."""

KEEP_SECONDS: Final = 2.0
"""How long an answer is kept: the route is open, and must not multiply calls to Ory."""


DATABASE: Final = "database"


@dataclass(frozen=True, slots=True)
class Probed:
    """What a process is asked about: its upstreams, its database, and what it decides by.

    ``database`` returns ``ok``, or a reason code.
    """

    upstreams: Mapping[str, Upstream]
    database: Callable[[], str]
    policies: PolicyInForce


class Readiness:
    """Asks upstreams and database whether they are ready; one asker at a time, the rest share."""

    def __init__(self, probed: Probed) -> None:
        self._probed = probed
        self._lock = threading.Lock()
        self._states: dict[str, str] = {}
        self._until = 0.0

    def states(self) -> dict[str, str]:
        """Return ``ok`` or a reason code for the database and each upstream."""
        # Only the first ever asker has to be waited for: later ones share the last answer.
        if time.monotonic() >= self._until and self._lock.acquire(blocking=not self._states):
            try:
                if time.monotonic() >= self._until:
                    self._states = {
                        name: _probe(client) for name, client in self._probed.upstreams.items()
                    } | {DATABASE: self._probed.database()}
                    self._until = time.monotonic() + KEEP_SECONDS
            finally:
                self._lock.release()
        return self._states


def _policy(policies: PolicyInForce) -> dict[str, Any]:
    """Tell which policy decides, and whether the file has another that does not load."""
    policy, refused = policies.current, policies.refused
    told: dict[str, Any] = {"digest": policy.digest, "rules": len(policy.rules)}
    if refused is not None:
        told["refused"] = asdict(refused)
    return told


def _probe(client: Upstream) -> str:
    try:
        client.ready(Deadline.after(PROBE_SECONDS))
    except OryError as error:
        return error.reason
    return "ok"


def add(app: Flask, probed: Probed) -> None:
    """Serve ``/health/alive``, ``/health/ready`` and ``/version``."""
    readiness = app.extensions["readiness"] = Readiness(probed)

    def alive() -> Response:
        return jsonify(status="ok")

    def ready() -> tuple[Response, int]:
        states = readiness.states()
        upstreams = {name: state for name, state in states.items() if name != DATABASE}
        body = {
            "policy": _policy(probed.policies),
            "database": states[DATABASE],
            "upstreams": upstreams,
        }
        failed = {name: state for name, state in states.items() if state != "ok"}
        if failed:
            return jsonify(status="unavailable", errors=failed, **body), 503
        return jsonify(status="ok", **body), 200

    def version() -> Response:
        return jsonify(version=__version__)

    for path, view in (
        ("/health/alive", alive),
        ("/health/ready", ready),
        ("/version", version),
    ):
        app.add_url_rule(path, path, view, methods=["GET"], provide_automatic_options=False)
