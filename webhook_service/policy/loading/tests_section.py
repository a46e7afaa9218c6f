"""The tests that a policy file brings along, checked but not run (section 7)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from webhook_service.policy.facts import Source
from webhook_service.policy.loading.expected import read_expected
from webhook_service.policy.loading.fields import Fields
from webhook_service.policy.loading.given import GivenReader
from webhook_service.policy.loading.listening import EVENTS
from webhook_service.policy.loading.problems import Problems
from webhook_service.policy.loading.yaml_nodes import MappingNode
from webhook_service.policy.model import PolicyTest

DEFAULT_NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""When a test without ``now`` takes place."""

LONGEST_NAME: Final = 200
LONGEST_PATH: Final = 1000

_REQUIRED: Final = ("name", "event", "expect")
_KEYS: Final = (*_REQUIRED, "now", "payload", "facts", "unavailable")
_SOURCES: Final = {source.value: source for source in Source}


def read_tests(
    fields: Fields, problems: Problems, rules: Collection[str]
) -> tuple[PolicyTest, ...]:
    """Read ``tests``.

    Args:
        fields: the file's keys.
        problems: where errors go.
        rules: the names of the file's rules.
    """
    tests = []
    for node in fields.items("tests", "a list of tests", empty=True) or ():
        if isinstance(node, MappingNode):
            test = _test(node, problems, rules)
            if test:
                tests.append(test)
        else:
            fields.wrong_type(node, "tests", "a list of tests; a test is a mapping")
    return tuple(tests)


def _test(node: MappingNode, problems: Problems, rules: Collection[str]) -> PolicyTest | None:
    fields = Fields(node, problems, what="a test", known=_KEYS, required=_REQUIRED)
    name = fields.text("name", LONGEST_NAME, one_line=True)
    event = fields.choice("event", EVENTS)
    now = fields.timestamp("now")
    payload = fields.text("payload", LONGEST_PATH, one_line=True)
    given = fields.child("facts", "a mapping of facts, such as {client: {id: web}}")
    facts = GivenReader(problems, event).facts(given) if given else {}
    unavailable = fields.words("unavailable", _SOURCES, empty=True) or ()
    wanted = fields.child("expect", "a mapping, such as {verdict: allow}")
    expect = read_expected(wanted, problems, rules) if wanted else {}
    if name is None or event is None:
        return None
    return PolicyTest(
        name=name,
        line=node.line,
        event=event,
        now=now or DEFAULT_NOW,
        payload=payload,
        facts=facts,
        unavailable=frozenset(source for _, source in unavailable),
        expect=expect,
    )
