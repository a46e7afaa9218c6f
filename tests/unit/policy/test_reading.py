"""What an expression reads, as it is written."""

from __future__ import annotations

import pytest

from webhook_service.policy.conditions import parse
from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.facts import EventName, Facts
from webhook_service.policy.loading.expressions import KnownNames
from webhook_service.policy.reading import Path, paths


def read_by(text: str) -> list[str]:
    return list(map(str, paths(parse(text, KnownNames()).tree)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('client.id == "a"', ["client.id"]),
        ("identity.traits.staff == true", ["identity.traits.staff"]),
        ('identity.traits["first name"] == "a"', ['identity.traits["first name"]']),
        ("token.amr[0] == session.methods[1]", ["token.amr[0]", "session.methods[1]"]),
        ("identity.traits[client.id] == 1", ["identity.traits", "client.id"]),
        ("identity.traits.a.b[0].c == 1", ["identity.traits.a.b[0].c"]),
        ('token.claims.groups.exists(g, g == "x")', ["token.claims.groups"]),
        ("has(token.claims.a) || has(token.claims.a)", ["token.claims.a"]),
        ("true", []),
    ],
)
def test_an_expression_reads(text: str, expected: list[str]) -> None:
    assert read_by(text) == expected


def test_a_named_condition_brings_what_it_reads() -> None:
    """P11."""
    names = KnownNames()
    names.defined["staff"] = parse("identity.traits.staff == true", names)
    tree = parse('staff && client.id == "a"', names).tree
    assert list(map(str, paths(tree))) == ["identity.traits.staff", "client.id"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (Path("identity.traits", ("a", "b")), 1),
        (Path("identity.traits", ("a", "c")), None),
        (Path("identity.traits", ("x", "y", "z")), None),
        (Path("token.amr", (1,)), "totp"),
        (Path("token.amr", (2,)), None),
        (Path("identity.metadata_admin", ("a",)), UNKNOWN),
    ],
)
def test_a_path_leads_to_a_value(path: Path, value: object) -> None:
    facts = Facts(
        EventName.HYDRA_TOKEN,
        {"identity.traits": {"a": {"b": 1}}, "token.amr": ["password", "totp"]},
    )
    assert path.value(facts) == value


@pytest.mark.parametrize(
    "fact",
    [
        "identity.traits",
        "identity.metadata_public",
        "identity.metadata_admin",
        "identity.verified_addresses",
        "client.metadata",
        "token.claims",
        "token.id_claims",
        "flow.transient",
        "request.headers",
        "request.ip",
        "request.country",
        "request.user_agent",
    ],
)
def test_values_of_people_and_their_requests_are_private(fact: str) -> None:
    """P34."""
    assert Path(fact).is_private


@pytest.mark.parametrize("fact", ["identity.id", "client.id", "session.aal", "token.scopes"])
def test_identifiers_and_levels_are_not(fact: str) -> None:
    assert not Path(fact).is_private
