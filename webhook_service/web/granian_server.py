"""granian, the other server: an extra, and quicker."""

from __future__ import annotations

import gc
import logging
from multiprocessing.util import Finalize
from typing import Any, Final, Literal

from flask import Flask

from webhook_service.records.log import line_formatter
from webhook_service.startup import checked, policy_file_to_offer, see_to_database
from webhook_service.web import make_app
from webhook_service.web.start import say_what_starts

BACKLOG: Final = 512

CONNECTIONS: Final = 1000
"""What each process holds open at a time, as with gunicorn; idle ones count as well."""

IDLE_SECONDS: Final = 95
"""How long the next head may take to come, which to hyper is the same as to be idle.

Ory's client keeps an idle connection for 90 s and must be the one that closes it.
"""

HEAD_BYTES: Final = 64 * 1024

EFFECTS_END_SECONDS: Final = 5.0
STOP_SECONDS: Final = 10
"""How long hooks in progress have to end when the service stops."""


def serve() -> None:
    """Serve with granian.

    Raises:
        SystemExit: the extra is not installed, or the service has ended.
    """
    try:
        from granian import Granian  # noqa: PLC0415  an extra
        from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415  an extra
        from granian.http import HTTP1Settings  # noqa: PLC0415  an extra
        from granian.log import LogLevels  # noqa: PLC0415  an extra
    except ImportError:
        raise SystemExit(
            "The service does not start: SERVER is granian, which is not installed.\n"
            "  Install it with: pip install '.[granian]'"
        ) from None
    settings, policy = checked()
    say_what_starts(settings, policy, server="granian", wrong=see_to_database(settings))
    server = Granian(
        "webhook_service.web:make_app",
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        address="0.0.0.0",  # noqa: S104  a PaaS reaches the process from outside
        port=settings.port,
        workers=settings.web_concurrency,
        blocking_threads=settings.web_threads,
        backlog=BACKLOG,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(
            header_read_timeout=IDLE_SECONDS * 1000, max_buffer_size=HEAD_BYTES
        ),
        # One that was killed is replaced; two within seconds end the service.
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_dictconfig=_log_configuration(settings.log_format),
        # Below errors it speaks of its own start and of the number of threads.
        log_level=LogLevels.debug if settings.log_level == "debug" else LogLevels.error,
    )
    # Its own answer to SIGHUP is to replace all workers, which ends every kept connection.
    offer = policy_file_to_offer(settings).offer
    server.signal_handler_reload = lambda *_: offer()  # type: ignore[method-assign]  # no other way
    # As with gunicorn: what is loaded before the fork stays shared after it.
    server.on_startup(gc.collect)
    server.on_startup(gc.freeze)
    # The loader itself, not its name: a name is looked up in the current folder as well.
    server.serve(target_loader=_begun_app, wrap_loader=False)


def _begun_app() -> Flask:
    """Make the app of one process, after its fork, and begin what needs threads."""
    app = make_app()
    wired = app.extensions["wired"]
    wired.begin()
    # Its processes are multiprocessing's, which end without what atexit knows.
    Finalize(None, wired.end, args=(EFFECTS_END_SECONDS,), exitpriority=10)
    return app


def _log_configuration(log_format: Literal["json", "console"]) -> dict[str, Any]:
    return {
        "formatters": {"line": {"()": _formatter, "log_format": log_format}},
        "handlers": {
            "out": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "stream": "ext://sys.stdout",
            }
        },
        "loggers": {"_granian": {"handlers": ["out"], "propagate": False}},
    }


def _formatter(log_format: Literal["json", "console"]) -> logging.Formatter:
    # By a name of the module: where processes are not forked, the configuration is pickled.
    return line_formatter(log_format)()
