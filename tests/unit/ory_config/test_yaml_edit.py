"""Changes in a YAML file: nothing moves that did not have to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webhook_service.ory_config.delta import Amend, Drop, Items, Keep, Put, applied
from webhook_service.ory_config.yaml_edit import UneditableError, edited, read
from webhook_service.ory_config.yaml_text import block

FILE = """\
# the top
version: v1   # pinned

flows:
    login:
        ui: "http://a"   # quoted
        text: |
            two
            lines

        empty:

    # about settings
    settings:
        after: {password: {hooks: []}}
        hooks:
        # first
        - hook: a    # a's

        - hook: b
          config: {url: x}
# the end
last: 'one'
"""


def lines_added(before: str, after: str) -> list[str]:
    """Return the lines that are new; every old one must be there still, in order."""
    rest = iter(before.splitlines())
    waiting = next(rest, None)
    added = []
    for line in after.splitlines():
        if line == waiting:
            waiting = next(rest, None)
        else:
            added.append(line)
    assert waiting is None, f"lost: {waiting}"
    return added


def test_a_new_key_stands_at_the_end_of_its_mapping_in_its_indent() -> None:
    after = edited(FILE, {"flows": {"login": {"after": Put({"hooks": [{"hook": "new"}]})}}})
    added = ["        after:", "          hooks:", "            - hook: new"]
    assert lines_added(FILE, after) == added
    assert "        empty:\n        after:" in after


def test_new_keys_at_the_top_come_last() -> None:
    after = edited(FILE, {"new": {"a": Put(1)}})
    assert after == FILE + "new:\n  a: 1\n"


def test_an_element_comes_before_the_first_and_its_comments() -> None:
    items = Items((Put({"hook": "new", "x": [1, 2]}), Keep(0), Keep(1)))
    after = edited(FILE, {"flows": {"settings": {"hooks": items}}})
    assert lines_added(FILE, after) == [
        "        - hook: new",
        "          x:",
        "            - 1",
        "            - 2",
    ]
    assert "hooks:\n        - hook: new\n" in after
    assert "            - 2\n        # first\n        - hook: a" in after


def test_an_element_comes_last() -> None:
    items = Items((Keep(0), Keep(1), Put("new")))
    after = edited(FILE, {"flows": {"settings": {"hooks": items}}})
    assert lines_added(FILE, after) == ["        - new"]
    assert after.endswith("config: {url: x}\n        - new\n# the end\nlast: 'one'\n")


def test_an_element_changes_where_it_stands() -> None:
    items = Items((Amend(0, {"hook": Put("z"), "more": Put(None)}), Keep(1)))
    after = edited(FILE, {"flows": {"settings": {"hooks": items}}})
    assert "        - hook: z    # a's\n          more: null\n" in after


def test_a_value_changes_and_the_comment_beside_it_stays() -> None:
    after = edited(FILE, {"version": Put("v2"), "flows": {"login": {"ui": Put("b c: d")}}})
    assert "version: v2   # pinned\n" in after
    assert 'ui: "b c: d"   # quoted\n' in after


def test_flow_style_stays_flow_style() -> None:
    items: Any = {"after": {"password": {"hooks": Items((Put({"hook": "new"}),))}}}
    after = edited(FILE, {"flows": {"settings": items}})
    assert 'after: {"password": {"hooks": [{"hook": "new"}]}}\n' in after


def test_an_element_in_flow_style_changes_as_one() -> None:
    text = "a:\n  - {b: 1}   # one\n  - c\n"
    after = edited(text, {"a": Items((Amend(0, {"b": Put(2)}), Keep(1)))})
    assert after == 'a:\n  - {"b": 2}   # one\n  - c\n'


def test_a_key_without_a_value_gets_one() -> None:
    after = edited(FILE, {"flows": {"login": {"empty": {"a": Put("b")}}}})
    assert "        empty:\n          a: b\n\n    # about settings\n" in after


def test_a_block_of_text_is_replaced_whole() -> None:
    after = edited(FILE, {"flows": {"login": {"text": Put("one")}}})
    assert "        text: one\n" in after
    assert "lines" not in after


def test_a_mapping_takes_the_place_of_a_scalar() -> None:
    assert edited("a: x  # why\nb: 1\n", {"a": Put({"c": 1})}) == "a:\n  c: 1  # why\nb: 1\n"


def test_a_key_goes_with_its_lines() -> None:
    after = edited(FILE, {"flows": {"login": {"text": Drop()}}, "last": Drop()})
    assert lines_added(after, FILE) == [
        "        text: |",
        "            two",
        "            lines",
        "last: 'one'",
    ]
    assert edited("a: 1\nb:\n", {"b": Drop()}) == "a: 1\n"


def test_a_key_that_is_not_there_need_not_go() -> None:
    assert edited("a: 1\n", {"b": Drop()}) == "a: 1\n"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_a_file_that_says_nothing_is_filled(text: str) -> None:
    assert edited(text, {"a": Put({"b": []})}) == f"{text}a:\n  b: []\n"


def test_the_last_line_may_lack_its_break() -> None:
    assert edited("a: 1", {"b": Put(2)}) == "a: 1\nb: 2"


def test_line_breaks_of_windows_stay() -> None:
    assert edited("a: 1\r\n# c\r\n", {"b": Put(2)}) == "a: 1\r\nb: 2\r\n# c\r\n"


def test_json_stays_json() -> None:
    after = edited('{"a": {"b": [1]}}', {"a": {"b": Items((Keep(0), Put(2)))}})
    assert json.loads(after) == {"a": {"b": [1, 2]}}
    assert after.startswith("{\n")


def test_no_change_is_no_change() -> None:
    assert edited(FILE, {}) is FILE


@pytest.mark.parametrize(
    "text", ["x: &h {a: 1}\nb: {a: 1}\n", "b: &h\n  a: 1\nx: *h\n", "x: &h\n  a: 1\nb: *h\n"]
)
def test_what_an_anchor_shares_is_left_to_its_author(text: str) -> None:
    if text.startswith("x: &h {"):
        assert edited(text, {"b": {"a": Put(2)}}).startswith("x: &h {a: 1}\n")
        return
    with pytest.raises(UneditableError, match="b is shared by an anchor"):
        edited(text, {"b": {"a": Put(2)}})


def test_a_new_key_stands_after_an_alias() -> None:
    text = "a: &h\n  b: 1\nc:\n  d: *h  # shared\ne: 1\n"
    assert edited(text, {"c": {"f": Put(2)}}) == text.replace("shared\n", "shared\n  f: 2\n")


def test_a_key_that_a_merge_brings_is_written_out() -> None:
    text = "base: &h\n  a: {b: 1}\nc:\n  <<: *h\n  d: 1\n"
    after = edited(text, {"c": {"a": {"e": Put(2)}}})
    assert after == text + "  a:\n    b: 1\n    e: 2\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [", "line 1: "),
        ("- a\n", "a single value or a list"),
        ("a: 1\na: 2\n", "line 2: "),
        ("a: 1\n---\nb: 2\n", "another document"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(text: str, why: str) -> None:
    with pytest.raises(UneditableError, match=why):
        read(text)


def test_a_value_that_cannot_be_told_apart_is_left_to_its_author() -> None:
    with pytest.raises(UneditableError, match="cannot add to"):
        edited("1: x\n", {"1": Put("y")})


def test_a_whole_file_in_flow_style_with_comments_is_left_to_its_author() -> None:
    with pytest.raises(UneditableError, match="one flow"):
        edited("{a: 1, # one\n b: 2}\n", {"a": Put(2)})


WORDS = st.text("ab:#-'\" \\{}[]é&*!|>%@", max_size=6)
KEYS = st.sampled_from(["a", "b", "c", "yes", "1", "a b"])
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
FILES = st.dictionaries(KEYS, TREES, min_size=1, max_size=3)


@settings(max_examples=60, deadline=None)
@given(FILES, FILES)
def test_whatever_is_written_is_read_again(old: dict[str, Any], new: dict[str, Any]) -> None:
    text = "".join(f"{line}\n# between\n" for line in block(old))
    assert read(text) == old
    after = edited(text, {key: Put(value) for key, value in new.items()})
    assert read(after) == applied(old, {key: Put(value) for key, value in new.items()})


def test_a_json_file_may_begin_with_a_byte_order_mark() -> None:
    assert edited('\ufeff{"a": 1}', {"b": Put(2)}) == '{\n  "a": 1,\n  "b": 2\n}\n'


def test_a_file_that_says_null_is_left_to_its_author_who_is_told_the_line() -> None:
    with pytest.raises(UneditableError, match="line 2: it says null"):
        edited("# nothing\nnull\n", {"a": Put(1)})


SHARED = """\
a: &one
  - &hook
    hook: x
b:
  hooks:
    # ours
    - *hook
    - hook: y
  last:
    - z
    - *hook   # again
# the end
c: 1
"""


def test_a_list_with_shared_elements_gets_others_before_them() -> None:
    items = Items((Put("new"), Keep(0), Put("next"), Keep(1)))
    after = edited(SHARED, {"b": {"hooks": items}})
    assert lines_added(SHARED, after) == ["    - new", "    - next"]
    assert "    - new\n    # ours\n    - *hook\n    - next\n    - hook: y\n" in after


def test_a_key_comes_behind_a_list_that_ends_with_a_shared_element() -> None:
    after = edited(SHARED, {"b": {"more": Put(1), "last": Items((Keep(0), Keep(1), Put("z2")))}})
    assert "    - *hook   # again\n    - z2\n  more: 1\n# the end\n" in after


def test_a_shared_element_itself_is_left_to_its_author_who_is_told_the_line() -> None:
    with pytest.raises(UneditableError, match=r"line 7: shared by an anchor"):
        edited(SHARED, {"b": {"hooks": Items((Amend(0, {"hook": Put("q")}), Keep(1)))}})
