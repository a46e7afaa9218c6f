"""The requests that are measured with: a refresh, as Hydra 26.2.0 sent it, and a recovery."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from webhook_service.hooks.table import HYDRA_TOKEN

KEY: Final = "a-key-that-is-used-by-the-benchmark-only"

REFRESH: Final = "hydra.token.refresh_token.consent-claims"
RECOVERY: Final = "kratos.recovery.api"
_FOLDER: Final = Path(__file__).parent.parent / "tests/payloads/kratos-26.2.0_hydra-26.2.0"


def body(case: str = REFRESH) -> bytes:
    """Return a body, as compact as Ory sends it."""
    recorded = json.loads((_FOLDER / f"{case}.json").read_text("utf-8"))
    return json.dumps(recorded["body"], separators=(",", ":")).encode()


def request(path: str = HYDRA_TOKEN, content: bytes | None = None, key: str = KEY) -> bytes:
    """Return the whole request, with the headers that Go's client sends: a refresh, by default."""
    content = body() if content is None else content
    head = (
        f"POST {path} HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n"
        "User-Agent: Go-http-client/1.1\r\n"
        f"Content-Length: {len(content)}\r\n"
        f"Authorization: Bearer {key}\r\n"
        "Content-Type: application/json; charset=UTF-8\r\n"
        "Accept-Encoding: gzip\r\n\r\n"
    )
    return head.encode() + content
