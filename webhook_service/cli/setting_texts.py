"""What each setting is for: ``serve --help`` and docs/settings.md are made of this table.

Tests hold it to ``settings.load``: every variable that is read there stands here, with the
default that it has there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from webhook_service.cli import trace_setting_texts as traces
from webhook_service.cli.setting import Setting
from webhook_service.settings import DEFAULT_DATABASE

_NAME: Final = 17
_DEFAULT: Final = 18
"""How wide the columns of the help are, where what stands in them fits."""

_KEYS: Final = "one or two keys of 32 characters or more, with a comma between them"

GROUPS: Final[Mapping[str, tuple[Setting, ...]]] = {
    "The keys of those who call": (
        Setting(
            "KRATOS_HOOK_KEYS",
            "",
            "Kratos, for /hooks/kratos/…",
            "Kratos' keys for the routes under `/hooks/kratos`, which answer 404 without one."
            " At least one of the two hook keys is needed.",
            accepts=_KEYS,
        ),
        Setting(
            "HYDRA_HOOK_KEYS",
            "",
            "Hydra, for /hooks/hydra/…",
            "Hydra's keys for the routes under `/hooks/hydra`, which answer 404 without one.",
            accepts=_KEYS,
        ),
        Setting(
            "CHECK_KEYS",
            "",
            "gateways and backends, for /check",
            "The keys of gateways and backends for `/check`, which answers 404 without one."
            " Both addresses of Kratos must be set as well.",
            accepts=_KEYS,
        ),
        Setting(
            "OPERATOR_KEYS",
            "",
            "operators, for their page and /metrics",
            "The keys of operators for [their page](operator-page.md) and for `/metrics`, which"
            " answer 404 without one.",
            accepts=_KEYS,
        ),
    ),
    "Where Kratos and Hydra are": (
        Setting(
            "KRATOS_ADMIN_URL",
            "",
            "Kratos' admin API",
            "Where sessions and identities are read, sessions extended and ended."
            " There is no start without it where a rule of the policy needs it.",
        ),
        Setting(
            "KRATOS_PUBLIC_URL",
            "",
            "Kratos' public API, as browsers see it",
            "Tells whose session a cookie or a session token is, and is where people are sent"
            " to sign in. Needed by `/check`, `/session/refresh` and the gates, and to keep the"
            " session of a settings change before Kratos 26.2.",
        ),
        Setting(
            "HYDRA_ADMIN_URL",
            "",
            "Hydra's admin API",
            "Where clients and login requests are read, and tokens revoked."
            " There is no start without it where a rule of the policy needs it.",
        ),
        Setting(
            "ORY_PROJECT_URL",
            "",
            "instead of the three, on Ory Network",
            "On Ory Network one address in place of those three;"
            " each of them that is set as well goes before it.",
        ),
        Setting(
            "ORY_API_KEY",
            "",
            "for Ory Network; only over https",
            "Sent as bearer token with every call to an admin API, and never over plain http"
            " except to this machine itself.",
            accepts="visible ASCII without spaces",
        ),
        Setting(
            "USE_ENV_PROXIES",
            "false",
            "true: call through HTTPS_PROXY and such",
            "Whether Kratos and Hydra are called through the proxies that `HTTPS_PROXY`,"
            " `HTTP_PROXY` and `NO_PROXY` name.",
        ),
    ),
    "The policy": (
        Setting(
            "POLICY_FILE",
            "policy.yaml",
            "the rules",
            "The file with the rules, from the working directory on.",
            accepts="the path of a file",
        ),
        Setting(
            "POLICY_WATCH",
            "false",
            "true: reload it when it changes",
            "Whether the file is reloaded when it changes. SIGHUP reloads it in any case."
            " A file that does not load changes nothing.",
        ),
        Setting(
            "MODE",
            "enforce",
            "shadow: decide and record only",
            "With `shadow` every rule is decided and recorded, and none is answered,"
            " whatever the file says.",
        ),
        Setting(
            "HOOK_DEADLINE",
            "600ms",
            "for a whole hook, all calls included",
            "From the arrival of a request to its answer, calls to Kratos and Hydra included."
            " Where the policy can cause effects, 150 ms of it are kept for the database.",
        ),
        Setting(
            "CLIENT_IP_HEADER",
            "True-Client-Ip",
            "what request.ip is read from",
            "The header of a person's request that `request.ip` is read from:"
            " as true as the proxy that sets it.",
        ),
        Setting(
            "COUNTRY_HEADER",
            "",
            "what request.country is read from",
            "The header of a person's request that `request.country` is read from,"
            " which is always absent without it.",
        ),
    ),
    "The database, and what is done from it": (
        Setting(
            "DATABASE_URL",
            DEFAULT_DATABASE,
            "or postgresql://…",
            "Where effects and records are kept; `postgres://` is taken too."
            " A file must outlive a restart.",
        ),
        Setting(
            "EFFECTS_WORKER",
            "web",
            "or worker, as it is with PostgreSQL",
            "Where effects are done: inside the web processes, or by `webhook-service worker`."
            " With PostgreSQL it is `worker` unless this says otherwise.",
        ),
        Setting(
            "WORKER_PORT",
            "",
            "the worker's health and metrics",
            "The port at which `webhook-service worker` answers `/health/alive`, `/health/ready`,"
            " `/version` and, where there are `OPERATOR_KEYS`, `/metrics`; it has no port without.",
        ),
        Setting(
            "RECORD_DAYS",
            "14",
            "how long records are kept; 0: not",
            "For how many days the database keeps the records of decisions; 0: not at all."
            " The line in the log is written in any case.",
        ),
        Setting(
            "RECORD_RATE",
            "1",
            "how many a second a process keeps",
            "How many records a second each process keeps in the database: so many that were"
            " allowed and as many that were not, and a minute's worth at once. The next one"
            " that is kept says how many were left out.",
        ),
        Setting(
            "HASH_IDENTIFIERS",
            "false",
            "true: subjects and sessions as hashes",
            "Whether records, in the log and in the database, have hashes in place of the ids of"
            " persons and sessions. Ids of clients stay as they are.",
        ),
        Setting(
            "HASH_KEY",
            "",
            "the key of these hashes",
            "Needed by `HASH_IDENTIFIERS`. Under another key the same person has another hash.",
            accepts="one key of 32 characters or more",
        ),
    ),
    "/check, /session/refresh and the gates": (
        Setting(
            "PUBLIC_URL",
            "",
            "where browsers reach this service",
            "The address at which browsers reach this service. The gates are served only where"
            " it, both addresses of Kratos and that of Hydra are set.",
        ),
        Setting(
            "SESSION_COOKIE",
            "ory_kratos_session",
            "the name of Kratos' session cookie",
            "The name of Kratos' session cookie, the only one that is handed on to Kratos.",
        ),
        Setting(
            "ALLOWED_ORIGINS",
            "",
            "pages that may use /session/refresh",
            "The web pages that may call `/session/refresh`, and to which alone people are sent"
            " back after a step-up.",
        ),
        Setting(
            "CHECK_CACHE",
            "5s",
            "how long /check keeps facts; 0: not",
            "How long `/check` keeps what it was told of a session: facts, never verdicts."
            " So late is a revocation seen there at the most.",
        ),
        Setting(
            "CONSENT_UI_URL",
            "",
            "your consent page, instead of ours",
            "Where people give consent, in place of the service's own page: they are sent there"
            " with `consent_challenge` once the policy has allowed it.",
        ),
    ),
    "The server": (
        Setting(
            "PORT",
            "8080",
            "where it listens, on all addresses",
            "The port to listen on, on all IPv4 addresses of the machine.",
        ),
        Setting(
            "WEB_CONCURRENCY",
            "2",
            "processes",
            "How many processes answer requests: as many as there are processors for them.",
        ),
        Setting(
            "WEB_THREADS",
            "32",
            "threads of each",
            "How many requests each process can have waiting for Kratos and Hydra at a time.",
        ),
        Setting(
            "SERVER",
            "gunicorn",
            "or granian, with its extra",
            "Which server answers; granian comes with the extra of that name.",
        ),
    ),
    "The log": (
        Setting(
            "LOG_FORMAT",
            "json",
            "console: for people",
            "Lines of JSON, or lines for people.",
        ),
        Setting(
            "LOG_LEVEL",
            "info",
            "debug, warning or error",
            "From which level on lines are written. Records of decisions are at every level.",
        ),
    ),
    traces.TITLE: traces.SETTINGS,
}
"""Every setting, by what it is about."""


def settings() -> Iterator[Setting]:
    """Yield every setting."""
    for group in GROUPS.values():
        yield from group


def for_help() -> str:
    """Return a line for each setting: name, default, what it is."""
    lines = ["\n".join([title, *_lines(group)]) for title, group in GROUPS.items()]
    # Click fills a paragraph with the next line unless it begins with this mark.
    return "\n\n".join(f"\b\n{paragraph}" for paragraph in lines)


def _lines(group: tuple[Setting, ...]) -> Iterator[str]:
    name = max(_NAME, *(len(one.name) for one in group))
    for one in group:
        yield f"  {one.name:<{name}} {one.default:<{_DEFAULT}} {one.brief}"
