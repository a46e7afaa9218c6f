"""``/openapi.yaml``: the contract, as it is committed."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response

import webhook_service

_PACKAGE = Path(webhook_service.__file__).parent


def document() -> bytes:
    """Return the document: from the package, or from the checkout it is developed in."""
    for path in (_PACKAGE / "openapi.yaml", _PACKAGE.parent / "openapi.yaml"):
        if path.is_file():
            return path.read_bytes()
    raise FileNotFoundError("openapi.yaml is neither in the package nor beside it")


def add(app: Flask) -> None:
    """Serve the document, read once."""
    content = document()

    def openapi() -> Response:
        return Response(content, mimetype="application/yaml")

    app.add_url_rule(
        "/openapi.yaml", "openapi", openapi, methods=["GET"], provide_automatic_options=False
    )
