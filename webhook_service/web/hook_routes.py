"""The routes that Kratos and Hydra call."""

from __future__ import annotations

from flask import Flask, Response, request

from webhook_service.hooks.event import Raw
from webhook_service.hooks.table import Hook
from webhook_service.service import Service
from webhook_service.web.authentication import Keys
from webhook_service.web.body import read_body

TRIGGER_ID = "HTTP_ORY_WEBHOOK_TRIGGER_ID"


def add(app: Flask, hook: Hook, keys: Keys, service: Service) -> None:
    """Serve one hook: the key first, then the body, then the decision."""

    def answer(method: str | None = None) -> Response:
        keys.admit(request.environ)
        reply = service.answer(
            hook,
            Raw(
                route=request.path,
                body=read_body(request.environ),
                trigger_id=request.environ.get(TRIGGER_ID),
                method=method,
            ),
        )
        response = Response(
            reply.body, reply.status, headers=dict(reply.headers), mimetype="application/json"
        )
        if not reply.body:
            del response.headers["Content-Type"]
        return response

    paths = [hook.path, f"{hook.path}/<method:method>"] if hook.with_method else [hook.path]
    for path in paths:
        app.add_url_rule(
            path,
            endpoint=f"{hook.event.value.replace('.', '_')} {path}",
            view_func=answer,
            methods=["POST"],
            provide_automatic_options=False,
        )
