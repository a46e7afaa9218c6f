"""What is wrong with a configuration of Hydra, for the policy at hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from webhook_service.doctor.case import Case
from webhook_service.doctor.catalogue import files
from webhook_service.doctor.durations import parsed
from webhook_service.doctor.finding import Finding, well
from webhook_service.doctor.hooks_in_file import address, is_for_us, look_at_address, look_at_key
from webhook_service.hooks.table import Caller
from webhook_service.ory_config import hydra as of_hydra
from webhook_service.ory_config.hydra import (
    GATES,
    GRACE_PERIOD,
    IDENTITY_PROVIDER,
    REFRESH_TOKEN_HOOK,
    TOKEN_HOOK,
)
from webhook_service.ory_config.plan import Json, TokenHook, Tree, found

FILE: Final = "hydra"


def look(config: Tree, case: Case) -> Iterator[Finding]:
    """Judge the whole file."""
    ours = []
    for place in (TOKEN_HOOK, REFRESH_TOKEN_HOOK):
        hook = found(config, place)
        url = hook.get("url") if isinstance(hook, dict) else hook
        if not is_for_us(url, case):
            continue
        where = f"{FILE}: {'.'.join(place)}"
        auth = hook.get("auth") if isinstance(hook, dict) else None
        problems = [
            *look_at_address(str(url), where, Caller.HYDRA, case),
            *look_at_key(auth, where, Caller.HYDRA, case),
        ]
        yield from problems
        ours.append(place)
        if not problems:
            yield well(f"{where} calls the service")
    yield from _hooks(ours, case)
    yield from _gates(config, case)
    if ours and not _grace(found(config, GRACE_PERIOD)):
        yield Finding(files.HYDRA_GRACE, f"{FILE}: {'.'.join(GRACE_PERIOD)} is absent or 0s")
    knows_kratos = case.site.network or found(config, IDENTITY_PROVIDER)
    if case.policy.ends and not knows_kratos:
        url = case.site.kratos_admin_url
        yield Finding(
            files.HYDRA_PROVIDER,
            f"{FILE}: {'.'.join(IDENTITY_PROVIDER)} is absent",
            None if url is None else f"urls: {{identity_provider: {{url: {url}}}}}",
        )
    if found(config, ("log", "leak_sensitive_values")) is True:
        yield Finding(files.LOG_LEAKS, f"{FILE}: log.leak_sensitive_values is true")


def _hooks(ours: list[tuple[str, ...]], case: Case) -> Iterator[Finding]:
    wanted = [
        change
        for change in of_hydra.plan(case.policy, case.site).changes
        if isinstance(change, TokenHook)
    ]
    if len(ours) > 1:
        yield Finding(
            files.HYDRA_BOTH,
            f"{FILE}: {' and '.join('.'.join(place) for place in ours)} call the service",
        )
    for change in wanted:
        if change.at not in ours:
            yield Finding(
                files.HYDRA_MISSING,
                f"{FILE}: {'.'.join(change.at)} does not call the service",
            )


def _gates(config: Tree, case: Case) -> Iterator[Finding]:
    lacking, ours = case.site.lacking_for_gates, address(case.site.public_url)
    if not lacking or ours is None:
        return
    for name, path in GATES.items():
        parts = address(found(config, ("urls", name)))
        if parts is not None and (parts.netloc, parts.path) == (ours.netloc, ours.path + path):
            yield Finding(
                files.HYDRA_GATES,
                f"{FILE}: urls.{name} is {path}, and {', '.join(lacking)} not set",
            )


def _grace(told: Json) -> bool:
    length = parsed(told)
    return length is not None and length > timedelta(0)
