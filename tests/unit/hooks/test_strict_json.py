"""What a body may be: bad-inputs rows 10 to 19."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webhook_service.hooks.strict_json import MAX_DEPTH, MalformedError, read_object

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text('abc\\"é'), inner),
    max_leaves=40,
)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"[" * 1000, "nested deeper than 64", id="a thousand brackets"),
        pytest.param(b'{"a":' * 10_923, "nested deeper than 64", id="64 KiB of open objects"),
        pytest.param(b'{"a": NaN}', "NaN", id="NaN"),
        pytest.param(b'{"a": -Infinity}', "-Infinity", id="infinity"),
        pytest.param(b'{"a": 1e999}', "too large", id="1e999"),
        pytest.param(b'{"s": 1, "s": 2}', "twice", id="a key twice"),
        pytest.param(b'{"a": {"s": 1, "s": 1}}', "twice", id="a key twice, inside"),
        pytest.param('{"a": 1}'.encode("utf-16"), "UTF-8", id="UTF-16"),
        pytest.param(b'{"a": "\\ud800"}', "surrogate", id="a lone surrogate"),
        pytest.param(b'{"\\udc00": 1}', "surrogate", id="a lone surrogate in a key"),
        pytest.param(b'{"a": [{"b": "x\\u0000"}]}', "U+0000", id="U+0000"),
        pytest.param(b'{"a": "\x00"}', "not JSON", id="a raw NUL"),
        pytest.param(b"null", "not a JSON object", id="null"),
        pytest.param(b"[]", "not a JSON object", id="a list"),
        pytest.param(b'"text"', "not a JSON object", id="a text"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", "digits", id="5,000 digits"),
        pytest.param(b'{"a": 1} x', "not JSON", id="something behind it"),
        pytest.param(b"\xef\xbb\xbf{}", "not JSON", id="a byte order mark"),
        pytest.param(b'{"a": "' + b'\\"' * 70, "not JSON", id="a text that does not end"),
    ],
)
def test_what_is_not_plain_json_is_refused_with_one_reason(body: bytes, why: str) -> None:
    with pytest.raises(MalformedError, match=why.replace("+", r"\+")):
        read_object(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"a":' * 200_000, id="open objects"),
        pytest.param(b'{"a": "' + b'\\"[' * 300_000, id="a text full of escaped quotes"),
        pytest.param(b'{"a": ["' + b'","[' * 200_000, id="brackets inside texts"),
    ],
)
def test_a_hostile_mebibyte_is_refused_at_once(body: bytes) -> None:
    begun = time.perf_counter()
    with pytest.raises(MalformedError):
        read_object(body[: 1 << 20])
    assert time.perf_counter() - begun < 0.5


def test_the_depth_limit_counts_levels_and_not_brackets() -> None:
    deepest = b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    wide = json.dumps({"a": [{"b": [[]]}] * 100, "c": "[{" * 100}).encode()
    assert read_object(deepest)
    assert len(read_object(wide)["a"]) == 100
    with pytest.raises(MalformedError, match="deeper than 64"):
        read_object(deepest.replace(b"[]", b"[[]]"))


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert read_object(b'{"a": "\\\\u0000", "b": "\\ud83d\\ude00"}') == {
        "a": "\\u0000",
        "b": "\N{GRINNING FACE}",
    }


@given(st.dictionaries(st.text('abc\\"é'), json_values))
@settings(max_examples=150, deadline=None)
def test_everything_else_reads_as_the_standard_reader_has_it(value: dict[str, object]) -> None:
    assert read_object(json.dumps(value).encode()) == value
    assert read_object(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_an_object_or_that_one_error(body: bytes) -> None:
    with contextlib.suppress(MalformedError):
        assert isinstance(read_object(body), dict)


def test_the_error_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(MalformedError) as caught:
        read_object(b'{"assertion": "eyJhbGciOi", oops')
    assert "eyJ" not in str(caught.value)
