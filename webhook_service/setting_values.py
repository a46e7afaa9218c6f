"""What each kind of setting accepts, and what is said of a value that it does not.

A parser takes the text of a variable and returns a value, or raises ``EnvError`` with what
was read and what is accepted; secrets are never repeated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from environs import EnvError

from webhook_service.hooks.origins import origin_of

MIN_KEY_LENGTH: Final = 32
MAX_KEYS: Final = 2
"""Two, so that a key can be replaced without a moment at which neither side's fits."""

MIN_DEADLINE: Final = timedelta(milliseconds=50)
MAX_DEADLINE: Final = timedelta(seconds=2)
"""Three tries of Hydra and the 3 s between them must stay below its 10 s (F22, F25)."""

SHOWN: Final = 60
"""How much of a wrong value an error repeats."""

_DEADLINE: Final = re.compile(r"(\d{1,6})(ms|s)")
MAX_CHECK_CACHE: Final = timedelta(seconds=60)
"""So late is a revocation seen at the most, whatever is set."""

_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_COOKIE_NAME: Final = _HEADER_NAME
_KEY: Final = re.compile(r"[\x21-\x2b\x2d-\x7e]+")
"""Visible ASCII but the comma, which stands between keys."""


def shown(text: str) -> str:
    """Quote a value that was read, cut to a line."""
    return f'read "{text[:SHOWN]}{"…" if len(text) > SHOWN else ""}"'


def _whole(text: str, *, low: int, high: int) -> int:
    if not text.isdecimal() or not text.isascii() or not low <= int(text[:9]) <= high:
        raise EnvError(f"{shown(text)}; accepted: a whole number from {low} to {high}")
    return int(text)


def _port_or_none(text: str) -> int | None:
    return _whole(text, low=1, high=65535) if text else None


def _word(text: str, *, words: tuple[str, ...]) -> str:
    if text not in words:
        raise EnvError(f"{shown(text)}; accepted: {' or '.join(words)}")
    return text


def _otel_word(text: str, *, words: tuple[str, ...]) -> str:
    """Read a word in any case; empty is as not set. Both as OpenTelemetry has it."""
    word = text.strip().lower()
    if word and word not in words:
        raise EnvError(f"{shown(text)}; accepted: {' or '.join(words)}")
    return word


def _ratio(text: str) -> float | None:
    if not text:
        return None
    try:
        ratio = float(text)
    except ValueError:
        ratio = -1.0
    if not 0.0 <= ratio <= 1.0:
        raise EnvError(f"{shown(text)}; accepted: a number from 0 to 1, such as 0.1")
    return ratio


def _deadline_of(text: str) -> timedelta:
    match = _DEADLINE.fullmatch(text)
    if match:
        amount = int(match[1])
        length = timedelta(milliseconds=amount if match[2] == "ms" else amount * 1000)
        if MIN_DEADLINE <= length <= MAX_DEADLINE:
            return length
    raise EnvError(
        f"{shown(text)}; accepted: 50ms to 2s, such as 600ms:"
        " three tries of Ory must end within Hydra's 10 seconds"
    )


def _check_cache(text: str) -> timedelta:
    match = _DEADLINE.fullmatch(f"{text}s" if text == "0" else text)
    if match:
        amount = int(match[1])
        length = timedelta(milliseconds=amount if match[2] == "ms" else amount * 1000)
        if length <= MAX_CHECK_CACHE:
            return length
    raise EnvError(f"{shown(text)}; accepted: 0, or up to 60s, such as 5s or 500ms")


def _origins(text: str) -> frozenset[str]:
    """Read the origins of web pages, spelled as browsers spell them."""
    origins = set()
    for part in text.split(",") if text.strip() else ():
        site = part.strip().removesuffix("/")
        origin = origin_of(site)
        # With a path it would look as if only a part of the site were let in.
        if origin is None or set("/?#") & set(site.partition("://")[2]):
            raise EnvError(
                f"{shown(part.strip())}; accepted: origins such as https://app.example.org,"
                " with commas between them"
            )
        origins.add(origin)
    return frozenset(origins)


