"""granian, the other server: an extra, quicker and unimpressed by clients that drip."""

from __future__ import annotations

from typing import Any

from webhook_service.records.log import line_formatter
from webhook_service.web.start import checked, say_what_starts

BACKLOG = 512


def serve() -> None:
    """Serve with granian.

    Raises:
        SystemExit: the extra is not installed.
    """
    try:
        from granian import Granian  # noqa: PLC0415  an extra
        from granian.constants import Interfaces  # noqa: PLC0415  an extra
        from granian.http import HTTP1Settings  # noqa: PLC0415  an extra
        from granian.log import LogLevels  # noqa: PLC0415  an extra
    except ImportError:
        raise SystemExit(
            "The service does not start: SERVER is granian, which is not installed.\n"
            "  Install it with: pip install 'webhook-service[granian]'"
        ) from None
    settings, policy = checked()
    say_what_starts(settings, policy, server="granian")
    logging: dict[str, Any] = {
        "formatters": {"generic": {"()": line_formatter(settings.log_format)}},
        "handlers": {"console": {"formatter": "generic", "stream": "ext://sys.stdout"}},
    }
    Granian(
        "webhook_service.web:make_app",
        factory=True,
        interface=Interfaces.WSGI,
        address="0.0.0.0",  # noqa: S104  a PaaS reaches the process from outside
        port=settings.port,
        workers=settings.web_concurrency,
        blocking_threads=settings.web_threads,
        backlog=BACKLOG,
        http1_settings=HTTP1Settings(keep_alive=True),
        log_dictconfig=logging,
        log_level=LogLevels(settings.log_level),
    ).serve()
