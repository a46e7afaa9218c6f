"""P1: the form of a policy file."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from webhook_service.policy.loader import load
from webhook_service.policy.loading.yaml_nodes import MappingNode, Plain, ScalarNode, resolved
from webhook_service.policy.loading.yaml_reader import UnreadableError, read

Errors = Callable[[str | bytes], list[str]]
Message = Callable[[str | bytes], str]

RULE = "version: 1\nmfa:\n  - name: a\n"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("a: *b", "1:4 yaml.feature", id="an alias"),
        pytest.param("a: &b c", "1:4 yaml.feature", id="an anchor"),
        pytest.param("a: !!str b", "1:4 yaml.feature", id="a tag"),
        pytest.param("a: !(b) && c", "1:4 yaml.feature", id="a tag that is none to YAML either"),
        pytest.param("%YAML 1.2\n---\na: 1", "1:1 yaml.feature", id="a directive"),
        pytest.param("<<: {a: 1}", "1:1 yaml.feature", id="a merge key"),
        pytest.param("a: 1\n...\nb: 1", "3:1 yaml.feature", id="a second document after an end"),
        pytest.param("---\na: 1\n---\n", "3:1 yaml.feature", id="a second, empty document"),
        pytest.param("1: a", "1:1 yaml.feature", id="a number as key"),
        pytest.param("true: a", "1:1 yaml.feature", id="true as key"),
        pytest.param("a: {~: b}", "1:5 yaml.feature", id="null as key"),
        pytest.param(": a", "1:1 yaml.feature", id="nothing as key"),
        pytest.param("? [a]\n: b", "1:3 yaml.feature", id="a list as key"),
        pytest.param("? {a: 1}\n: b", "1:3 yaml.feature", id="a mapping as key"),
        pytest.param("a: {b: 1, c: 2, b: 3}", "1:17 yaml.duplicate_key", id="a key twice in line"),
        pytest.param('a: 1\n"a": 2', "2:1 yaml.duplicate_key", id="a key twice, once quoted"),
        pytest.param("a: [1, 2", "1:9 yaml.syntax", id="a list without end"),
        pytest.param("a: {b: 1", "1:9 yaml.syntax", id="a mapping without end"),
        pytest.param("a: 'b\nc: d", "1:4 yaml.syntax", id="a quote without end, at its beginning"),
        pytest.param("a:\n\tb: 1", "2:1 yaml.syntax", id="a tab as indent"),
        pytest.param("a: @b", "1:4 yaml.syntax", id="a reserved character"),
        pytest.param("a: - b", "1:4 yaml.syntax", id="a list on the line of its key"),
        pytest.param("a: 1\nb\nc: 2", "2:1 yaml.syntax", id="a line without colon, where it is"),
        pytest.param("a: [,]", "1:5 yaml.syntax", id="a list without an item"),
        pytest.param(r'a: "\q"', "1:6 yaml.syntax", id="an unknown escape"),
        pytest.param(r'a: "\x4"', "1:7 yaml.syntax", id="half an escape"),
        pytest.param(r'a: "\UFFFFFFFF"', "1:1 yaml.syntax", id="an escape that is no character"),
        pytest.param(r'a: "\ud83d\ude00"', "1:4 yaml.syntax", id="a surrogate"),
        pytest.param("a: b\x00", "1:5 yaml.syntax", id="U+0000"),
        pytest.param("a: 1\nb: c\u2028d", "2:5 yaml.syntax", id="a line separator"),
        pytest.param(b"a: b\nc: \xff", "2:4 yaml.syntax", id="a byte that is not UTF-8"),
        pytest.param(b"\xff\xfea\x00:\x00", "1:1 yaml.syntax", id="UTF-16"),
        pytest.param("é: ü\né: ö".encode("latin-1"), "1:1 yaml.syntax", id="Latin 1"),
    ],
)
def test_what_is_no_policy_in_form_is_refused_at_its_place(
    text: str | bytes, error: str, errors: Errors
) -> None:
    """P2: errors of the form stop the reading, so each comes alone."""
    assert errors(text) == [error]


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("    when: !session.active", "write the condition in quotes or after `|`"),
        ("    when: *session", "what several rules share can have a name under `conditions`"),
        ("    when: a ? b : c", "write the condition in quotes or after `|`"),
        ('    when: ["a"] == b', "write the condition in quotes or after `|`"),
        ('    x: {y: z, when: a in ["b"]}', "write the condition in quotes or after `|`"),
        ('    x: {message: "Hi" there}', "write the text in quotes or after `|`"),
        ("    message: Note: sign in", "write the text in quotes or after `|`"),
    ],
)
def test_a_value_that_yaml_cannot_read_comes_with_the_way_to_write_it(
    line: str, hint: str, message: Message
) -> None:
    assert message(RULE + line).endswith(f"; {hint}")


@pytest.mark.parametrize(
    "text",
    [
        RULE + "   require: {aal: aal2}",
        RULE + "    require: {aal: aal2",
        "mfa: &rules []",
        "mfa: !rules []",
        RULE + "    require: !x {aal: aal2}",
        RULE + '"when": x\n  y: z',
    ],
)
def test_other_errors_of_the_form_say_nothing_about_conditions(text: str, message: Message) -> None:
    assert "after `|`" not in message(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\n   b: 2", "indentation"),
        ("a:\n- b\n c: 1", "indentation"),
        ("a: 'b' c", "text after a value that has ended"),
        ("a: 'b", "opened here and never closed"),
        ("a:\n\tb: 1", "a tab"),
        ("a: `b`", "write it in quotes"),
        ("a: b\nc", "neither `key: value` nor a list item"),
        ("a: - b", "on the line below"),
        (r'a: "\q"', "no escape"),
        (r'a: "\x4"', "expected escape sequence of 2"),
        (
            "a: b\x07",
            (
                "character U+0007 does not belong in a policy file; remove it, or write it as an"
                " escape in double quotes"
            ),
        ),
        (b"\xff", "0xff is not UTF-8"),
        ("[a]: b", "keys are texts"),
        ("1: b", "keys are texts"),
    ],
)
def test_errors_of_the_form_are_told_in_plain_words(
    text: str | bytes, words: str, message: Message
) -> None:
    assert words in message(text)


def test_the_second_key_says_where_the_first_one_is(message: Message) -> None:
    assert message("a: 1\nb: 2\na: 3") == "a stands already in line 1; keep one of the two"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, None) for word in ("", "~", "null", "Null", "NULL")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "False", "FALSE")),
        *((word, word) for word in ("yes", "no", "on", "off", "y", "n", "tRUE", "15m", "1h 30m")),
        *((word, word) for word in ("2026-12-01", "2026-12-01T00:00:00Z", "1_000", "0b1", "1:30")),
        ("12", 12),
        ("-12", -12),
        ("+12", 12),
        ("012", 12),
        ("0o17", 15),
        ("0xfF", 255),
        ("1.5", 1.5),
        (".5", 0.5),
        ("-1.", -1.0),
        ("1e3", 1000.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("9" * 40, int("9" * 40)),
        ("9" * 41, math.inf),
        ("1e999", math.inf),
    ],
)
def test_plain_values_have_the_types_of_yaml_1_2(text: str, value: Plain) -> None:
    assert resolved(text) == value
    assert type(resolved(text)) is type(value)


def test_no_number_is_a_number_to_yaml_too() -> None:
    number = resolved(".NaN")
    assert isinstance(number, float)
    assert math.isnan(number)


def test_quoted_values_are_texts() -> None:
    root = read(b"a: 'true'\nb: \"1\"\nc: |\n  null\n")
    assert isinstance(root, MappingNode)
    values = [entry.value for _, entry in root]
    assert all(isinstance(node, ScalarNode) and node.value == node.text for node in values)


def test_a_key_without_quotes_may_be_on_or_yes() -> None:
    root = read(b"on: 1\nyes: 2\n'1': 3\n'<<': 4\n")
    assert isinstance(root, MappingNode)
    assert list(root.entries) == ["on", "yes", "1", "<<"]


def test_a_byte_order_mark_and_a_document_start_are_no_errors() -> None:
    assert load(b"\xef\xbb\xbf---\nversion: 1\n...\n").rules == ()


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_lines_are_counted_whatever_ends_them(line_break: str, errors: Errors) -> None:
    text = "version: 1\n# \U0001f600\nmode: 'x\n\n  y'\nmodes: z\n".replace("\n", line_break)
    assert errors(text) == ["3:7 policy.value", "6:1 policy.unknown_key"]


def test_columns_count_characters(errors: Errors) -> None:
    assert errors("version: 1\nconditions: {a: '\U0001f600', b: c}") == [
        "2:18 condition.syntax",
        "2:25 condition.unknown_fact",
    ]


def test_a_file_that_cannot_be_read_says_why() -> None:
    with pytest.raises(UnreadableError) as caught:
        read(b"1: a")
    assert str(caught.value) == caught.value.problem.message == "keys are texts; write it in quotes"
