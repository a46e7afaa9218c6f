"""What may be wrong with a hook, as Kratos' and Hydra's files have it."""

from __future__ import annotations

from typing import Final

from webhook_service.doctor.finding import Kind, Level

_ERROR, _WARNING = Level.ERROR, Level.WARNING
ORY_CONFIG: Final = "webhook-service ory-config kratos --merge kratos.yml"
"""What writes a hook as it should be."""

HOOK_ROUTE: Final = Kind(
    "hook.unknown_route",
    _ERROR,
    "a hook calls a path that is not there",
    "The service answers 404. Kratos fails the flow, Hydra the token.",
    ORY_CONFIG,
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
    ORY_CONFIG,
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
    ORY_CONFIG,
)
HOOK_RELATIVE_BODY: Final = Kind(
    "hook.relative_body",
    _WARNING,
    "a hook's body is a file by a relative path",
    "It is looked for in the folder that Kratos was started in: elsewhere every flow fails.",
    "body: file:///… or base64://…",
)
