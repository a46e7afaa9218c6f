"""``bench.empty`` on granian, set up as the service sets it up: only the app is another."""

from __future__ import annotations

from bench.empty import make_app
from webhook_service.web import granian_server

if __name__ == "__main__":
    granian_server.make_app = make_app  # type: ignore[attr-defined]  # a name that it imports
    granian_server.serve()
