"""Starts the server that the settings name, with a folder that its processes share."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from webhook_service import runtime

GUNICORN_ARGUMENTS = ("gunicorn", "-c", "python:webhook_service.web.gunicorn_conf")


def run() -> None:
    """Serve until a signal ends it.

    Raises:
        SystemExit: the service cannot start, or has ended.
    """
    with shared_folder():
        from webhook_service.web.start import (  # noqa: PLC0415  after the folder is named
            checked,
            settle,
        )

        settings, _ = checked()
        settle(settings)
        if settings.server == "granian":
            from webhook_service.web.granian_server import serve  # noqa: PLC0415  an extra

            serve()
        else:
            _gunicorn()


@contextmanager
def shared_folder() -> Iterator[Path]:
    """Make the folder of this service's processes, and remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="webhook-service-"))
    os.environ[runtime.VARIABLE] = str(folder)
    maker = os.getpid()
    runtime.share_metrics()
    try:
        yield folder
    finally:
        # A forked worker leaves through here as well, and must not take the folder along.
        if os.getpid() == maker:
            shutil.rmtree(folder, ignore_errors=True)


def _gunicorn() -> None:
    from gunicorn.app.wsgiapp import WSGIApplication  # noqa: PLC0415  one of two servers

    arguments, sys.argv = sys.argv, list(GUNICORN_ARGUMENTS)
    try:
        application: Any = WSGIApplication("%(prog)s [OPTIONS]", prog="webhook-service serve")
        application.run()
    finally:
        sys.argv = arguments
