"""Flask, and the only part of the service that knows it.

``app`` is the application for a server that wants to import one:
``gunicorn webhook_service.web:app``. It is made from the environment when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask


def make_app() -> Flask:
    """Make the app from the environment.

    Raises:
        SystemExit: the environment or the policy cannot be used; it says why.
    """
    # Metrics find their folder when they are imported, so this comes first.
    from webhook_service import runtime  # noqa: PLC0415  explained above

    runtime.share_metrics()
    from webhook_service.web.start import app_from_environment  # noqa: PLC0415  as above

    return app_from_environment()


def __getattr__(name: str) -> Any:  # noqa: ANN401  a module's protocol
    """Make ``app`` on first use: importing the package must not read the environment."""
    if name == "app":
        app = make_app()
        globals()["app"] = app
        return app
    raise AttributeError(name)
