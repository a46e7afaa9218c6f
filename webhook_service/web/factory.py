"""The app factory. It only wires."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Request, request
from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter

from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.table import Caller, hooks
from webhook_service.settings import Settings
from webhook_service.web import (
    check_routes,
    errors,
    gate_routes,
    health,
    hook_routes,
    metrics_route,
    openapi_route,
    rendering,
    schema_route,
    session_route,
)
from webhook_service.web.authentication import Keys
from webhook_service.web.gate_routes import Cookies
from webhook_service.web.page_forms import FormKeys
from webhook_service.wiring import Wired


class App(Flask):
    """A Flask whose functions are all plain ones."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function. Flask looks at each call whether it is a coroutine's: 2 µs."""
        return func


class PlainRequest(Request):
    """A request whose body is read by ``body.read_body`` and by nothing else."""

    max_content_length = 0
    max_form_memory_size = 0


class MethodConverter(BaseConverter):
    """A method of authentication in a path: Ory adds methods, so any word of these."""

    regex = "[a-z0-9_]{1,40}"


def create_app(
    settings: Settings,
    wired: Wired,
    logger: structlog.typing.FilteringBoundLogger,
) -> Flask:
    """Make the app of one process."""
    app = App("webhook_service", static_folder=None, template_folder=rendering.FOLDER)
    app.request_class = PlainRequest
    # An answer of 3xx would be followed and its target's answer believed (F21): a doubled
    # or trailing slash is another path, and that path is not there.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    app.url_map.redirect_defaults = False
    app.url_map.converters["method"] = MethodConverter
    errors.install(app, logger)
    app.before_request(_origin_form_only)
    # A server that was not told to begins here: threads do not survive the fork before it.
    app.before_request(wired.begin)
    keys = {
        Caller.KRATOS: Keys(settings.kratos_hook_keys),
        Caller.HYDRA: Keys(settings.hydra_hook_keys),
    }
    headers = RequestHeaders(settings.client_ip_header, settings.country_header)
    for hook in hooks(headers).values():
        if keys[hook.caller]:
            hook_routes.add(app, hook, keys[hook.caller], wired.service)
    if wired.checks is not None:
        if check_keys := Keys(settings.check_keys):
            check_routes.add(app, check_keys, wired.checks)
        session_route.add(app, wired.checks, settings.allowed_origins)
    if wired.gates is not None:
        hook_keys = settings.kratos_hook_keys + settings.hydra_hook_keys
        https = (settings.public_url or "").startswith("https:")
        cookies = Cookies(settings.session_cookie, https)
        gate_routes.add(app, wired.gates, FormKeys.of(hook_keys), cookies)
    app.extensions["policies"] = wired.service.policies
    app.extensions["wired"] = wired
    health.add(app, wired)
    operator_keys = Keys(settings.operator_keys)
    if operator_keys:
        metrics_route.add(app, operator_keys, wired.engine)
    openapi_route.add(app)
    schema_route.add(app)
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
