"""What a test expects of the decision (section 7)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from webhook_service.policy.decision import BY_RULES, Extend, Verdict
from webhook_service.policy.loading.fields import Fields
from webhook_service.policy.loading.given import MOMENT, is_moment, plain
from webhook_service.policy.loading.problems import Problems
from webhook_service.policy.loading.wording import nearest, quoted
from webhook_service.policy.loading.yaml_nodes import AnyNode, MappingNode, ScalarNode
from webhook_service.policy.model import Revocation

_VERDICTS: Final = {verdict.value: verdict.value for verdict in Verdict}
_REASONS: Final = {reason.value: reason.value for reason in BY_RULES}
_REVOCATIONS: Final = {revocation.value: revocation.value for revocation in Revocation}
_SUGGESTIONS: Final = 3
_TOKENS: Final = ("access_token", "id_token")


def read_expected(
    expect: MappingNode, problems: Problems, rules: Collection[str]
) -> dict[str, object]:
    """Return what is expected as plain values, with timestamps as written.

    Only what the file names is there: ``None`` says that there must be none.
    """
    fields = Fields(expect, problems, what="`expect`", known=tuple(_CHECKS))
    if not expect.entries:
        problems.add(expect, "policy.no_effect", "a test that expects nothing shows nothing")
    for key, check in _CHECKS.items():
        if fields.node(key):
            check(fields, key, rules)
    return {key: plain(entry.value, problems) for key, entry in expect}


def _is_null(node: AnyNode | None) -> bool:
    return isinstance(node, ScalarNode) and node.value is None


def _verdict(fields: Fields, key: str, _rules: Collection[str]) -> None:
    fields.choice(key, _VERDICTS)


def _reason(fields: Fields, key: str, _rules: Collection[str]) -> None:
    if not _is_null(fields.node(key)):
        fields.choice(key, _REASONS)


def _rule(fields: Fields, key: str, rules: Collection[str]) -> None:
    node = fields.node(key)
    if node and not _is_null(node):
        _known_rule(node, fields, key, rules)


def _matched(fields: Fields, key: str, rules: Collection[str]) -> None:
    for node in fields.items(key, "a list of rule names", empty=True) or ():
        _known_rule(node, fields, key, rules)


def _known_rule(node: AnyNode, fields: Fields, key: str, rules: Collection[str]) -> None:
    name = fields.text_node(node, key, "a rule's name")
    if name and name.text not in rules:
        # Rule names are many and long, so that looking for the nearest takes its time.
        few = len(fields.problems.found) < _SUGGESTIONS
        near = nearest(name.text, rules) if few else None
        advice = f"; did you mean {quoted(near)}?" if near else ""
        message = f"no rule has the name {quoted(name.text)}{advice}"
        fields.problems.add(name, "policy.unknown_rule", message)


def _extend(fields: Fields, key: str, _rules: Collection[str]) -> None:
    node = fields.node(key)
    if not (isinstance(node, ScalarNode) and node.text == Extend.DEFERRED):
        fields.flag(key, "true, false or deferred")


def _flag(fields: Fields, key: str, _rules: Collection[str]) -> None:
    fields.flag(key)


def _moment(fields: Fields, key: str, _rules: Collection[str]) -> None:
    node = fields.node(key)
    if node is None or _is_null(node):
        return
    text = fields.text_node(node, key, f"{MOMENT}, or null")
    if text and not is_moment(text.text):
        fields.problem(key, "policy.timestamp", f"{quoted(text.text)} is not {MOMENT}")


def _revoke(fields: Fields, key: str, _rules: Collection[str]) -> None:
    fields.words(key, _REVOCATIONS, empty=True)


def _claims(fields: Fields, key: str, _rules: Collection[str]) -> None:
    tokens = fields.child(key, "a mapping, such as {access_token: {acr: aal2}}")
    if tokens is None:
        return
    inner = Fields(tokens, fields.problems, what="`claims`", known=_TOKENS)
    for token in _TOKENS:
        inner.child(token, "a mapping of claim names to values")


_CHECKS: Final[Mapping[str, Callable[[Fields, str, Collection[str]], None]]] = {
    "verdict": _verdict,
    "rule": _rule,
    "reason": _reason,
    "matched": _matched,
    "extend": _extend,
    "end_now": _flag,
    "end_at": _moment,
    "step_up_by": _moment,
    "revoke": _revoke,
    "claims": _claims,
}
