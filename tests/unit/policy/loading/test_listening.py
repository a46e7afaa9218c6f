"""P7: which events a rule listens to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from webhook_service.policy.facts import EventName
from webhook_service.policy.loader import load
from webhook_service.policy.loading.shapes import SHAPES
from webhook_service.policy.model import Section

Errors = Callable[[str | bytes], list[str]]
Message = Callable[[str | bytes], str]

BODY = {
    Section.DENY: "",
    Section.MFA: "    require: {aal: aal2}\n",
    Section.SESSIONS: "    max_age: 8h\n",
    Section.REVOKE: "    revoke: [tokens]\n",
    Section.CLAIMS: "    access_token: {a: now}\n",
}


def rule(section: str, keys: str = "") -> str:
    return f"version: 1\n{section}:\n  - name: a\n{BODY[Section(section)]}{keys}\n"


def events_of(text: str) -> set[str]:
    return set(load(text.encode()).rules[0].events)


@pytest.mark.parametrize(
    ("section", "events"),
    [
        ("deny", "hydra.token kratos.login check"),
        ("mfa", "hydra.token check"),
        ("sessions", "hydra.token kratos.login check"),
        ("claims", "hydra.token"),
    ],
)
def test_a_rule_that_names_no_events_has_those_of_its_section(section: str, events: str) -> None:
    assert events_of(rule(section)) == set(events.split())


def test_no_default_includes_the_older_refresh_token_hook() -> None:
    assert not any(
        EventName.HYDRA_REFRESH_TOKEN in shape.default_events for shape in SHAPES.values()
    )


@pytest.mark.parametrize(
    ("section", "condition", "events"),
    [
        ("deny", "token.grant == 'refresh_token'", "hydra.token"),
        ("deny", "client.id == 'x'", "hydra.token kratos.login"),
        ("deny", "session.active && client.name == 'x'", "hydra.token kratos.login"),
        ("deny", "request.path == '/x'", "check"),
        ("deny", "request.ip == 'x' && flow.refresh", "kratos.login"),
        ("mfa", "client.id == 'x'", "hydra.token"),
        ("sessions", "identity.traits.staff == true", "hydra.token kratos.login check"),
    ],
)
def test_a_rule_listens_where_every_fact_of_its_condition_exists(
    section: str, condition: str, events: str
) -> None:
    assert events_of(rule(section, f'    when: "{condition}"')) == set(events.split())


def test_the_facts_of_a_named_condition_count() -> None:
    """P11."""
    text = "conditions: {web: client.id == 'web', both: web && session.active}\n"
    assert events_of(rule("mfa", "    when: both\n" + text)) == {"hydra.token"}


@pytest.mark.parametrize("section", Section)
def test_a_rule_may_name_every_event_of_its_section(section: Section) -> None:
    events = sorted(SHAPES[section].events)
    window = "    step_up_within: 1m\n" if section is Section.MFA else ""
    text = rule(section, f"{window}    events: [{', '.join(events)}]")
    assert events_of(text) == set(events)


def test_named_events_need_every_fact_of_the_condition_at_its_first_mention(errors: Errors) -> None:
    keys = "    events: [hydra.token, check]\n    when: {}"
    condition = 'session.active && (client.id == "x" || client.id == "y" || request.ip == "z")'
    assert errors(rule("deny", keys.format(condition))) == [
        f"5:{11 + condition.index(fact)} condition.unavailable_fact"
        for fact in ("client.id", "request.ip")
    ]


def test_a_missing_fact_is_told_with_the_events_that_have_it(message: Message) -> None:
    keys = "    events: [hydra.token, kratos.login, check]\n    when: request.path == '/x'"
    assert message(rule("deny", keys)) == (
        "request.path does not exist at hydra.token and kratos.login; it does at check"
    )


def test_a_missing_fact_of_a_named_condition_is_placed_where_that_is_named(
    errors: Errors, message: Message
) -> None:
    text = rule("deny", "    events: [check]\n    when: session.active && web\n")
    text += "conditions: {web: client.id == 'web'}\n"
    assert errors(text) == ["5:29 condition.unavailable_fact"]
    assert message(text).startswith(
        "client.id, which this condition reads, does not exist at check; it does at hydra.token,"
    )


def test_an_event_that_is_not_allowed_is_no_reason_for_further_errors(errors: Errors) -> None:
    text = rule("deny", "    events: [kratos.recovery]\n    when: client.id == 'x'")
    assert errors(text) == ["4:14 policy.event_not_allowed"]


def test_the_values_of_a_claims_rule_count_as_its_condition_does(errors: Errors) -> None:
    """A claim that reads what the event lacks would always be removed."""
    text = "version: 1\nclaims:\n  - name: a\n    access_token: {ip: request.ip}\n"
    assert errors(text) == ["4:24 policy.no_event"]
    text += "    events: [hydra.refresh_token]\n"
    assert errors(text) == ["4:24 condition.unavailable_fact"]


def test_facts_that_no_event_has_together_are_told_with_their_events(message: Message) -> None:
    condition = "request.country == 'KP' && token.grant == 'refresh_token'"
    assert message(rule("deny", f'    when: "{condition}"')) == (
        "no event that a deny rule can act on has every fact that is read here:"
        " request.country exists only at kratos.login, kratos.registration, kratos.settings and"
        " check; token.grant exists only at hydra.token and hydra.refresh_token"
    )


def test_a_fact_that_a_section_never_has_is_told_so(message: Message) -> None:
    text = rule("claims", "    when: session.active && flow.refresh")
    assert message(text).endswith("flow.refresh exists at none of them")


def test_facts_that_only_other_events_have_come_with_these(
    errors: Errors, message: Message
) -> None:
    condition = "flow.type == 'browser' && client.id == 'x'"
    text = rule("mfa", f'    when: "{condition}"')
    assert errors(text) == ["5:11 policy.no_event"]
    assert message(text).endswith("name one with `events`: kratos.login")


def test_a_condition_that_cannot_be_read_is_the_only_error_of_its_rule(errors: Errors) -> None:
    assert errors(rule("deny", "    when: client.idd == 'x'")) == ["4:11 condition.unknown_fact"]
