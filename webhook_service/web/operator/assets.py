"""The files that the operator's pages are made of, under names that tell their content."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

from flask import Flask, Response
from werkzeug.exceptions import NotFound

FOLDER: Final = Path(__file__).parents[1] / "pages" / "operator"
TYPES: Final = {
    "operator.css": "text/css",
    "operator.js": "text/javascript",
    "htmx.min.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
HASH_LENGTH: Final = 16

HEADERS: Final = {
    # The name changes with the content: a browser need not ask again, ever.
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Assets:
    """The files, read once."""

    def __init__(self) -> None:
        self._paths: dict[str, str] = {}
        self._files: dict[str, tuple[bytes, str]] = {}
        for name, mimetype in TYPES.items():
            content = FOLDER.joinpath(name).read_bytes()
            stem, _, ending = name.rpartition(".")
            served = f"{stem}-{sha256(content).hexdigest()[:HASH_LENGTH]}.{ending}"
            self._paths[name] = f"/assets/{served}"
            self._files[served] = (content, mimetype)

    def path(self, name: str) -> str:
        """Return where a file is served.

        Raises:
            KeyError: there is none of this name.
        """
        return self._paths[name]

    def add(self, app: Flask) -> None:
        """Serve them, to everybody: the page for signing in needs them, and they tell nothing."""

        def asset(name: str) -> Response:
            if name not in self._files:
                raise NotFound
            content, mimetype = self._files[name]
            return Response(content, 200, HEADERS, mimetype=mimetype)

        app.add_url_rule(
            "/assets/<name>", "asset", asset, methods=["GET"], provide_automatic_options=False
        )
