"""Files of Kratos for the doctor's tests, and what it finds in them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from unit.planning import CAP, NO_PROFILES, REVOKE

from webhook_service.doctor import kratos_file
from webhook_service.doctor.case import Case
from webhook_service.doctor.finding import Finding
from webhook_service.ory_config import kratos
from webhook_service.ory_config.delta import applied
from webhook_service.ory_config.methods import enabled
from webhook_service.ory_config.weave import woven

METHODS = {"selfservice": {"methods": {"totp": {"enabled": True}}}}
EVERYTHING = CAP + REVOKE + NO_PROFILES


def configured(case: Case) -> Any:
    """Return the file that ory-config makes."""
    plan = kratos.plan(case.policy, case.site, case.body.inline, enabled(METHODS))
    return deepcopy(applied(METHODS, woven(plan, METHODS)))


def codes(config: Any, case: Case) -> list[str]:
    return [finding.kind.code for finding in kratos_file.look(config, case) if finding.kind]


def hook_of(config: Any, flow: str = "login", method: str = "totp") -> Any:
    return config["selfservice"]["flows"][flow]["after"][method]["hooks"][0]


def found(config: Any, case: Case, code: str) -> Finding:
    (finding,) = [
        one for one in kratos_file.look(config, case) if one.kind and one.kind.code == code
    ]
    return finding
