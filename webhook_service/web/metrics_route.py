"""``/metrics``, for a Prometheus that holds an operator key."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request

from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.records import metrics
from webhook_service.web.authentication import Keys
from webhook_service.wiring import Keeper

COUNT_SECONDS: Final = 0.5
"""How long the store has to count its effects."""


def add(app: Flask, keys: Keys, engine: Keeper) -> None:
    """Serve the metrics of all processes."""

    def scrape() -> Response:
        keys.admit(request.environ)
        try:
            metrics.tell_effects(engine.ask(lambda store: store.counts(), COUNT_SECONDS))
        except StoreUnavailableError:
            metrics.tell_effects(None)
        return Response(metrics.scrape(), content_type=metrics.CONTENT_TYPE)

    app.add_url_rule(
        "/metrics", "metrics", scrape, methods=["GET"], provide_automatic_options=False
    )
