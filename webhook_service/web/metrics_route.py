"""``/metrics``, for a Prometheus that holds an operator key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from flask import Flask, Response, request

from webhook_service.effects.keeping import Store, StoreUnavailableError
from webhook_service.records import metrics
from webhook_service.web.authentication import Keys

T = TypeVar("T")

COUNT_SECONDS: Final = 0.5
"""How long the store has to count its effects."""


class Asked(Protocol):
    """What can ask the store of effects."""

    def ask(self, question: Callable[[Store], T], seconds: float) -> T:
        """Return the store's answer; raises ``StoreUnavailableError``."""
        ...


def add(app: Flask, keys: Keys, effects: Asked) -> None:
    """Serve the metrics of all processes."""

    def scrape() -> Response:
        keys.admit(request.environ)
        try:
            metrics.tell_effects(effects.ask(lambda store: store.counts(), COUNT_SECONDS))
        except StoreUnavailableError:
            metrics.tell_effects(None)
        return Response(metrics.scrape(), content_type=metrics.CONTENT_TYPE)

    app.add_url_rule(
        "/metrics", "metrics", scrape, methods=["GET"], provide_automatic_options=False
    )
