"""The app before it has a route: what is the same for the web process and for the worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Request, request
from werkzeug.exceptions import NotFound

from webhook_service.web import errors, rendering


class App(Flask):
    """A Flask whose functions are all plain ones."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function. Flask looks at each call whether it is a coroutine's: 2 µs."""
        return func


class PlainRequest(Request):
    """A request whose body is read by ``body.read_body`` and by nothing else."""

    max_content_length = 0
    max_form_memory_size = 0


def bare_app(logger: structlog.typing.FilteringBoundLogger) -> Flask:
    """Make an app that answers 404, and every error as the service does."""
    app = App("webhook_service", static_folder=None, template_folder=rendering.FOLDER)
    app.request_class = PlainRequest
    # An answer of 3xx would be followed and its target's answer believed (F21): a doubled
    # or trailing slash is another path, and that path is not there.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    app.url_map.redirect_defaults = False
    errors.install(app, logger)
    app.before_request(_origin_form_only)
    return app


def _origin_form_only() -> None:
    """Refuse a request target in absolute form: only a proxy is asked that way.

    Raises:
        NotFound: the target is not a path.
    """
    environ = request.environ
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or "/"
    # Werkzeug takes a path that begins with two slashes for the one with a single slash.
    if not target.startswith("/") or environ["PATH_INFO"].startswith("//"):
        raise NotFound
