"""The claims that a claims rule sets (P30, P31)."""

from __future__ import annotations

from collections.abc import Mapping

from webhook_service.policy.conditions import Expression
from webhook_service.policy.loading.expressions import ExpressionReader
from webhook_service.policy.loading.fields import Fields
from webhook_service.policy.loading.listening import Read
from webhook_service.policy.loading.shapes import CLAIM_NAME, RESERVED_CLAIMS
from webhook_service.policy.loading.wording import quoted
from webhook_service.policy.loading.yaml_nodes import ScalarNode


def read_claims(fields: Fields, reader: ExpressionReader) -> dict[str, dict[str, Read]]:
    """Read the claims of both tokens, with their places (P30, P31)."""
    tokens: dict[str, dict[str, Read]] = {token: {} for token in RESERVED_CLAIMS}
    if not any(fields.node(token) for token in tokens):
        fields.missing("access_token", " or `id_token`")
    for token, reserved in RESERVED_CLAIMS.items():
        mapping = fields.child(token, "a mapping of claim names to expressions")
        if mapping and not mapping.entries:
            fields.problem(token, "policy.value", "names no claim")
        for claim, entry in mapping or ():
            if claim in reserved:
                message = f"{claim} in the {token} is not the policy's to set"
                fields.problems.add(entry.key, "policy.reserved_claim", message)
            elif not CLAIM_NAME.fullmatch(claim):
                message = (
                    f"{quoted(claim)} is no claim name: a letter or _, then at most 63 letters,"
                    " digits and _ : . / -"
                )
                fields.problems.add(entry.key, "policy.value", message)
            expression = reader.value(entry.value, claim)
            if expression and isinstance(entry.value, ScalarNode):
                tokens[token][claim] = (entry.value, expression)
    return tokens


def without_places(claims: Mapping[str, Read]) -> dict[str, Expression]:
    """Return the claims as the model holds them."""
    return {claim: expression for claim, (_, expression) in claims.items()}
