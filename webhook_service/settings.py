"""The environment as typed settings; everything that is wrong with it at once.

Every setting of the service is read here and nowhere else. A value that cannot be used
is an error with the variable's name, what was read, and what is accepted; secrets are
never repeated.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from environs import Env, EnvError, EnvValidationError

MIN_KEY_LENGTH: Final = 32
MAX_KEYS: Final = 2
"""Two, so that a key can be replaced without a moment at which neither side's fits."""

MIN_DEADLINE: Final = timedelta(milliseconds=50)
MAX_DEADLINE: Final = timedelta(seconds=2)
"""Three tries of Hydra and the 3 s between them must stay below its 10 s (F22, F25)."""

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
SHOWN: Final = 60
"""How much of a wrong value an error repeats."""

_DEADLINE: Final = re.compile(r"(\d{1,6})(ms|s)")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_KEY: Final = re.compile(r"[\x21-\x2b\x2d-\x7e]+")
"""Visible ASCII but the comma, which stands between keys."""


class SettingsError(Exception):
    """The environment cannot be used. ``problems`` names each variable and its errors."""

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        self.problems = dict(problems)
        super().__init__(self._text())

    def _text(self) -> str:
        width = max(len(name) for name in self.problems) + 2
        lines = [
            f"  {name:<{width}}{message}"
            for name, messages in sorted(self.problems.items())
            for message in messages
        ]
        count = len(lines)
        head = "one setting is wrong" if count == 1 else f"{count} settings are wrong"
        return f"The service does not start: {head}.\n" + "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decided. Durations are ``timedelta``, keys bytes."""

    port: int = 8080
    web_concurrency: int = 2
    web_threads: int = 32
    server: Literal["gunicorn", "granian"] = "gunicorn"
    kratos_hook_keys: tuple[bytes, ...] = field(default=(), repr=False)
    hydra_hook_keys: tuple[bytes, ...] = field(default=(), repr=False)
    operator_keys: tuple[bytes, ...] = field(default=(), repr=False)
    kratos_admin_url: str | None = None
    hydra_admin_url: str | None = None
    ory_api_key: str | None = field(default=None, repr=False)
    use_env_proxies: bool = False
    policy_file: Path = Path("policy.yaml")
    policy_watch: bool = False
    hook_deadline: timedelta = timedelta(milliseconds=600)
    mode: Literal["enforce", "shadow"] = "enforce"
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    client_ip_header: str = "True-Client-Ip"
    country_header: str | None = None


def load() -> Settings:
    """Read the environment.

    Raises:
        SettingsError: with every problem of every variable.
    """
    env = Env(eager=False)
    for name, parser in _PARSERS.items():
        env.add_parser(name, parser)
    project_url = env.base_url("ORY_PROJECT_URL", "")
    settings = Settings(
        port=env.whole("PORT", "8080", low=1, high=65535),
        web_concurrency=env.whole("WEB_CONCURRENCY", "2", low=1, high=64),
        web_threads=env.whole("WEB_THREADS", "32", low=1, high=512),
        server=env.word("SERVER", "gunicorn", words=("gunicorn", "granian")),
        kratos_hook_keys=_secret(env, "KRATOS_HOOK_KEYS", "keys") or (),
        hydra_hook_keys=_secret(env, "HYDRA_HOOK_KEYS", "keys") or (),
        operator_keys=_secret(env, "OPERATOR_KEYS", "keys") or (),
        kratos_admin_url=env.base_url("KRATOS_ADMIN_URL", "") or project_url,
        hydra_admin_url=env.base_url("HYDRA_ADMIN_URL", "") or project_url,
        ory_api_key=_secret(env, "ORY_API_KEY", "api_key"),
        use_env_proxies=env.word("USE_ENV_PROXIES", "false", words=("true", "false")) == "true",
        policy_file=Path(env.str("POLICY_FILE", "policy.yaml")),
        policy_watch=env.word("POLICY_WATCH", "false", words=("true", "false")) == "true",
        hook_deadline=env.deadline("HOOK_DEADLINE", "600ms"),
        mode=env.word("MODE", "enforce", words=("enforce", "shadow")),
        log_format=env.word("LOG_FORMAT", "json", words=("json", "console")),
        log_level=env.word("LOG_LEVEL", "info", words=("debug", "info", "warning", "error")),
        client_ip_header=env.header_name("CLIENT_IP_HEADER", "True-Client-Ip"),
        country_header=env.header_name("COUNTRY_HEADER", "") or None,
    )
    problems: dict[str, list[str]] = {}
    try:
        env.seal()
    except EnvValidationError as error:
        if isinstance(error.error_messages, Mapping):  # always, where errors are collected
            problems = {name: list(texts) for name, texts in error.error_messages.items()}
    _check_together(settings, problems)
    if problems:
        raise SettingsError(problems)
    return settings


