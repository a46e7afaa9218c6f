"""The operator's page: what is decided, what follows, by which rules, for who holds a key."""

from __future__ import annotations

import structlog
from flask import Flask

from webhook_service.settings import Settings
from webhook_service.web.operator import decisions, effects, rules, sign_in_routes, simulate
from webhook_service.web.operator.assets import Assets
from webhook_service.web.operator.shell import Shell
from webhook_service.web.operator.signing_in import SignIns
from webhook_service.wiring import Wired


def add(
    app: Flask,
    settings: Settings,
    wired: Wired,
    logger: structlog.typing.FilteringBoundLogger,
) -> None:
    """Serve all of it. There is at least one operator key."""
    sign_ins = SignIns(settings.operator_keys)
    assets = Assets()
    assets.add(app)
    shell = Shell(app, sign_ins, assets, wired.service.clock)
    app.extensions["error_pages"] = shell
    sign_in_routes.add(shell, sign_ins, settings.public_url, logger)
    for part in (decisions, rules, simulate):
        part.add(shell, settings, wired)
    effects.add(shell, wired, logger)
