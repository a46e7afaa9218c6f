"""Log lines: JSON for machines, one readable line for people.

Straight to bytes on standard output, without the standard library's handlers: a line
costs a third of theirs.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final, Literal

import structlog

LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}

# Made once: json.dumps would make an encoder for each line.
_encode: Final = json.JSONEncoder(separators=(",", ":"), default=str).encode

_COLOURS: Final = {"allow": "32", "step_up": "33", "enrol": "33", "deny": "31"}
_LEVEL_COLOURS: Final = {"warning": "33", "error": "31"}
_DIM: Final = "2"
_BOLD: Final = "1"


def make_logger(
    log_format: Literal["json", "console"],
    level: str = "info",
    stream: BinaryIO | None = None,
) -> structlog.typing.FilteringBoundLogger:
    """Return a logger. ``stream`` takes bytes and is standard output by default."""
    out = sys.stdout.buffer if stream is None else stream
    if log_format == "json":
        render = _json_line
    else:
        colour = out.isatty()

        def render(_: Any, __: str, fields: MutableMapping[str, Any]) -> bytes:  # noqa: ANN401  structlog's signature
            return console_line(fields, colour=colour).encode()

    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.BytesLogger(out),
        processors=[_stamp, render],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
    ).bind()  # else each line would first look for the logger behind a proxy
    return logger


def line_formatter(log_format: Literal["json", "console"]) -> type[logging.Formatter]:
    """Return a formatter that gives the servers' own log lines the shape of ours."""
    colour = log_format == "console" and sys.stdout.isatty()

    class LineFormatter(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            fields = _stamp(
                None, record.levelname.lower(), {"event": record.getMessage(), "by": record.name}
            )
            if record.exc_info and record.exc_info[0] is not None:
                fields["error"] = record.exc_info[0].__name__
            if log_format == "json":
                return _json_line(None, "", fields).decode()
            return console_line(fields, colour=colour)

    return LineFormatter


def _stamp(_: Any, method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401  structlog's signature
    """Put time, level and message first: the eye and ``cut`` both want them there."""
    message = fields.pop("event", "")
    name = fields.pop("event_name", None)
    stamped: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": method,
        "message": message,
    }
    if name is not None:
        stamped["event"] = name
    stamped.update(fields)
    return stamped


def _json_line(_: Any, __: str, fields: MutableMapping[str, Any]) -> bytes:  # noqa: ANN401  structlog's signature
    return _encode(fields).encode()


def console_line(fields: Mapping[str, Any], *, colour: bool) -> str:
    """Lay out one line for a terminal. Control characters are shown, never sent."""

    def paint(text: object, code: str | None) -> str:
        clean = _printable(str(text))
        return f"\x1b[{code}m{clean}\x1b[0m" if colour and code else clean

    clock = str(fields["at"])[11:23]
    if "verdict" not in fields:
        level = str(fields["level"])
        rest = [
            f"{paint(name, _DIM)}={paint(_short(value), None)}"
            for name, value in fields.items()
            if name not in {"at", "level", "message"}
        ]
        head = [
            paint(clock, _DIM),
            paint(f"{level:<7}", _LEVEL_COLOURS.get(level)),
            paint(fields["message"], _BOLD),
        ]
        return "  ".join(head + rest)
    verdict = str(fields["verdict"])
    parts = [
        paint(clock, _DIM),
        paint(f"{fields['event']:<19}", None),
        paint(f"{verdict:<7}", _COLOURS.get(verdict)),
        paint(fields["status"], _DIM),
    ]
    if fields.get("reason"):
        parts.append(paint(fields["reason"], _BOLD))
    if fields.get("rule"):
        parts.append(paint(f'by "{fields["rule"]}"', None))
    parts += [
        f"{paint(name, _DIM)} {paint(fields[name], None)}"
        for name in ("client", "subject")
        if fields.get(name)
    ]
    parts += [paint(text, None) for text in _effects(fields.get("effects") or {})]
    parts += [paint(f"would: {text}", "35") for text in _shadow(fields.get("shadow") or ())]
    parts += [paint(note, "36") for note in fields.get("notes") or ()]
    parts += [
        paint(f"{source} unknown: {why}", "33")
        for source, why in (fields.get("unknown") or {}).items()
    ]
    if left_out := fields.get("left_out"):
        parts.append(paint(f"{left_out} like it left out before", _DIM))
    calls = len(fields.get("upstream") or ())
    parts.append(paint(f"{calls} call{'' if calls == 1 else 's'}", _DIM))
    parts.append(paint(f"{fields['ms']} ms", _DIM))
    return "  ".join(parts)


def _effects(effects: Mapping[str, Any]) -> list[str]:
    lines = []
    if (done := effects.get("extend_session")) is not None:
        when, why = done.get("expires_at"), done.get("reason")
        lines.append(
            f"extend_session {done['result']}"
            + (f" ({when})" if when else "")
            + (f": {why}" if why else "")
        )
    for kept in effects.get("kept", ()):
        about = [kept[name] for name in ("cause", "at") if name in kept]
        lines.append(
            kept["kind"] + (f" ({', '.join(about)})" if about else "") + f" {kept['result']}"
        )
    return lines


def _shadow(rulings: Any) -> list[str]:  # noqa: ANN401  a list out of a record
    return [
        f'{ruling["verdict"]} {ruling["reason"]} by "{ruling["rule"]}"'
        for ruling in rulings
        if ruling.get("reason")
    ]


def _short(value: object) -> object:
    return json.dumps(value, default=str) if isinstance(value, list | dict) else value


def _printable(text: str) -> str:
    """Show control characters as escapes: a client's name must not move the cursor."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text
    )
