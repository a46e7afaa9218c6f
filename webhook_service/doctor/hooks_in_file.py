"""Whether one hook in a file calls the service, and so that its answer counts."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

from webhook_service.doctor.case import Case
from webhook_service.doctor.catalogue import hooks
from webhook_service.doctor.finding import Finding
from webhook_service.hooks import table
from webhook_service.hooks.table import Caller
from webhook_service.ory_config.jsonnet import inlined, is_inline, text_of
from webhook_service.ory_config.plan import AUTHORIZATION, Json, found
from webhook_service.ory_config.weave import PLACEHOLDER

ROUTES: Final = {
    Caller.KRATOS: (
        table.KRATOS_LOGIN,
        table.KRATOS_REGISTRATION,
        table.KRATOS_SETTINGS,
        table.KRATOS_RECOVERY,
        table.KRATOS_VERIFICATION,
    ),
    Caller.HYDRA: (table.HYDRA_TOKEN, table.HYDRA_REFRESH_TOKEN),
}
_WITH_METHOD: Final = (table.KRATOS_LOGIN, table.KRATOS_REGISTRATION, table.KRATOS_SETTINGS)
_PREFIX: Final = "/hooks/"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_BEARER: Final = "Bearer "


def address(url: Json) -> SplitResult | None:
    """Take an address apart; ``None`` for what is none."""
    try:
        return urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        return None


def is_for_us(url: Json, case: Case) -> bool:
    """Whether an address is the service's: by its path, or by its host."""
    parts = address(url)
    if parts is None:
        return False
    ours = address(case.site.hooks_url)
    return _PREFIX in parts.path and (
        f"{_PREFIX}kratos/" in parts.path
        or f"{_PREFIX}hydra/" in parts.path
        or (ours is not None and parts.netloc == ours.netloc)
    )


def look_at_address(url: str, where: str, caller: Caller, case: Case) -> Iterator[Finding]:
    """Judge where a hook calls; the address ``is_for_us``."""
    parts = urlsplit(url)
    # A user, a password and a query may be secrets.
    host = parts.netloc.rpartition("@")[2]
    shown = f"{parts.scheme}://{host}{parts.path}"
    ours = address(case.site.hooks_url)
    above, _, rest = parts.path.partition(_PREFIX)
    plain = _PREFIX + "/".join(part for part in rest.split("/") if part)
    upgraded = (
        parts.scheme == "http"
        and ours is not None
        and (ours.scheme, ours.hostname) == ("https", parts.hostname)
    )
    if f"{above.rstrip('/')}{plain}" != parts.path or upgraded:
        # Another host may be the way that Kratos and Hydra reach the service, and stays.
        other = f"{parts.scheme}://{host}{above.rstrip('/')}"
        there = case.site.hooks_url if upgraded else other
        yield Finding(hooks.HOOK_REDIRECT, f"{where} calls {shown}", f"url: {there}{plain}")
    elif parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        yield Finding(hooks.HOOK_PLAIN, f"{where} calls {shown}")
    # What stands before the route on another host is that host's business.
    elsewhere = ours is not None and host == ours.netloc and above.rstrip("/") != ours.path
    if elsewhere or not _is_route(plain, caller):
        yield Finding(hooks.HOOK_ROUTE, f"{where} calls {shown}")


def look_at_key(auth: Json, where: str, caller: Caller, case: Case) -> Iterator[Finding]:
    """Judge how a hook proves who calls (F91, F92)."""
    config = found(auth, ("config",))
    if not isinstance(config, Mapping) or found(auth, ("type",)) != "api_key":
        yield Finding(hooks.HOOK_WITHOUT_KEY, f"{where} has no api_key")
        return
    if "in" not in config:
        yield Finding(hooks.HOOK_WITHOUT_IN, f"{where}: auth.config has no `in`")
    value = str(config.get("value") or "")
    setting = f"{caller.upper()}_HOOK_KEYS"
    remedy = f"value: {_BEARER}<a key of {setting}>"
    if PLACEHOLDER in value:
        yield Finding(hooks.HOOK_PLACEHOLDER, f"{where} has a placeholder for its key", remedy)
        return
    name = str(config.get("name") or "")
    if (
        config.get("in", "header") != "header"
        or name.casefold() != AUTHORIZATION.casefold()
        or not value.startswith(_BEARER)
    ):
        yield Finding(
            hooks.HOOK_HEADER,
            f'{where} sends its key in {config.get("in", "header")} "{name}"',
        )
    elif value.removeprefix(_BEARER).strip() not in case.keys[caller]:
        yield Finding(
            hooks.HOOK_WRONG_KEY,
            f"{where} sends a key that is not in {setting}",
            remedy,
        )


def look_at_body(body: Json, where: str, case: Case) -> Iterator[Finding]:
    """Judge what a hook of Kratos tells (F93, F94)."""
    if not isinstance(body, str) or not body:
        yield Finding(hooks.HOOK_BODY, f"{where} has no body")
        return
    text, remedy = text_of(body), None
    if not is_inline(body):
        file = body.removeprefix("file://")
        if "://" in file:
            return
        if not file.startswith("/"):
            yield Finding(hooks.HOOK_RELATIVE_BODY, f"{where} has the body {body}")
        text = case.read(file)
        if text is None:
            return
        # A file of the operator's is left alone unless it is named.
        remedy = f"webhook-service ory-config kratos --jsonnet {shlex.quote(file)}"
    if text is None:
        yield Finding(hooks.HOOK_BODY, f"{where}: its body is no base64 of a text")
    elif "'cancel'" in text or '"cancel"' in text:
        yield Finding(hooks.HOOK_CANCELS, f"{where}: its body names 'cancel'")
    elif inlined(text) not in case.body.variants:
        what = f"{where} has another body than ory-config makes"
        yield Finding(hooks.HOOK_BODY, what, remedy)


def _is_route(path: str, caller: Caller) -> bool:
    if path in ROUTES[caller]:
        return True
    above, _, method = path.rpartition("/")
    return above in _WITH_METHOD and caller is Caller.KRATOS and bool(method)
