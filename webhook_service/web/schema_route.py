"""``/policy.schema.json``: what an editor checks a policy file by."""

from __future__ import annotations

import json
from typing import Final

from flask import Flask, Response

from webhook_service.policy.schema import document

MEDIA_TYPE: Final = "application/schema+json"


def add(app: Flask) -> None:
    """Serve the schema, made once."""
    content = json.dumps(document(), separators=(",", ":"), ensure_ascii=False).encode()

    def schema() -> Response:
        return Response(content, mimetype=MEDIA_TYPE)

    app.add_url_rule(
        "/policy.schema.json",
        "policy_schema",
        schema,
        methods=["GET"],
        provide_automatic_options=False,
    )