def _secret(env: Env, name: str, kind: str) -> Any:  # noqa: ANN401  what the parser makes
    """Read a secret from its variable, or from the file that ``NAME_FILE`` names."""
    direct = getattr(env, kind)(name, "")
    from_file = getattr(env, f"{kind}_file")(f"{name}_FILE", "")
    return direct or from_file


def _check_together(settings: Settings, problems: dict[str, list[str]]) -> None:
    """Find what is wrong between settings that are each fine."""
    for name in ("KRATOS_HOOK_KEYS", "HYDRA_HOOK_KEYS", "OPERATOR_KEYS", "ORY_API_KEY"):
        if os.environ.get(name) and os.environ.get(f"{name}_FILE"):
            problems.setdefault(name, []).append(f"set together with {name}_FILE; keep one")
    owners = {
        "KRATOS_HOOK_KEYS": settings.kratos_hook_keys,
        "HYDRA_HOOK_KEYS": settings.hydra_hook_keys,
        "OPERATOR_KEYS": settings.operator_keys,
    }
    for name, other in combinations(owners, 2):
        if set(owners[name]) & set(owners[other]):
            problems.setdefault(other, []).append(f"shares a key with {name}; one for each caller")
    asked_for_keys = any(name.startswith(("KRATOS_HOOK", "HYDRA_HOOK")) for name in problems)
    if not (settings.kratos_hook_keys or settings.hydra_hook_keys or asked_for_keys):
        problems.setdefault("KRATOS_HOOK_KEYS", []).append(
            "not set, nor is HYDRA_HOOK_KEYS; without a key no hook can be served."
            " Make one with: webhook-service keys new"
        )
    if os.environ.get("ORY_PROJECT_URL") and not settings.ory_api_key:
        problems.setdefault("ORY_API_KEY", []).append("not set; ORY_PROJECT_URL needs it")
    if settings.ory_api_key:
        for name, url in (
            ("KRATOS_ADMIN_URL", settings.kratos_admin_url),
            ("HYDRA_ADMIN_URL", settings.hydra_admin_url),
        ):
            parts = urlsplit(url or "")
            if parts.scheme == "http" and parts.hostname not in LOOPBACK:
                problems.setdefault(name, []).append(
                    "plain http; ORY_API_KEY is only ever sent over https"
                )


def _shown(text: str) -> str:
    """Quote a value that was read, cut to a line."""
    return f'read "{text[:SHOWN]}{"…" if len(text) > SHOWN else ""}"'


def _whole(text: str, *, low: int, high: int) -> int:
    if not text.isdecimal() or not text.isascii() or not low <= int(text[:9]) <= high:
        raise EnvError(f"{_shown(text)}; accepted: a whole number from {low} to {high}")
    return int(text)


def _word(text: str, *, words: tuple[str, ...]) -> str:
    if text not in words:
        raise EnvError(f"{_shown(text)}; accepted: {' or '.join(words)}")
    return text


def _deadline_of(text: str) -> timedelta:
    match = _DEADLINE.fullmatch(text)
    if match:
        amount = int(match[1])
        length = timedelta(milliseconds=amount if match[2] == "ms" else amount * 1000)
        if MIN_DEADLINE <= length <= MAX_DEADLINE:
            return length
    raise EnvError(
        f"{_shown(text)}; accepted: 50ms to 2s, such as 600ms:"
        " three tries of Ory must end within Hydra's 10 seconds"
    )


def _base_url(text: str) -> str | None:
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
        raise EnvError(f"{_shown(text)}; {accepted}")
    return text.rstrip("/")


def _header_name(text: str) -> str:
    if text and not _HEADER_NAME.fullmatch(text):
        raise EnvError(f"{_shown(text)}; accepted: the name of an HTTP header")
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
            raise EnvError(f"{_shown(path)}; cannot be read: {why}") from None
        content = content.removesuffix("\n").removesuffix("\r")
        if not content:
            raise EnvError(f"{_shown(path)}; the file is empty")
        return parse(content)

    return parse_file


_PARSERS: Final[Mapping[str, Callable[..., Any]]] = {
    "whole": _whole,
    "word": _word,
    "deadline": _deadline_of,
    "base_url": _base_url,
    "header_name": _header_name,
    "keys": _keys,
    "keys_file": _from_file(_keys),
    "api_key": _api_key,
    "api_key_file": _from_file(_api_key),
}
