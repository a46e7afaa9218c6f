"""The routes that Kratos and Hydra call."""

from __future__ import annotations

from flask import Flask, Response, request

from webhook_service.hooks.event import Raw
from webhook_service.hooks.table import Hook
from webhook_service.service import Service
from webhook_service.web import traced
from webhook_service.web.authentication import Keys
from webhook_service.web.body import ARRIVED_AT, read_body

TRIGGER_ID = "HTTP_ORY_WEBHOOK_TRIGGER_ID"


def add(app: Flask, hook: Hook, keys: Keys, service: Service) -> None:
    """Serve one hook: the key first, then the body, then the decision."""

    def answer(method: str | None = None) -> Response:
        environ = request.environ
        keys.admit(environ)
        traced.begin(environ, continued=True)
        reply = service.answer(
            hook,
            Raw(
                route=environ["PATH_INFO"],
                body=read_body(environ),
                trigger_id=environ.get(TRIGGER_ID),
                method=method,
            ),
            environ.get(ARRIVED_AT),
        )
        headers = dict(reply.headers)
        if reply.body:
            return Response(reply.body, reply.status, headers, mimetype="application/json")
        response = Response(None, reply.status, headers)
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
