"""The rules of the five sections (section 2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from webhook_service.policy.loading.claims import read_claims, without_places
from webhook_service.policy.loading.expressions import ExpressionReader
from webhook_service.policy.loading.fields import Fields
from webhook_service.policy.loading.listening import (
    Read,
    check_facts,
    default_events,
    named_events,
)
from webhook_service.policy.loading.problems import Problems, StopReadingError
from webhook_service.policy.loading.sections import BUILD, Head
from webhook_service.policy.loading.shapes import MODES, SHAPES
from webhook_service.policy.loading.yaml_nodes import MappingNode, ScalarNode
from webhook_service.policy.model import ClaimsRule, Rule, Section

LONGEST_NAME: Final = 80
LONGEST_DESCRIPTION: Final = 500
LONGEST_MESSAGE: Final = 200
MAX_RULES: Final = 500


class RuleReader:
    """Reads the rules of one file, section by section."""

    def __init__(self, expressions: ExpressionReader, problems: Problems, *, shadow: bool) -> None:
        self.lines: dict[str, int] = {}
        """The line of each rule, by its name."""
        self._expressions = expressions
        self._problems = problems
        self._shadow = shadow
        self._count = 0

    def section(self, section: Section, fields: Fields) -> Iterator[Rule]:
        """Read one section.

        Raises:
            StopReadingError: after the last rule that is read.
        """
        what = SHAPES[section].what
        for node in fields.items(section, "a list of rules", empty=True) or ():
            self._count += 1
            if self._count > MAX_RULES:
                message = f"more than {MAX_RULES} rules"
                self._problems.add(node, "file.too_large", message)
                raise StopReadingError
            if isinstance(node, MappingNode):
                rule = self._rule(section, node)
                if rule:
                    yield rule
            else:
                fields.wrong_type(node, section, f"a list of rules; {what} is a mapping")

    def _rule(self, section: Section, node: MappingNode) -> Rule | None:
        shape = SHAPES[section]
        fields = Fields(
            node,
            self._problems,
            what=shape.what,
            known=shape.keys,
            required=("name", *shape.required),
        )
        name = self._name(fields)
        when = self._when(fields)
        claims = read_claims(fields, self._expressions) if section is Section.CLAIMS else {}
        reads = [*when, *(read for token in claims.values() for read in token.values())]
        named = named_events(fields, shape)
        if named is not None:
            check_facts(named, reads, self._expressions)
            events = frozenset(named)
        else:
            events = default_events(shape, reads, fields)
        shadow = fields.choice("mode", MODES)
        default_on_error = next(iter(shape.on_error.values()), None)
        head = Head(
            section=section,
            name=name,
            line=node.line,
            description=fields.text("description", LONGEST_DESCRIPTION),
            when=when[0][1] if when else None,
            events=events,
            shadow=self._shadow if shadow is None else shadow,
            message=fields.text("message", LONGEST_MESSAGE),
            on_error=fields.choice("on_error", shape.on_error) or default_on_error,
        )
        if section is Section.CLAIMS:
            access_token, id_token = claims["access_token"], claims["id_token"]
            return ClaimsRule(
                *head, access_token=without_places(access_token), id_token=without_places(id_token)
            )
        return BUILD[section](head, fields)

    def _name(self, fields: Fields) -> str:
        name = fields.text("name", LONGEST_NAME, one_line=True)
        if name is None:
            return ""
        if name in self.lines:
            message = f"the rule in line {self.lines[name]} has this name already"
            fields.problem("name", "policy.duplicate_name", message)
        self.lines.setdefault(name, fields.mapping.line)
        return name

    def _when(self, fields: Fields) -> list[Read]:
        node = fields.node("when")
        expression = self._expressions.condition(node, "when") if node else None
        if expression is None or not isinstance(node, ScalarNode):
            return []
        return [(node, expression)]
