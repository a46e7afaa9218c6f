"""The app factory. It only wires."""

from __future__ import annotations

import structlog
from flask import Flask
from werkzeug.routing import BaseConverter

from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.table import Caller, hooks
from webhook_service.settings import Settings
from webhook_service.web import (
    check_routes,
    gate_routes,
    health,
    hook_routes,
    metrics_route,
    openapi_route,
    operator,
    schema_route,
    session_route,
    traced,
)
from webhook_service.web.authentication import Keys
from webhook_service.web.bare_app import bare_app
from webhook_service.web.gate_routes import Cookies
from webhook_service.web.health import Probed
from webhook_service.web.page_forms import FormKeys
from webhook_service.wiring import Wired


class MethodConverter(BaseConverter):
    """A method of authentication in a path: Ory adds methods, so any word of these."""

    regex = "[a-z0-9_]{1,40}"


def create_app(
    settings: Settings,
    wired: Wired,
    logger: structlog.typing.FilteringBoundLogger,
) -> Flask:
    """Make the app of one process."""
    app = bare_app(logger)
    app.url_map.converters["method"] = MethodConverter
    # A server that was not told to begins here: threads do not survive the fork before it.
    app.before_request(wired.begin)
    if settings.traces:
        traced.install(app)
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
    health.add(app, Probed(wired.upstreams, wired.engine.ready, wired.service.policies))
    operator_keys = Keys(settings.operator_keys)
    if operator_keys:
        metrics_route.add(app, operator_keys, wired.engine)
        operator.add(app, settings, wired, logger)
    openapi_route.add(app)
    schema_route.add(app)
    return app
