"""``/session/refresh``: for the browser or app that holds a session. Open, as Kratos' own API is.

Nobody gains a thing here without the cookie or the token; who has one could ask Kratos. But a
browser adds its cookie to whatever page asks: so only pages of ``ALLOWED_ORIGINS`` are answered.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from flask import Flask, Response, after_this_request, request

from webhook_service.early.checks import Checks
from webhook_service.hooks.check import SESSION_REFRESH
from webhook_service.hooks.hints import SESSION_TOKEN_HEADER
from webhook_service.hooks.target import Target
from webhook_service.web import traced
from webhook_service.web.body import ARRIVED_AT, drop_body
from webhook_service.web.check_routes import response
from webhook_service.web.errors import RefusedError
from webhook_service.web.headers import header_names_and_values

PREFLIGHT_SECONDS: Final = 600


def add(app: Flask, checks: Checks, origins: Collection[str]) -> None:
    """Serve it, and what a browser asks before it lets a page ask (CORS)."""

    def refresh() -> Response:
        environ = request.environ
        traced.begin(environ, continued=False)
        headers = header_names_and_values(environ)
        _share_with(headers.get("origin"), origins)
        if "x-session-token" not in headers:
            _check_origin(headers.get("origin"), origins)
        drop_body(environ)
        # A page or an app has no other credential: an access token is for the app's own API.
        headers.pop("authorization", None)
        target = Target(None, headers.get("host") or None, SESSION_REFRESH, "POST")
        return response(checks.of_holder(headers, target, environ.get(ARRIVED_AT)))

    def preflight() -> Response:
        origin = request.environ.get("HTTP_ORIGIN")
        _share_with(origin, origins)
        _check_origin(origin, origins)
        allowed = {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": f"Content-Type, {SESSION_TOKEN_HEADER}",
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
        answer = Response(None, 204, allowed)
        del answer.headers["Content-Type"]
        return answer

    for method, view in (("POST", refresh), ("OPTIONS", preflight)):
        app.add_url_rule(
            SESSION_REFRESH,
            endpoint=f"{SESSION_REFRESH} {method}",
            view_func=view,
            methods=[method],
            provide_automatic_options=False,
        )


def _check_origin(origin: str | None, origins: Collection[str]) -> None:
    """Refuse a page that may not ask with the cookie of whoever looks at it.

    A browser says its page's origin with every POST: what says none is no browser, and has no
    cookie to ask with.

    Raises:
        RefusedError: ``request.origin_not_allowed``.
    """
    if origin not in origins:
        raise RefusedError(
            "request.origin_not_allowed",
            "pages ask with their cookie from ALLOWED_ORIGINS only; apps send X-Session-Token",
        )


def _share_with(origin: str | None, origins: Collection[str]) -> None:
    """Let the page read the answer, whatever it will be, if its origin is one of these."""

    @after_this_request
    def share(answer: Response) -> Response:
        answer.headers["Vary"] = "Origin"
        if origin is not None and origin in origins:
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Allow-Credentials"] = "true"
        return answer
