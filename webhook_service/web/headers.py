"""A request's headers, as WSGI hands them over (PEP 3333)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_PREFIX: Final = "HTTP_"


def header_names_and_values(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers, their names in lower case, bytes beyond ASCII as Latin-1.

    Without those of a body.
    """
    return {
        name[len(_PREFIX) :].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith(_PREFIX)
    }
