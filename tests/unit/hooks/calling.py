"""Calls of Kratos' hooks, read as the service reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from webhook_service.hooks.event import Event, Raw
from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.reply import Reply
from webhook_service.hooks.table import Caller, Hook, hooks
from webhook_service.policy.decision import Decision, Reason, Verdict

OF_KRATOS = {
    hook.path.removeprefix("/hooks/kratos/"): hook
    for hook in hooks(RequestHeaders(country="CF-IPCountry")).values()
    if hook.caller is Caller.KRATOS
}
"""Every hook of Kratos, by the name of its flow."""


def call(hook: Hook, body: Any, method: str | None = None, **more: Any) -> Event:
    """Read a body, as it comes to the URL of the method where that is given."""
    route = hook.path if method is None else f"{hook.path}/{method}"
    return hook.read(Raw(route, json.dumps(body).encode(), method=method, **more))


def recorded_call(path: Path) -> tuple[Hook, Any, Event]:
    """Read a recorded call through the hook that its file names."""
    flow, _, method = path.name.removeprefix("kratos.").partition(".")[0].partition("-")
    hook = OF_KRATOS[flow]
    body = json.loads(path.read_text())["body"]
    return hook, body, call(hook, body, method or None)


def denied(hook: Hook, reason: Reason = Reason.RULE_DENIED) -> Decision:
    return Decision(hook.event, Verdict.DENY, reason, "no", "Not from here.")


def message_of(reply: Reply) -> dict[str, Any]:
    """Return the one message of a refusal."""
    [at] = json.loads(reply.body)["messages"]
    [message] = at["messages"]
    assert at["instance_ptr"] == "#/"
    assert message["type"] == "error"
    result: dict[str, Any] = message
    return result
