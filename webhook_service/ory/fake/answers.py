"""How the stand-in spells answers: JSON, times and errors, to the letter of the real ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

Json: TypeAlias = Any

NO_STORE = {"Cache-Control": "private, no-cache, no-store, must-revalidate"}


class Answer(NamedTuple):
    """An HTTP answer: status, headers, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def json_answer(status: int, value: Json, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with JSON."""
    content = "application/json; charset=utf-8" if status < 400 else "application/json"  # noqa: PLR2004  errors say no charset
    all_headers = {**NO_STORE, "Content-Type": content, **(headers or {})}
    return Answer(status, all_headers, json.dumps(value).encode())


def version_answer() -> Answer:
    """Answer with the version: of these, the stand-in does what they do."""
    return json_answer(200, {"version": "v26.2.0"})


def empty_answer() -> Answer:
    """Answer 204."""
    return Answer(204, NO_STORE, b"")


def not_a_route() -> Answer:
    """Answer as Kratos does where it has no such path: without JSON."""
    return Answer(404, {"Content-Type": "text/plain; charset=utf-8"}, b"404 page not found\n")


def moved(location: str) -> Answer:
    """Answer as Kratos' admin port does outside ``/admin``."""
    page = f'<a href="{location}">Temporary Redirect</a>.\n\n'.encode()
    return Answer(307, {"Content-Type": "text/html; charset=utf-8", "Location": location}, page)


def rfc3339(time: datetime) -> str:
    """Write a time as Go does."""
    return time.isoformat().replace("+00:00", "Z")
