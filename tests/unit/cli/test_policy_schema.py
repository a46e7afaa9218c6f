"""``policy schema``: the JSON Schema of the policy file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webhook_service.policy.schema import document


def test_it_prints_the_schema(run_json: Callable[..., Any]) -> None:
    assert run_json("policy", "schema") == document()
