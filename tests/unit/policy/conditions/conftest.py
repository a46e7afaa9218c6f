"""What the tests of the condition language share: the fact table as names, values as facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from webhook_service.policy.conditions import ConditionError, Expression, parse
from webhook_service.policy.conditions.types import FactType, Value
from webhook_service.policy.facts import FACTS


class Table:
    """Every fact of the table, and the named conditions that a test defines."""

    def __init__(self, defined: Mapping[str, Expression]) -> None:
        self.defined = defined

    def fact(self, name: str) -> FactType | None:
        fact = FACTS.get(name)
        return fact.fact_type if fact else None

    def facts(self) -> frozenset[str]:
        return frozenset(FACTS)

    def condition(self, name: str) -> Expression | None:
        return self.defined.get(name)

    def conditions(self) -> frozenset[str]:
        return frozenset(self.defined)


class Known:
    """Facts with a value; every other fact is absent."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.values = values

    def value(self, name: str) -> Value:
        return self.values.get(name)


@pytest.fixture(scope="session")
def parsed() -> Callable[..., Expression]:
    """``parsed(text, **conditions)``: the expression; conditions are texts, in order."""

    def parsed(text: str, **conditions: str) -> Expression:
        defined: dict[str, Expression] = {}
        for name, condition in conditions.items():
            defined[name] = parse(condition, Table(dict(defined)))
        return parse(text, Table(defined))

    return parsed


@pytest.fixture(scope="session")
def evaluated(parsed: Callable[..., Expression]) -> Callable[..., Value]:
    """``evaluated(text, facts, **conditions)``: its value."""

    def evaluated(text: str, facts: Mapping[str, Value] = {}, **conditions: str) -> Value:
        return parsed(text, **conditions).evaluate(Known(facts))

    return evaluated


@pytest.fixture(scope="session")
def refused(parsed: Callable[..., Expression]) -> Callable[..., ConditionError]:
    """``refused(text, **conditions)``: the error that it is refused with."""

    def refused(text: str, **conditions: str) -> ConditionError:
        with pytest.raises(ConditionError) as caught:
            parsed(text, **conditions)
        return caught.value

    return refused


@pytest.fixture(scope="session")
def mark(refused: Callable[..., ConditionError]) -> Callable[..., None]:
    """``mark("client.id ¦== 7", kind, hint)``: refused there, for that, saying this."""

    def mark(marked: str, kind: str, hint: str | None = None, **conditions: str) -> None:
        offset = marked.index("¦")
        error = refused(marked.replace("¦", ""), **conditions)
        assert (error.kind, error.offset) == (kind, offset), error.message
        assert hint is None or hint in error.message

    return mark
