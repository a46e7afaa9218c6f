"""gunicorn's log, without the work for an access log that nobody asked for."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger


class Log(Logger):
    """gunicorn takes any configuration of logging for a wish to log each request.

    So it collected all headers of each request and answer, and wrote them nowhere.
    """

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:  # noqa: ANN401  gunicorn's signature
        """Log a request where a platform's own arguments ask for it."""
        if self.cfg.accesslog:
            super().access(resp, req, environ, request_time)
