"""P2, P4, P11: conditions in the file, and where their errors are placed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from webhook_service.policy.loader import load

Errors = Callable[[str | bytes], list[str]]
Message = Callable[[str | bytes], str]

DENY = "version: 1\ndeny:\n  - name: a\n"


@pytest.mark.parametrize(
    ("written", "place"),
    [
        pytest.param("when: now == nwo", "4:18", id="one line"),
        pytest.param("when:    now == nwo   # comment", "4:21", id="one line after spaces"),
        pytest.param("when:\n      now == nwo", "5:14", id="the line below the key"),
        pytest.param('when: "now == nwo"', "4:19", id="double quotes"),
        pytest.param("when: 'now == nwo'", "4:19", id="single quotes"),
        pytest.param('when: "now == nwo || true"', "4:19", id="an error before the end"),
        pytest.param("when: |\n      now ==\n      nwo", "6:7", id="a literal block"),
        pytest.param("when: |-\n      now ==\n      nwo", "6:7", id="a block without its end"),
        pytest.param("when: |+\n      now ==\n      nwo\n\n", "6:7", id="a block with its end"),
        pytest.param("when: | # why\n      now ==\n      nwo", "6:7", id="a block with a comment"),
        pytest.param("when: |2\n        now ==\n        nwo", "6:9", id="a block that is indented"),
        pytest.param("when: |\n      now ==\n        nwo", "6:9", id="a deeper line"),
        pytest.param("when: |\n\n\n      now ==\n\n      nwo", "9:7", id="empty lines in between"),
        pytest.param("when: |\n\n      nwo", "6:7", id="one empty line before the first"),
        pytest.param("when: |\n      '😀' == '😀' && nwo", "5:21", id="characters, not bytes"),
        pytest.param("when: |\n      now ==\n", "5:13", id="the end of a block, not its last line"),
    ],
)  # fmt: skip
def test_an_error_stands_at_its_character_where_the_text_is_as_written(
    written: str, place: str, errors: Errors, message: Message
) -> None:
    """P2: `|` blocks, one-line plain and one-line quoted text without escapes are exact."""
    (error,) = errors(f"{DENY}    {written}")
    assert error.startswith(f"{place} condition.")
    assert "character" not in message(f"{DENY}    {written}")


@pytest.mark.parametrize("line_break", ["\r\n", "\r"])
def test_the_place_in_a_block_does_not_depend_on_line_breaks(
    line_break: str, errors: Errors
) -> None:
    text = f"{DENY}    when: |\n      now ==\n      nwo"
    assert errors(text.replace("\n", line_break)) == ["6:7 condition.unknown_fact"]


@pytest.mark.parametrize(
    ("written", "character"),
    [
        pytest.param("when: >\n      now ==\n      nwo", 8, id="a folded block"),
        pytest.param("when: >-\n      now == nwo", 8, id="a folded block of one line"),
        pytest.param("when: now ==\n      nwo", 8, id="plain text of two lines"),
        pytest.param('when: "now ==\n      nwo"', 8, id="quoted text of two lines"),
        pytest.param("when: 'client.id == ''x'' || nwo'", 21, id="doubled quotes"),
        pytest.param(r'when: "client.id == \"x\" || nwo"', 21, id="escaped quotes"),
    ],
)  # fmt: skip
def test_elsewhere_it_stands_at_the_value_and_the_message_counts(
    written: str, character: int, errors: Errors, message: Message
) -> None:
    text = f"{DENY}    {written}"
    (error,) = errors(text)
    assert error.startswith("4:11 condition.")
    assert message(text).endswith(f" (character {character} of the condition)")


def test_an_error_in_a_claim_counts_the_characters_of_an_expression(message: Message) -> None:
    text = "version: 1\nclaims: [{name: a, id_token: {b: 'session.aall == ''x'''}}]"
    assert message(text).endswith(" (character 1 of the expression)")


def test_a_condition_may_use_the_names_above_it(errors: Errors) -> None:
    """P11."""
    text = "version: 1\nconditions:\n  a: session.active\n  b: a && !a\n  c: b || a\n"
    assert list(load(text.encode()).conditions) == ["a", "b", "c"]
    assert errors(text + "  d: e\n  e: a\n") == ["6:6 condition.unknown_fact"]


def test_a_name_that_is_defined_below_is_told_so(message: Message) -> None:
    text = "version: 1\nconditions:\n  a: true && staff\n  staff: session.active\n"
    assert message(text) == (
        "staff is not a fact; it is defined in line 4, and only names above can be used"
    )


@pytest.mark.parametrize(
    "when",
    [
        "|\n      client.id == 'a' // the app\n      && flow.refresh // again",
        ">-\n      client.id == 'a'\n      && flow.refresh // the app, again",
        ">-\n      client.id == 'a' // the app\n\n      && flow.refresh",
        "client.id == 'https://a'\n      && flow.refresh // the app, again",
    ],
)
def test_a_comment_may_end_its_line_where_nothing_of_the_condition_is_lost(when: str) -> None:
    rule = load(f"{DENY}    when: {when}\n".encode()).rules[0]
    assert rule.when is not None
    assert rule.when.facts == {"client.id", "flow.refresh"}


def test_a_condition_cannot_use_itself(message: Message) -> None:
    assert "it is defined in line 2" in message("version: 1\nconditions: {a: a || true}\n")


def test_conditions_may_stand_below_the_rules_that_use_them() -> None:
    assert load(f"{DENY}    when: b\nconditions: {{b: session.active}}".encode()).rules[0].when


@pytest.mark.parametrize("name", ["staff", "Staff"])
def test_a_broken_condition_is_reported_once_however_often_it_is_used(
    name: str, errors: Errors
) -> None:
    text = f"{DENY}    when: {name} && true\nconditions:\n  {name}: session.actve\n  b: {name}\n"
    kinds = [error.partition(" ")[2] for error in errors(text)]
    assert kinds.count("condition.unknown_fact") == 1
    assert set(kinds) <= {"condition.unknown_fact", "policy.reserved_name"}


def test_a_reserved_name_does_not_take_the_place_of_the_fact(errors: Errors) -> None:
    text = f"{DENY}    when: session.active && now == now\nconditions: {{now: now == now}}\n"
    assert errors(text) == ["5:14 policy.reserved_name"]


def test_a_misspelt_condition_is_set_right(message: Message) -> None:
    text = f"{DENY}    when: contractr\nconditions: {{contractor: session.active}}\n"
    assert message(text) == "contractr is not a fact; did you mean contractor?"
