"""The condition language: a subset of CEL (P8 to P14).

``lexer`` makes tokens, ``parser`` a typed tree, ``evaluate`` a function. Nothing here
knows which facts exist: the names are an argument of ``parse``.
"""

from webhook_service.policy.conditions.errors import ConditionError
from webhook_service.policy.conditions.expression import Expression, Names, demand_bool, parse
from webhook_service.policy.conditions.lexer import RESERVED_WORDS, comments
from webhook_service.policy.conditions.literals import parse_duration, parse_timestamp

__all__ = [
    "RESERVED_WORDS",
    "ConditionError",
    "Expression",
    "Names",
    "comments",
    "demand_bool",
    "parse",
    "parse_duration",
    "parse_timestamp",
]
