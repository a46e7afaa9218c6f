"""gunicorn's configuration, for ``serve`` and for a platform that starts gunicorn itself.

``gunicorn -c python:webhook_service.web.gunicorn_conf webhook_service.web:app``
"""

from __future__ import annotations

import gc
import os
import signal
from contextlib import ExitStack
from typing import Any, Final

from webhook_service import runtime, web
from webhook_service.records.log import line_formatter

_folder: Final = ExitStack()
if runtime.VARIABLE not in os.environ:
    # A platform's own gunicorn. A folder of this start alone: in one that is found by the
    # parent's number, the policy of an earlier start or of a neighbour would be taken over.
    _folder.enter_context(runtime.shared_folder())

# Metrics find their folder when they are imported: after it is made.
from webhook_service.startup import (  # noqa: E402  explained above
    checked,
    policy_file_to_offer,
    see_to_database,
    settle,
)
from webhook_service.web.start import say_what_starts  # noqa: E402  the same

_settings, _policy = checked()
_wrong = see_to_database(_settings)
settle(_settings)

bind: Final = f"0.0.0.0:{_settings.port}"
wsgi_app: Final = "webhook_service.web:app"
workers: Final = _settings.web_concurrency
threads: Final = _settings.web_threads
worker_class: Final = "webhook_service.web.gunicorn_worker.Worker"

# Ory's client keeps an idle connection for 90 s. Whoever closes first must be the client:
# a connection closed under a request costs it a reset and a second's wait.
keepalive: Final = 95
# Connections that wait their turn; beyond it the system refuses, which Ory tries again.
backlog: Final = 512
worker_connections: Final = 1000

# One load for all workers; what is loaded is shared memory until it is written to.
preload_app: Final = True
# Time that a hook in progress has to end when the service stops.
graceful_timeout: Final = 10
EFFECTS_END_SECONDS: Final = 5.0
# Heartbeats in memory: on some platforms /tmp is a slow disk.
_MEMORY: Final = "/dev/shm"  # noqa: S108  gunicorn makes its own file in it, and unlinks it
worker_tmp_dir: Final = _MEMORY if os.access(_MEMORY, os.W_OK) else None

# Every event has its decision record; a line per request would say it again.
accesslog: Final = None
logger_class: Final = "webhook_service.web.gunicorn_log.Log"
# Management over a socket: nobody asked for it.
control_socket_disable: Final = True
# Nobody in front may say where a request came from, or rename its path (SCRIPT_NAME).
forwarded_allow_ips: Final = ""

limit_request_line: Final = 8190
limit_request_fields: Final = 64

logconfig_dict: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": line_formatter(_settings.log_format)}},
    "handlers": {
        "out": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "stream": "ext://sys.stdout",
        }
    },
    "root": {"level": "WARNING", "handlers": ["out"]},
    "loggers": {
        "gunicorn.error": {
            # "serving" says it all; how workers come and go is for who debugs.
            "level": {"debug": "DEBUG", "error": "ERROR"}.get(_settings.log_level, "WARNING"),
            "handlers": ["out"],
            "propagate": False,
        },
        "gunicorn.access": {"level": "WARNING", "handlers": [], "propagate": False},
    },
}


def when_ready(server: Any) -> None:  # noqa: ANN401  gunicorn's arbiter
    """Say what is served, once the port is open; let SIGHUP reload the policy.

    gunicorn's own answer to SIGHUP is to replace all workers: that would end every kept
    connection, and with a broken file the service.
    """
    server.handle_hup = policy_file_to_offer(_settings).offer
    say_what_starts(_settings, _policy, server="gunicorn", wrong=_wrong)


def post_worker_init(_worker: object) -> None:
    """Begin what needs threads before the first request pays for it.

    SIGHUP must end no worker: sent to the group, or by name, it is meant for the arbiter.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    web.app.extensions["wired"].begin()


def worker_exit(_server: object, _worker: object) -> None:
    """Let the effects that run end; those that do not come due again elsewhere."""
    web.app.extensions["wired"].end(EFFECTS_END_SECONDS)


def on_exit(_server: object) -> None:
    """Remove the folder, where it is this start's own."""
    _folder.close()


def pre_fork(_server: object, _worker: object) -> None:
    """Leave what is loaded out of garbage collection, so that workers go on sharing it."""
    gc.collect()
    gc.freeze()


def child_exit(_server: object, worker: Any) -> None:  # noqa: ANN401  gunicorn has no types
    """Let the metrics forget the gauges of a worker that is gone."""
    from prometheus_client import multiprocess  # noqa: PLC0415  after the metrics' folder is set

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # it has none
