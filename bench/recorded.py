"""The request that is measured with: a refresh, as Hydra 26.2.0 sent it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from webhook_service.hooks.table import HYDRA_TOKEN

KEY: Final = "a-key-that-is-used-by-the-benchmark-only"

_RECORDED: Final = (
    Path(__file__).parent.parent
    / "tests/payloads/kratos-26.2.0_hydra-26.2.0/hydra.token.refresh_token.consent-claims.json"
)


def body() -> bytes:
    """Return the body, as compact as Hydra sends it."""
    recorded = json.loads(_RECORDED.read_text("utf-8"))
    return json.dumps(recorded["body"], separators=(",", ":")).encode()


def request(path: str = HYDRA_TOKEN) -> bytes:
    """Return the whole request, with the headers that Go's client sends."""
    content = body()
    head = (
        f"POST {path} HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n"
        "User-Agent: Go-http-client/1.1\r\n"
        f"Content-Length: {len(content)}\r\n"
        f"Authorization: Bearer {KEY}\r\n"
        "Content-Type: application/json; charset=UTF-8\r\n"
        "Accept-Encoding: gzip\r\n\r\n"
    )
    return head.encode() + content
