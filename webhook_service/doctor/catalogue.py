"""Everything that the doctor looks for. ``docs/doctor.md`` prints this table."""

from __future__ import annotations

from typing import Final

from webhook_service.doctor.finding import Kind, Level

_ERROR, _WARNING = Level.ERROR, Level.WARNING
_ORY_CONFIG: Final = "webhook-service ory-config kratos --merge kratos.yml"
_NO_EFFECT_KEPT: Final = "No effect can be kept: events that need one are not answered 2xx."
BOTH_HOSTS: Final = "<what both hosts end in>"

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

# What a hook says

HOOK_ROUTE: Final = Kind(
    "hook.unknown_route",
    _ERROR,
    "a hook calls a path that is not there",
    "The service answers 404. Kratos fails the flow, Hydra the token.",
    _ORY_CONFIG,
)
HOOK_REDIRECT: Final = Kind(
    "hook.redirected",
    _ERROR,
    "a hook's address may be redirected: a slash too many, or http where the service has https",
    "Ory follows as GET and believes what it finds there: a 200 or 204 lets everyone in.",
    "url: exactly the address that ory-config prints",
)
HOOK_PLAIN: Final = Kind(
    "hook.plain_http",
    _WARNING,
    "a hook goes over plain http to another machine",
    "The key and personal data can be read on the way.",
    "url: https://…",
)
HOOK_WITHOUT_KEY: Final = Kind(
    "hook.no_key",
    _ERROR,
    "a hook sends no key",
    "The service answers 401: no login, no token.",
    "auth: {type: api_key, config: {in: header, name: Authorization, value: Bearer <key>}}",
)
HOOK_WITHOUT_IN: Final = Kind(
    "hook.no_in",
    _ERROR,
    "a hook's key has no `in`",
    "Hydra sends no key at all then, and logs nothing; Kratos does not start.",
    "in: header",
)
HOOK_HEADER: Final = Kind(
    "hook.key_elsewhere",
    _ERROR,
    "a hook sends its key in another header than Authorization, or not as Bearer",
    "The service reads Authorization alone, the one header that Ory's logs redact: in any other"
    " Kratos writes the key into its log.",
    "name: Authorization, value: Bearer <key>",
)
HOOK_WRONG_KEY: Final = Kind(
    "hook.wrong_key",
    _ERROR,
    "a hook's key is none of the configured ones",
    "The service answers 401: no login, no token.",
    "value: Bearer <a key of KRATOS_HOOK_KEYS or HYDRA_HOOK_KEYS>",
)
HOOK_PLACEHOLDER: Final = Kind(
    "hook.placeholder",
    _WARNING,
    "a placeholder stands for a hook's key",
    "Kratos and Hydra send it as it stands, and the service answers 401, unless something else"
    " fills it in before they read the file.",
    "value: Bearer <a key of KRATOS_HOOK_KEYS or HYDRA_HOOK_KEYS>",
)
HOOK_METHOD: Final = Kind(
    "hook.not_post",
    _ERROR,
    "a hook is not a POST",
    "The service answers 405.",
    "method: POST",
)
HOOK_IGNORED: Final = Kind(
    "hook.ignored",
    _ERROR,
    "a hook's answer is ignored",
    "response.ignore calls and goes on: a refusal has no effect, an effect that could not be kept"
    " is not tried again.",
    "response: {parse: true}",
)
HOOK_UNPARSED: Final = Kind(
    "hook.parse",
    _ERROR,
    "a hook's response.parse is not what its flow needs",
    "parse: false turns a refusal into an error page; parse: true on settings comes before the"
    " change, so that a revoke rule does not see it.",
    _ORY_CONFIG,
)
HOOK_CANCELS: Final = Kind(
    "hook.cancels",
    _ERROR,
    "a hook's body can cancel the call",
    "error 'cancel' suppresses the call and the flow goes on: whoever it spares is let in.",
    "Decide in the policy, and send every event.",
)
HOOK_BODY: Final = Kind(
    "hook.body",
    _WARNING,
    "a hook's body is missing, or not the one for this policy",
    "Facts that it does not tell are absent in conditions; what it tells besides leaves Kratos.",
    _ORY_CONFIG,
)
HOOK_RELATIVE_BODY: Final = Kind(
    "hook.relative_body",
    _WARNING,
    "a hook's body is a file by a relative path",
    "It is looked for in the folder that Kratos was started in: elsewhere every flow fails.",
    "body: file:///… or base64://…",
)

# Kratos' file

KRATOS_MISSING: Final = Kind(
    "kratos.hook_missing",
    _ERROR,
    "a hook that a rule listens to is not configured",
    "The rule never decides there. A method's own list takes the place of the general one, so"
    " each method that is switched on needs its own.",
    _ORY_CONFIG,
)
KRATOS_GENERAL: Final = Kind(
    "kratos.general_list",
    _ERROR,
    "a parse: true hook in the general list of settings or registration",
    "Kratos never calls it there.",
    _ORY_CONFIG,
)
KRATOS_HEADERS: Final = Kind(
    "kratos.header_allowlist",
    _WARNING,
    "a header that the policy reads is not handed over",
    "The fact is absent, and the rule does not hold.",
    _ORY_CONFIG,
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

KINDS: Final = tuple(value for value in dict(globals()).values() if isinstance(value, Kind))
"""All of them, in the order in which they stand above."""
