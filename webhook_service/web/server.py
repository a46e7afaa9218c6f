"""Starts the server that the settings name, with a folder that its processes share."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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
    with shared_folder():
        from webhook_service.web.start import (  # noqa: PLC0415  after the folder is named
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


@contextmanager
def shared_folder() -> Iterator[Path]:
    """Make the folder of this service's processes, and remove it at the end.

    Raises:
        SystemExit: there is no place for it.
    """
    maker = os.getpid()
    name = f"webhook-service-{secrets.token_hex(8)}"
    try:
        folder = Path(tempfile.gettempdir(), name)
    except OSError as error:
        raise SystemExit(
            "The service does not start: it needs a folder for temporary files,"
            f" and finds none that it can write to. Name one with TMPDIR. ({error.strerror})"
        ) from None
    # Whatever interrupts from here on, the name is known.
    try:
        folder.mkdir(mode=0o700)
        os.environ[runtime.VARIABLE] = str(folder)
        runtime.share_metrics()
        yield folder
    finally:
        # A forked worker leaves through here as well, and must not take the folder along.
        if os.getpid() == maker:
            shutil.rmtree(folder, ignore_errors=True)


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
