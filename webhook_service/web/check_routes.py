"""``/check``: for backends, which ask with JSON, and for gateways, which send no body.

Most gateways ask with GET and tell of the request that waits in headers. Envoy, and whoever
follows its protocol, asks with that request's own method and path, behind a prefix.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from flask import Flask, Response, request
from werkzeug.routing import BaseConverter

from webhook_service.early.checks import Checks
from webhook_service.hooks.check import CHECK, CHECK_REQUEST
from webhook_service.hooks.reply import Reply
from webhook_service.web import traced
from webhook_service.web.authentication import Keys
from webhook_service.web.body import ARRIVED_AT, drop_body, read_body
from webhook_service.web.headers import header_names_and_values

HTML: Final = "text/html"
REDIRECT: Final = "redirect"
"""In ``X-Check-Pages``, of gateways that cannot make a redirect of a 401 by themselves."""

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""HEAD goes with GET. A gateway that asks with any other is not answered, and lets nobody in."""

TOLD_BY_ITSELF: Final = ("x-forwarded-host", "x-forwarded-uri", "x-forwarded-method")


class AnythingConverter(BaseConverter):
    """The rest of a path, whatever it is."""

    regex = ".*"
    part_isolating = False


def add(app: Flask, keys: Keys, checks: Checks) -> None:
    """Serve both ways: the key first, then what is asked."""

    def of_backend() -> Response:
        environ = request.environ
        keys.admit(environ)
        traced.begin(environ, continued=True)
        return response(checks.of_backend(read_body(environ), environ.get(ARRIVED_AT)))

    def of_gateway() -> Response:
        environ = request.environ
        keys.admit_gateway(environ)
        # A gateway hands on the headers of its clients: the trace context may be theirs.
        traced.begin(environ, continued=False)
        return answered(header_names_and_values(environ))

    def of_request(**_: str) -> Response:
        environ = request.environ
        keys.admit_gateway(environ)
        traced.begin(environ, continued=False)
        drop_body(environ)
        return answered(headers_of_request(environ))

    def answered(headers: dict[str, str]) -> Response:
        redirects = headers.get("x-check-pages") == REDIRECT
        is_page = redirects and HTML in headers.get("accept", "")
        answer = checks.of_page if is_page else checks.of_gateway
        return response(answer(headers, request.environ.get(ARRIVED_AT)))

    app.url_map.converters["anything"] = AnythingConverter
    # Flask answers HEAD wherever it answers GET: some gateways prefer it.
    for path, methods, view in (
        (CHECK, ["POST"], of_backend),
        (CHECK, ["GET"], of_gateway),
        (f"{CHECK_REQUEST}<anything:target>", METHODS, of_request),
    ):
        app.add_url_rule(
            path,
            endpoint=f"{path} {methods[0]}",
            view_func=view,
            methods=methods,
            provide_automatic_options=False,
        )


def headers_of_request(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of a request that is asked about by its own method and path.

    What it is counts, and nothing that its client says that it is.
    """
    headers = {
        name: value
        for name, value in header_names_and_values(environ).items()
        if name not in TOLD_BY_ITSELF and not name.startswith("x-original-")
    }
    # Decoded by the server already; encoded again, as whoever reads it decodes it once.
    path = "/" + environ["PATH_INFO"].removeprefix(CHECK_REQUEST)
    query = environ.get("QUERY_STRING")
    headers["x-forwarded-uri"] = quote(path.encode("latin-1")) + (f"?{query}" if query else "")
    headers["x-forwarded-method"] = environ["REQUEST_METHOD"]
    headers["x-forwarded-host"] = headers.get("host", "")
    return headers


def response(reply: Reply) -> Response:
    """Return a reply, which is always JSON here, as Flask has it."""
    return Response(reply.body, reply.status, dict(reply.headers), mimetype="application/json")
