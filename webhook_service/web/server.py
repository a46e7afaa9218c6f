"""Starts the server that the settings name, with a folder that its processes share."""

from __future__ import annotations

import signal
import socket
import sys
from types import FrameType
from typing import Any

from webhook_service import runtime

GUNICORN_ARGUMENTS = ("gunicorn", "-c", "python:webhook_service.web.gunicorn_conf")


def run() -> None:
    """Serve until a signal ends it.

    Raises:
        SystemExit: the service cannot start, or has ended.
    """
    # Until the server has its own handler: who stops while it starts leaves no folder behind.
    signal.signal(signal.SIGTERM, _stop)
    with runtime.shared_folder():
        from webhook_service.startup import (  # noqa: PLC0415  after the folder is named
            checked,
            settle,
        )

        settings, _ = checked()
        settle(settings)
        _check_port(settings.port)
        if settings.server == "granian":
            from webhook_service.web.granian_server import serve  # noqa: PLC0415  an extra

            serve()
        else:
            _gunicorn()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _check_port(port: int) -> None:
    """Find out in one line what a server says in many.

    Raises:
        SystemExit: nothing can listen there.
    """
    with socket.socket() as probe:
        # As the servers do: what an earlier one has left behind is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104  where the service will listen
        except OSError as error:
            raise SystemExit(
                f"The service does not start: it cannot listen on port {port}:"
                f" {error.strerror}. Set PORT to another, or end what listens there."
            ) from None


def _gunicorn() -> None:
    from gunicorn.app.wsgiapp import WSGIApplication  # noqa: PLC0415  one of two servers

    arguments, sys.argv = sys.argv, list(GUNICORN_ARGUMENTS)
    try:
        application: Any = WSGIApplication("%(prog)s [OPTIONS]", prog="webhook-service serve")
        application.run()
    finally:
        sys.argv = arguments
