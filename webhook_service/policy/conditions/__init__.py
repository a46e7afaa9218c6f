"""The condition language: a subset of CEL (P8 to P14).

``lexer`` makes tokens, ``parser`` a typed tree, ``evaluate`` a function. Nothing here
knows which facts exist: the names are an argument of ``parse``.
"""

from webhook_service.policy.conditions.expression import (
    ConditionError,
    Expression,
    Names,
    parse,
)

__all__ = ["ConditionError", "Expression", "Names", "parse"]
