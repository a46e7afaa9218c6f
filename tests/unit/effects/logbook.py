"""A log that tests can read."""

from __future__ import annotations

import json
import threading
from io import BytesIO
from typing import Any

from webhook_service.records.log import make_logger


class _Stream(BytesIO):
    """What a log is written to; ``heard`` is set when the awaited text comes."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited = ""
        self.heard = threading.Event()

    def write(self, line: Any) -> int:
        written = super().write(line)
        if self.awaited and self.awaited in bytes(line).decode():
            self.heard.set()
        return written


class Log:
    """The service's own logger, and the lines that it wrote."""

    def __init__(self) -> None:
        self._stream = _Stream()
        self.logger = make_logger("json", "debug", self._stream)

    def await_message(self, message: str) -> threading.Event:
        """Return an event that is set when the message is logged."""
        self._stream.awaited = f'"message":"{message}"'
        return self._stream.heard

    @property
    def text(self) -> str:
        return self._stream.getvalue().decode()

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines without their time."""
        lines = [json.loads(line) for line in self.text.splitlines()]
        return [{name: line[name] for name in line if name != "at"} for line in lines]

    def messages(self, level: str | None = None) -> list[str]:
        return [line["message"] for line in self.lines() if level in {None, line["level"]}]
