"""What the tests of ory-config and doctor plan with."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent
from typing import Any

from webhook_service.doctor.case import Case
from webhook_service.hooks.table import Caller
from webhook_service.ory_config.jsonnet import Body
from webhook_service.ory_config.jsonnet_file import document
from webhook_service.ory_config.listening import HeaderNames, headers_read
from webhook_service.ory_config.plan import HookList, Plan
from webhook_service.ory_config.site import Site
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy

KRATOS_KEY = "the-first-key-that-kratos-sends-here"
HYDRA_KEY = "the-first-key-that-hydra-sends-here"
SITE = Site(
    hooks_url="https://hooks.example.org",
    kratos_key=KRATOS_KEY,
    hydra_key=HYDRA_KEY,
    header_names=HeaderNames("True-Client-Ip", None),
    public_url="https://hooks.example.org",
)

CAP = """
sessions:
  - name: staff
    max_age: 8h
"""
REVOKE = """
revoke:
  - name: a new password
    events: [kratos.settings]
    when: event.method == "password"
    revoke: [other_sessions]
"""
NO_PROFILES = """
deny:
  - name: profiles stay
    events: [kratos.settings]
"""


def policy_of(text: str) -> Policy:
    """Load a policy; its version is put before it."""
    return load(f"version: 1\n{dedent(text)}".encode())


def lists_of(plan: Plan) -> dict[str, list[tuple[str, bool]]]:
    """Return each hook list of a plan: below which keys, with each hook's path and parse."""
    return {
        ".".join(change.at[2:-1]): [told(hook) for hook in change.hooks]
        for change in plan.changes
        if isinstance(change, HookList)
    }


def told(hook: Any) -> tuple[str, bool]:
    config = hook["config"]
    return config["url"].removeprefix(SITE.hooks_url), config["response"]["parse"]


def case_of(text: str, **site: Any) -> Case:
    """Return what a file is judged by."""
    policy, where = policy_of(text), replace(SITE, **site)
    headers = headers_read(policy, where.header_names)
    keys = {Caller.KRATOS: (KRATOS_KEY,), Caller.HYDRA: (HYDRA_KEY,)}
    return Case(policy, where, keys, Body(document(), headers=headers))
