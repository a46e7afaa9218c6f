"""``/check``: for backends, which ask with JSON, and for gateways, which send no body."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request

from webhook_service.checks import Checks
from webhook_service.hooks.check import CHECK
from webhook_service.hooks.reply import Reply
from webhook_service.web.authentication import Keys
from webhook_service.web.body import ARRIVED_AT, read_body
from webhook_service.web.headers import header_names_and_values

REDIRECT: Final = "pages=redirect"
"""The query in the address of a gateway that cannot make a redirect of a 401 by itself."""

HTML: Final = "text/html"


def add(app: Flask, keys: Keys, checks: Checks) -> None:
    """Serve both ways: the key first, then what is asked."""

    def of_backend() -> Response:
        environ = request.environ
        keys.admit(environ)
        return response(checks.of_backend(read_body(environ), environ.get(ARRIVED_AT)))

    def of_gateway() -> Response:
        environ = request.environ
        keys.admit_gateway(environ)
        headers = header_names_and_values(environ)
        is_page = environ.get("QUERY_STRING") == REDIRECT and HTML in headers.get("accept", "")
        answer = checks.of_page if is_page else checks.of_gateway
        return response(answer(headers, environ.get(ARRIVED_AT)))

    # Flask answers HEAD wherever it answers GET: some gateways prefer it.
    for method, view in (("POST", of_backend), ("GET", of_gateway)):
        app.add_url_rule(
            CHECK,
            endpoint=f"{CHECK} {method}",
            view_func=view,
            methods=[method],
            provide_automatic_options=False,
        )


def response(reply: Reply) -> Response:
    """Return a reply, which is always JSON here, as Flask has it."""
    return Response(reply.body, reply.status, dict(reply.headers), mimetype="application/json")
