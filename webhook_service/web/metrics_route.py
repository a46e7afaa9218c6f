"""``/metrics``, for a Prometheus that holds an operator key."""

from __future__ import annotations

from flask import Flask, Response, request

from webhook_service.records import metrics
from webhook_service.web.authentication import Keys


def add(app: Flask, keys: Keys) -> None:
    """Serve the metrics of all processes."""

    def scrape() -> Response:
        keys.admit(request.environ)
        return Response(metrics.scrape(), content_type=metrics.CONTENT_TYPE)

    app.add_url_rule(
        "/metrics", "metrics", scrape, methods=["GET"], provide_automatic_options=False
    )
