"""What may be wrong with the service itself, and with Kratos and Hydra as they run."""

from __future__ import annotations

from typing import Final

from webhook_service.doctor.finding import Kind, Level

_ERROR, _WARNING = Level.ERROR, Level.WARNING
_NO_EFFECT_KEPT: Final = "No effect can be kept: events that need one are not answered 2xx."

# The service itself

SETTINGS_INVALID: Final = Kind(
    "settings.invalid",
    _ERROR,
    "a setting cannot be used",
    "The service does not start.",
    "Set it as the message says; webhook-service serve --help lists all.",
)
POLICY_INVALID: Final = Kind(
    "policy.invalid",
    _ERROR,
    "the policy does not load",
    "The service does not start with it, and a reload leaves the old policy in force.",
    "webhook-service policy check FILE names every error.",
)
POLICY_NEEDS: Final = Kind(
    "policy.needs_setting",
    _ERROR,
    "a rule needs a setting that is not set",
    "The service does not start: the rule could never be decided, or nothing be done about it.",
    "Set KRATOS_ADMIN_URL or HYDRA_ADMIN_URL.",
)
POLICY_WARNING: Final = Kind(
    "policy.warning",
    _WARNING,
    "a rule may do less than it seems to",
    "What its author meant and what it says are not the same.",
    "webhook-service policy check FILE explains it.",
)
START_NOTICE: Final = Kind(
    "settings.notice",
    Level.OK,
    "something is left out, as the settings say",
    "The start says so in the log, where it is easily missed.",
    "Set it if it is wanted.",
)
SHADOW: Final = Kind(
    "settings.shadow",
    _WARNING,
    "MODE is shadow",
    "Every rule is decided and recorded, and none is answered: nobody is refused.",
    "MODE=enforce",
)
NO_PUBLIC_URL: Final = Kind(
    "settings.no_public_url",
    _WARNING,
    "PUBLIC_URL is not set",
    "ory-config cannot write the hooks without it, and the gates are not served.",
    "PUBLIC_URL=https://hooks.example.org",
)
PLAIN_PUBLIC_URL: Final = Kind(
    "settings.plain_http",
    _WARNING,
    "PUBLIC_URL is plain http",
    "Browsers send Kratos' cookie there: who is on the way can take it.",
    "PUBLIC_URL=https://…",
)
NO_TRACES: Final = Kind(
    "traces.not_installed",
    _WARNING,
    "OTEL_ variables ask for traces, and the extra is not installed",
    "There are no traces; the start says so once, in the log.",
    "pip install '.[otel]', or in the Dockerfile: --build-arg EXTRA=otel",
)
DATABASE_UNREACHABLE: Final = Kind(
    "database.unreachable",
    _ERROR,
    "the database cannot be reached, or gives no usable answer",
    _NO_EFFECT_KEPT,
    "Check DATABASE_URL, and from where the database can be reached.",
)
DATABASE_UNFIT: Final = Kind(
    "database.unfit",
    _ERROR,
    "the database has the tables of another version, or none",
    _NO_EFFECT_KEPT,
    "webhook-service db upgrade; or, where its tables are a later version's, run that version",
)
DATABASE_EPHEMERAL: Final = Kind(
    "database.ephemeral",
    _WARNING,
    "SQLite on a disk that a restart may empty",
    "What outlives an answer is kept there: ends of sessions and revocations are lost with it.",
    "DATABASE_URL=postgresql://… (or a file on a volume that is mounted)",
)

# Kratos and Hydra as they run

UNREACHABLE: Final = Kind(
    "upstream.unreachable",
    _ERROR,
    "Kratos or Hydra gives no usable answer",
    "Facts that it holds are unknown, and each rule's on_error decides.",
    "Check the address, and from where it can be reached: it is the admin API.",
)
PUBLIC_UNREACHABLE: Final = Kind(
    "upstream.public_unreachable",
    _ERROR,
    "Kratos' public API gives the service no usable answer",
    "Whose session a cookie or a session token is stays unknown: nobody is signed in at /check,"
    " /session/refresh and the gates.",
    "Check KRATOS_PUBLIC_URL: browsers use it, and the service must reach it as well.",
)
REFUSED: Final = Kind(
    "upstream.unauthorized",
    _ERROR,
    "Kratos or Hydra refuses the service's calls",
    "Facts that it holds are unknown, and nothing can be ended or extended.",
    "ORY_API_KEY=<a key of the project>",
)
OLDER: Final = Kind(
    "upstream.older",
    _WARNING,
    "this version cannot do all that the policy asks for",
    "More is ended than was meant, or an event counts twice.",
    "Upgrade to 26.2 or newer.",
)
