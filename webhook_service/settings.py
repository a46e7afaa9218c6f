"""The environment as typed settings; everything that is wrong with it at once.

Every setting of the service is read here and nowhere else. A value that cannot be used
is an error with the variable's name, what was read, and what is accepted; secrets are
never repeated.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

from environs import Env, EnvValidationError

from webhook_service.setting_values import PARSERS
from webhook_service.tracing.wanted import wants_traces

T = TypeVar("T")

DEFAULT_DATABASE: Final = "sqlite:///webhook-service.db"
FROM_FILES: Final = (
    "KRATOS_HOOK_KEYS",
    "HYDRA_HOOK_KEYS",
    "CHECK_KEYS",
    "OPERATOR_KEYS",
    "ORY_API_KEY",
    "DATABASE_URL",
    "HASH_KEY",
)
"""Each is also read from the file that ``NAME_FILE`` names."""

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class SettingsError(Exception):
    """The environment cannot be used. ``problems`` names each variable and its errors."""

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        self.problems = dict(problems)
        super().__init__(self._text())

    def lines(self) -> list[str]:
        """Return a line for each error, for commands that start no service."""
        return [f"{name}: {text}" for name, texts in self.problems.items() for text in texts]

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
    check_keys: tuple[bytes, ...] = field(default=(), repr=False)
    operator_keys: tuple[bytes, ...] = field(default=(), repr=False)
    kratos_admin_url: str | None = None
    kratos_public_url: str | None = None
    hydra_admin_url: str | None = None
    ory_api_key: str | None = field(default=None, repr=False)
    use_env_proxies: bool = False
    policy_file: Path = Path("policy.yaml")
    policy_watch: bool = False
    database_url: str = field(default=DEFAULT_DATABASE, repr=False)
    effects_worker: Literal["web", "worker"] = "web"
    worker_port: int | None = None
    record_days: int = 14
    record_rate: int = 1
    hash_key: bytes | None = field(default=None, repr=False)
    session_cookie: str = "ory_kratos_session"
    check_cache: timedelta = timedelta(seconds=5)
    allowed_origins: frozenset[str] = frozenset()
    public_url: str | None = None
    consent_ui_url: str | None = None
    hook_deadline: timedelta = timedelta(milliseconds=600)
    mode: Literal["enforce", "shadow"] = "enforce"
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    client_ip_header: str = "True-Client-Ip"
    country_header: str | None = None
    traces: bool = False


def load(*, keys_required: bool = True) -> Settings:
    """Read the environment.

    Without ``keys_required`` it may hold no key: for who prepares what is served elsewhere.

    Raises:
        SettingsError: with every problem of every variable.
    """
    env = Env(eager=False)
    for name, parser in PARSERS.items():
        env.add_parser(name, parser)
    project_url = env.base_url("ORY_PROJECT_URL", "")
    database_url = _database_url(env)
    settings = Settings(
        port=env.whole("PORT", "8080", low=1, high=65535),
        web_concurrency=env.whole("WEB_CONCURRENCY", "2", low=1, high=64),
        web_threads=env.whole("WEB_THREADS", "32", low=1, high=512),
        server=env.word("SERVER", "gunicorn", words=("gunicorn", "granian")),
        kratos_hook_keys=_secret(env, "KRATOS_HOOK_KEYS", "keys") or (),
        hydra_hook_keys=_secret(env, "HYDRA_HOOK_KEYS", "keys") or (),
        check_keys=_secret(env, "CHECK_KEYS", "keys") or (),
        operator_keys=_secret(env, "OPERATOR_KEYS", "keys") or (),
        kratos_admin_url=env.base_url("KRATOS_ADMIN_URL", "") or project_url,
        kratos_public_url=env.base_url("KRATOS_PUBLIC_URL", "") or project_url,
        hydra_admin_url=env.base_url("HYDRA_ADMIN_URL", "") or project_url,
        ory_api_key=_secret(env, "ORY_API_KEY", "api_key"),
        use_env_proxies=env.word("USE_ENV_PROXIES", "false", words=("true", "false")) == "true",
        policy_file=Path(env.str("POLICY_FILE", "policy.yaml")),
        policy_watch=env.word("POLICY_WATCH", "false", words=("true", "false")) == "true",
        database_url=database_url,
        effects_worker=_effects_worker(env, database_url),
        worker_port=env.port_or_none("WORKER_PORT", ""),
        record_days=env.whole("RECORD_DAYS", "14", low=0, high=3650),
        record_rate=env.whole("RECORD_RATE", "1", low=1, high=10_000),
        hash_key=_hash_key(env),
        session_cookie=env.cookie_name("SESSION_COOKIE", "ory_kratos_session"),
        check_cache=env.check_cache("CHECK_CACHE", "5s"),
        allowed_origins=env.origins("ALLOWED_ORIGINS", ""),
        public_url=env.base_url("PUBLIC_URL", ""),
        consent_ui_url=env.base_url("CONSENT_UI_URL", ""),
        hook_deadline=env.deadline("HOOK_DEADLINE", "600ms"),
        mode=env.word("MODE", "enforce", words=("enforce", "shadow")),
        log_format=env.word("LOG_FORMAT", "json", words=("json", "console")),
        log_level=env.word("LOG_LEVEL", "info", words=("debug", "info", "warning", "error")),
        client_ip_header=env.header_name("CLIENT_IP_HEADER", "True-Client-Ip"),
        country_header=env.header_name("COUNTRY_HEADER", "") or None,
        traces=wants_traces(env),
    )
    problems = _sealed(env)
    _check_together(settings, problems)
    if keys_required:
        _check_keys(settings, problems)
    if problems:
        raise SettingsError(problems)
    return settings


def _secret(env: Env, name: str, kind: str) -> Any:  # noqa: ANN401  what the parser makes
    """Read a secret from its variable, or from the file that ``NAME_FILE`` names."""
    direct = getattr(env, kind)(name, "")
    from_file = getattr(env, f"{kind}_file")(f"{name}_FILE", "")
    return direct or from_file


def load_database_url() -> str:
    """Read ``DATABASE_URL`` alone, for commands that need nothing else.

    Raises:
        SettingsError: it cannot be used.
    """
    return _alone(_database_url, "DATABASE_URL")


def load_hash_key() -> bytes | None:
    """Read what identifiers are hashed with, for commands that look for one.

    ``None`` where they are not hashed.

    Raises:
        SettingsError: it cannot be used, or is missing.
    """
    return _alone(_hash_key, "HASH_KEY", also=_check_hash_key)


def _alone(
    read: Callable[[Env], T],
    name: str,
    also: Callable[[T, dict[str, list[str]]], None] = lambda *_: None,
) -> T:
    """Read one setting, and no other.

    Raises:
        SettingsError: it cannot be used.
    """
    env = Env(eager=False)
    for parser in PARSERS:
        env.add_parser(parser, PARSERS[parser])
    value = read(env)
    problems = _sealed(env)
    _check_files((name,), problems)
    also(value, problems)
    if problems:
        raise SettingsError(problems)
    return value


def _database_url(env: Env) -> str:
    return _secret(env, "DATABASE_URL", "database_url") or DEFAULT_DATABASE


def _effects_worker(env: Env, database_url: str) -> Any:  # noqa: ANN401  what the parser makes
    """Let the worker run inside web where only one machine can reach the database."""
    default = "web" if database_url.startswith("sqlite:") else "worker"
    return env.word("EFFECTS_WORKER", default, words=("web", "worker"))


def _hash_key(env: Env) -> bytes | None:
    key: bytes | None = _secret(env, "HASH_KEY", "key")
    wanted = env.word("HASH_IDENTIFIERS", "false", words=("true", "false")) == "true"
    return key if wanted else None


def _sealed(env: Env) -> dict[str, list[str]]:
    """Return what is wrong with each variable that was read."""
    try:
        env.seal()
    except EnvValidationError as error:
        if isinstance(error.error_messages, Mapping):  # always, where errors are collected
            return {name: list(texts) for name, texts in error.error_messages.items()}
    return {}


def _check_files(names: tuple[str, ...], problems: dict[str, list[str]]) -> None:
    for name in names:
        if os.environ.get(name) and os.environ.get(f"{name}_FILE"):
            problems.setdefault(name, []).append(f"set together with {name}_FILE; keep one")


def _check_hash_key(key: bytes | None, problems: dict[str, list[str]]) -> None:
    wanted = os.environ.get("HASH_IDENTIFIERS") == "true"
    if wanted and key is None and not any(name.startswith("HASH_KEY") for name in problems):
        problems["HASH_KEY"] = [
            "not set; HASH_IDENTIFIERS needs it. Make one with: webhook-service keys new"
        ]


def _check_together(settings: Settings, problems: dict[str, list[str]]) -> None:
    """Find what is wrong between settings that are each fine."""
    _check_files(FROM_FILES, problems)
    _check_hash_key(settings.hash_key, problems)
    owners = {
        "KRATOS_HOOK_KEYS": settings.kratos_hook_keys,
        "HYDRA_HOOK_KEYS": settings.hydra_hook_keys,
        "CHECK_KEYS": settings.check_keys,
        "OPERATOR_KEYS": settings.operator_keys,
    }
    for name, other in combinations(owners, 2):
        if set(owners[name]) & set(owners[other]):
            problems.setdefault(other, []).append(f"shares a key with {name}; one for each caller")
    if settings.check_keys:
        for name, url, why in (
            ("KRATOS_PUBLIC_URL", settings.kratos_public_url, "whose session a check is about"),
            ("KRATOS_ADMIN_URL", settings.kratos_admin_url, "it reads and extends sessions"),
        ):
            if url is None and name not in problems:
                problems.setdefault(name, []).append(f"not set; CHECK_KEYS needs it: {why}")
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


def _check_keys(settings: Settings, problems: dict[str, list[str]]) -> None:
    """Demand a key of at least one caller; a wrong one has been reported already."""
    asked_for_keys = any(name.startswith(("KRATOS_HOOK", "HYDRA_HOOK")) for name in problems)
    if not (settings.kratos_hook_keys or settings.hydra_hook_keys or asked_for_keys):
        problems.setdefault("KRATOS_HOOK_KEYS", []).append(
            "not set, nor is HYDRA_HOOK_KEYS; without a key no hook can be served."
            " Make one with: webhook-service keys new"
        )
