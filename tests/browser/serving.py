"""A web app on a port of 127.0.0.1, served by threads of the test run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import make_server

# Its line for each request would be most of what pytest shows of a failure.
logging.getLogger("werkzeug").setLevel(logging.WARNING)


@contextmanager
def serving(app: Flask, port: int) -> Iterator[None]:
    """Serve an app until the block ends."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
