"""The least that a Flask service can do: one view that answers 204."""

from __future__ import annotations

from flask import Flask, Response

from webhook_service.hooks.check import CHECK
from webhook_service.hooks.table import HYDRA_TOKEN


def make_app() -> Flask:
    """Make the app."""
    app = Flask("empty", static_folder=None)

    def nothing() -> Response:
        return Response(status=204)

    app.add_url_rule(HYDRA_TOKEN, "nothing", nothing, methods=["POST"])
    app.add_url_rule(CHECK, "nothing", nothing, methods=["GET"])
    return app


app = make_app()