def base_url(text: str) -> str | None:
    """Read the address of a service, which paths are added to; ``None`` for an empty text.

    Raises:
        EnvError: it is none, or holds what an address for others must not.
    """
    if not text:
        return None
    accepted = "accepted: http:// or https://, a host, and a path if need be; nothing else"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        # The text is not shown: an address that cannot be taken apart may hold a password.
        raise EnvError(f"not an address; {accepted}") from None
    if parts.username is not None or parts.password is not None:
        raise EnvError(f"holds a user or a password; {accepted}")
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or port == 0
        or parts.query
        or parts.fragment
        or not text.isascii()
        or any(character.isspace() for character in text)
    ):
        raise EnvError(f"{shown(text)}; {accepted}")
    return text.rstrip("/")


def _header_name(text: str) -> str:
    if text and not _HEADER_NAME.fullmatch(text):
        raise EnvError(f"{shown(text)}; accepted: the name of an HTTP header")
    return text


def _database_url(text: str) -> str | None:
    """Read the address of a database; it may hold a password, so it is never repeated."""
    if not text:
        return None
    accepted = "accepted: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise EnvError(f"not an address; {accepted}") from None
    scheme = parts.scheme.removesuffix("+psycopg")
    if scheme in {"postgresql", "postgres"} and _names_database(parts):
        return f"postgresql+psycopg{text[len(parts.scheme) :]}"
    if parts.scheme == "sqlite" and text.startswith("sqlite:///") and _sqlite_file(text):
        return text
    what = f'read the scheme "{parts.scheme[:SHOWN]}"' if parts.scheme else "no scheme"
    raise EnvError(f"{what}; {accepted}")


def _names_database(parts: SplitResult) -> bool:
    return len(parts.path) > 1


def _sqlite_file(text: str) -> str:
    """Return the file; none for a database in memory, which would lose everything."""
    file = unquote(text.removeprefix("sqlite:///").partition("?")[0])
    return "" if file == ":memory:" else file


def _cookie_name(text: str) -> str:
    if not _COOKIE_NAME.fullmatch(text):
        raise EnvError(f"{shown(text)}; accepted: the name of a cookie, such as ory_kratos_session")
    return text


def _keys(text: str) -> tuple[bytes, ...]:
    if not text:
        return ()
    keys = [key.strip() for key in text.split(",")]
    if len(keys) > MAX_KEYS:
        raise EnvError(f"{len(keys)} keys; accepted: one or two, with a comma between them")
    for number, key in enumerate(keys, 1):
        which = f"key {number} of {len(keys)}"
        if len(key) < MIN_KEY_LENGTH:
            raise EnvError(
                f"{which} has {len(key)} characters; accepted: {MIN_KEY_LENGTH} or more."
                " Make one with: webhook-service keys new"
            )
        if not _KEY.fullmatch(key):
            raise EnvError(f"{which} holds a space or a character that is not visible ASCII")
    if len(set(keys)) != len(keys):
        raise EnvError("the two keys are the same; remove one")
    return tuple(key.encode() for key in keys)


def _key(text: str) -> bytes | None:
    """Read one key: what is hashed with it is found by no other."""
    keys = _keys(text)
    if len(keys) > 1:
        raise EnvError(f"{len(keys)} keys; accepted: one")
    return keys[0] if keys else None


def _api_key(text: str) -> str | None:
    if text and not _KEY.fullmatch(text):
        raise EnvError("holds a space or a character that is not visible ASCII")
    return text or None


def _from_file(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Make of a parser one that takes the path of a file; its last line break is dropped."""

    def parse_file(path: str) -> Any:  # noqa: ANN401  what the parser makes
        if not path:
            return parse("")
        try:
            content = Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "not a UTF-8 text"
            raise EnvError(f"{shown(path)}; cannot be read: {why}") from None
        content = content.removesuffix("\n").removesuffix("\r")
        if not content:
            raise EnvError(f"{shown(path)}; the file is empty")
        return parse(content)

    return parse_file


PARSERS: Final[Mapping[str, Callable[..., Any]]] = {
    "whole": _whole,
    "port_or_none": _port_or_none,
    "word": _word,
    "otel_word": _otel_word,
    "ratio": _ratio,
    "deadline": _deadline_of,
    "check_cache": _check_cache,
    "origins": _origins,
    "base_url": base_url,
    "header_name": _header_name,
    "cookie_name": _cookie_name,
    "database_url": _database_url,
    "database_url_file": _from_file(_database_url),
    "keys": _keys,
    "keys_file": _from_file(_keys),
    "key": _key,
    "key_file": _from_file(_key),
    "api_key": _api_key,
    "api_key_file": _from_file(_api_key),
}
