"""How the errors of a policy file are handed on (P2)."""

from __future__ import annotations

from webhook_service.policy.errors import PolicyError, Problem

LATER = Problem(4, 11, "condition.type", "not this")
EARLIER = Problem(3, 2, "policy.value", "nor that")


def test_the_errors_of_a_file_come_in_its_order_a_line_each() -> None:
    error = PolicyError([LATER, EARLIER], "rules.yaml")
    assert error.problems == (EARLIER, LATER)
    assert str(error).splitlines() == [
        "rules.yaml:3:2: policy.value: nor that",
        "rules.yaml:4:11: condition.type: not this",
    ]


def test_a_file_without_a_name_is_called_by_the_usual_one() -> None:
    error = PolicyError([LATER])
    assert error.filename == "policy.yaml"
    assert error.args == (str(error),) == ("policy.yaml:4:11: condition.type: not this",)
