"""From the bytes of a policy file to a ``Policy``, or to every error in it (P1 to P7)."""

from __future__ import annotations

import hashlib
from typing import Final

from webhook_service.policy.errors import PolicyError
from webhook_service.policy.loading.expressions import ExpressionReader
from webhook_service.policy.loading.fields import Fields
from webhook_service.policy.loading.problems import Problems, StopReadingError, described
from webhook_service.policy.loading.rules import RuleReader
from webhook_service.policy.loading.shapes import FILE_KEYS, MODES
from webhook_service.policy.loading.tests_section import read_tests
from webhook_service.policy.loading.wording import listed, quoted
from webhook_service.policy.loading.yaml_nodes import AnyNode, MappingNode, ScalarNode
from webhook_service.policy.loading.yaml_reader import UnreadableError, read
from webhook_service.policy.model import Policy, Section

VERSIONS: Final = (1,)
"""The versions of the file that are understood (P3)."""

_DIGEST_LENGTH: Final = 12


def load(data: bytes, filename: str = "policy.yaml") -> Policy:
    """Read a policy file.

    Args:
        data: the file's bytes.
        filename: how error messages name the file.

    Raises:
        PolicyError: the file cannot be used; every error is in it, in file order (P2).
    """
    problems = Problems()
    try:
        root = read(data)
        digest = hashlib.sha256(data).hexdigest()[:_DIGEST_LENGTH]
        policy = _policy(root, problems, digest)
        if policy and not problems.found:
            return policy
    except UnreadableError as error:
        problems.found.append(error.problem)
    except StopReadingError:
        pass
    raise PolicyError(problems.found, filename)


def _policy(root: AnyNode | None, problems: Problems, digest: str) -> Policy | None:
    if root is None or (isinstance(root, ScalarNode) and root.value is None):
        message = "the file says nothing; begin it with `version: 1`"
        problems.add_at(1, 1, "policy.missing_key", message)
        return None
    if not isinstance(root, MappingNode):
        message = f"the file is {described(root)}; it takes keys such as `version: 1`"
        problems.add(root, "policy.wrong_type", message)
        return None
    fields = Fields(root, problems, what="a policy file", known=FILE_KEYS, required=("version",))
    _check_version(fields)
    shadow = fields.choice("mode", MODES) or False
    expressions = ExpressionReader(problems)
    conditions = expressions.define(fields)
    reader = RuleReader(expressions, problems, shadow=shadow)
    rules = tuple(rule for section in Section for rule in reader.section(section, fields))
    tests = read_tests(fields, problems, reader.lines)
    return Policy(rules=rules, conditions=conditions, digest=digest, tests=tests)


def _check_version(fields: Fields) -> None:
    node = fields.node("version")
    if node is None:
        return
    value = node.value if isinstance(node, ScalarNode) else None
    if type(value) is int and value in VERSIONS:
        return
    supported = listed(str(version) for version in VERSIONS)
    if isinstance(node, ScalarNode) and node.style != "plain":
        supported += ", without quotes"
    written = quoted(node.text) if isinstance(node, ScalarNode) and node.text else described(node)
    fields.problem("version", "policy.version", f"{written} is not supported; write {supported}")
