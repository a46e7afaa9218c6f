"""``bench.empty`` on granian, set up as the service sets it up: only the app is another."""

from __future__ import annotations

from bench.empty import make_app
from webhook_service.web import granian_server

if __name__ == "__main__":
    granian_server._begun_app = make_app  # noqa: SLF001  nothing to begin in an empty one
    granian_server.serve()
