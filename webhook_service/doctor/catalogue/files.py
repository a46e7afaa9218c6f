"""What may be wrong with Kratos' and Hydra's files, besides their hooks."""

from __future__ import annotations

from typing import Final

from webhook_service.doctor.catalogue.hooks import ORY_CONFIG
from webhook_service.doctor.finding import Kind, Level

_ERROR, _WARNING = Level.ERROR, Level.WARNING
BOTH_HOSTS: Final = "<what both hosts end in>"

# Kratos' file

KRATOS_MISSING: Final = Kind(
    "kratos.hook_missing",
    _ERROR,
    "a hook that a rule listens to is not configured",
    "The rule never decides there. A method's own list takes the place of the general one, so"
    " each method that is switched on needs its own.",
    ORY_CONFIG,
)
KRATOS_GENERAL: Final = Kind(
    "kratos.general_list",
    _ERROR,
    "a parse: true hook in the general list of settings or registration",
    "Kratos never calls it there.",
    ORY_CONFIG,
)
KRATOS_HEADERS: Final = Kind(
    "kratos.header_allowlist",
    _WARNING,
    "a header that the policy reads is not handed over",
    "The fact is absent, and the rule does not hold.",
    ORY_CONFIG,
)
KRATOS_WINDOW: Final = Kind(
    "kratos.extend_window",
    _WARNING,
    "earliest_possible_extend is shorter than a rule's when_left",
    "Kratos leaves a session alone that has more left: it is extended later than the policy says.",
    "session: {earliest_possible_extend: <when_left or longer>}",
)
KRATOS_ALWAYS_WRITES: Final = Kind(
    "kratos.writes_each_time",
    _WARNING,
    "a rule extends however much is left, and earliest_possible_extend is absent",
    "Every refresh writes to Kratos' database.",
    "extend: {when_left: 24h} in the policy, or session: {earliest_possible_extend: 24h}",
)
KRATOS_FASTER: Final = Kind(
    "kratos.faster_session_extend",
    _WARNING,
    "faster_session_extend is on",
    "Kratos answers an extension without the session, which is then read again: one call more"
    " within the hook's deadline.",
    "feature_flags: {faster_session_extend: false}",
)
KRATOS_LAX_AAL: Final = Kind(
    "kratos.required_aal",
    _WARNING,
    "whoami accepts one factor from everyone",
    "Where neither a token hook nor /check asks, a request with a session of one factor passes,"
    " a native app's above all, whatever the mfa rules say.",
    "session: {whoami: {required_aal: highest_available}}, or let the gateway ask /check",
)
KRATOS_AAL_VALUE: Final = Kind(
    "kratos.required_aal_value",
    _ERROR,
    "required_aal is neither aal1 nor highest_available",
    "Kratos does not start.",
    "required_aal: highest_available",
)
LOG_LEAKS: Final = Kind(
    "log.leaks",
    _ERROR,
    "leak_sensitive_values is on",
    "The keys of the hooks, and more, are written to the log.",
    "log: {leak_sensitive_values: false}",
)
COOKIE_NAME: Final = Kind(
    "cookie.name",
    _ERROR,
    "Kratos' session cookie has another name than SESSION_COOKIE",
    "The service does not find the cookie: nobody is signed in at /check and the gates.",
    "SESSION_COOKIE=<session.cookie.name>",
)
COOKIE_HOST: Final = Kind(
    "cookie.host",
    _WARNING,
    "Kratos' cookie does not reach PUBLIC_URL",
    "A cookie goes to the hosts of its domain, and without one to the host that set it: at the"
    " gates and /session/refresh nobody is signed in.",
    f"cookies: {{domain: {BOTH_HOSTS}}}, or both on one host",
)
RETURN_URL: Final = Kind(
    "kratos.return_url",
    _WARNING,
    "allowed_return_urls lacks Hydra's address",
    "After a step-up Kratos does not send the browser back to Hydra, and the sign-in ends there.",
    "selfservice: {allowed_return_urls: [<Hydra's public address>/]}",
)
KRATOS_NO_HYDRA: Final = Kind(
    "kratos.no_oauth2_provider",
    _ERROR,
    "Hydra sends people to the gates, and Kratos does not know where Hydra is",
    "The login gate sends people on to Kratos with a login_challenge, which Kratos refuses then:"
    " nobody signs in.",
    "oauth2_provider: {url: <HYDRA_ADMIN_URL>}",
)

# Hydra's file

HYDRA_MISSING: Final = Kind(
    "hydra.hook_missing",
    _ERROR,
    "a rule listens to tokens, and Hydra has no hook",
    "Tokens are issued and refreshed unasked.",
    "webhook-service ory-config hydra --merge hydra.yml",
)
HYDRA_BOTH: Final = Kind(
    "hydra.both_hooks",
    _ERROR,
    "both of Hydra's hooks call the service",
    "One refresh is decided twice, and the deadline is spent twice.",
    "Take oauth2.refresh_token_hook out.",
)
HYDRA_GATES: Final = Kind(
    "hydra.gates_not_served",
    _ERROR,
    "Hydra sends people to gates that are not served",
    "They answer 404: nobody signs in.",
    "PUBLIC_URL, KRATOS_PUBLIC_URL, KRATOS_ADMIN_URL and HYDRA_ADMIN_URL: all four",
)
HYDRA_GRACE: Final = Kind(
    "hydra.no_grace_period",
    _WARNING,
    "refresh tokens have no grace period",
    "Two refreshes at the same moment end all of the client's tokens: the person is signed out.",
    "oauth2: {grant: {refresh_token: {rotation_grace_period: 10s}}}",
)
HYDRA_PROVIDER: Final = Kind(
    "hydra.no_identity_provider",
    _WARNING,
    "Hydra does not know Kratos' admin address",
    "A login that is forgotten at Hydra leaves its Kratos session alive, though Hydra answers as"
    " if it had ended.",
    "urls: {identity_provider: {url: <KRATOS_ADMIN_URL>}}",
)
FILE_UNREADABLE: Final = Kind(
    "file.unreadable",
    _ERROR,
    "a configuration file cannot be read",
    "Nothing in it was looked at.",
    "Give the file that Kratos or Hydra is started with.",
)
