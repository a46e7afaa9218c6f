"""P1: how large a policy file may be, and how long it may take to say that it is too large."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from time import process_time

import pytest

from webhook_service.policy.errors import PolicyError, Problem
from webhook_service.policy.loader import load
from webhook_service.policy.loading.expressions import MAX_CHARACTERS
from webhook_service.policy.loading.yaml_reader import MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_WORDS

Errors = Callable[[str | bytes], list[str]]
Message = Callable[[str | bytes], str]


def slowness() -> int:
    """Return how much longer everything may take: a tracer (coverage) slows it down."""
    return 1 if sys.gettrace() is None else 20


def test_the_largest_file_has_a_megabyte(errors: Errors, message: Message) -> None:
    text = b"version: 1\n" + b"#" * (MAX_BYTES - 11)
    assert load(text).rules == ()
    assert errors(text + b"#") == ["1:1 file.too_large"]
    assert message(text + b"#") == (
        "the file has 1,048,577 bytes; a policy file has at most 1,048,576"
    )


def test_the_longest_file_has_so_many_words_and_lines(errors: Errors, message: Message) -> None:
    text = "version: 1\n#" + " x\n#" * 49_998 + " x x"
    assert len(text.split()) + text.count("\n") == MAX_WORDS
    assert load(text.encode()).rules == ()
    assert errors(text + " x") == ["1:1 file.too_large"]
    assert message(text + " x") == "more than 150,000 words and lines: no policy needs as many"


def test_the_largest_file_has_so_many_values(
    errors: Errors, problems: Callable[[str], tuple[Problem, ...]]
) -> None:
    others = 5  # the file, two keys, a version, a list
    most = "version: 1\ntests: [" + "x," * (MAX_NODES - others)
    assert errors(most + "]")[0] == "2:9 policy.wrong_type"
    for one_more in ("x", "{}"):
        [problem] = problems(f"{most}{one_more}]")
        assert (problem.line, problem.column) == (2, 9 + 2 * (MAX_NODES - others))
        assert problem.kind == "file.too_large"
        assert problem.message == "more than 25,000 values: no policy needs as many"


def test_the_deepest_file_has_so_many_levels(errors: Errors, message: Message) -> None:
    assert errors("[" * MAX_DEPTH + "]" * MAX_DEPTH) == ["1:1 policy.wrong_type"]
    assert errors("[" * MAX_DEPTH + "[]") == [f"1:{MAX_DEPTH + 1} file.too_large"]
    assert message("[" * MAX_DEPTH + "[]") == "nested deeper than 64"


def test_the_501st_rule_is_one_too_many(errors: Errors) -> None:
    rules = "".join(f"  - name: n{number}\n" for number in range(500))
    assert len(load(f"version: 1\ndeny:\n{rules}".encode()).rules) == 500
    more = "mfa:\n  - name: x\ntests:\n  - {name: t, event: check, expect: {rule: x}}\n"
    assert errors(f"version: 1\ndeny:\n{rules}{more}") == ["504:5 file.too_large"]


def test_a_file_full_of_conditions_is_too_large(errors: Errors) -> None:
    """Each counts its characters and 20 more."""
    condition = "true" + " " * 1968 + "|| false"
    conditions = "".join(f"  c{number:03}: {condition}\n" for number in range(125))
    assert len(condition) + 20 == MAX_CHARACTERS / 125
    text = f"version: 1\nconditions:\n{conditions}"
    assert len(load(text.encode()).conditions) == 125
    assert errors(text.replace("||", " ||", 1)) == ["127:9 file.too_large"]


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "{",
        "- ",
        "? ",
        "a: ",
        "a: {",
        "[a,",
        "a\n",
        "#\n",
        "\n",
        " ",
        "'",
        '"\\x41',
        "|\n ",
        ":",
    ],
)
@pytest.mark.measured
def test_a_megabyte_of_one_thing_is_refused_within_a_second(unit: str) -> None:
    data = (unit * (MAX_BYTES // len(unit))).encode()
    began = process_time()
    with pytest.raises(PolicyError):
        load(data)
    assert process_time() - began < slowness()


@pytest.mark.measured
def test_a_file_at_the_limit_takes_less_than_200_mebibytes() -> None:
    script = f"""
import re, pathlib, webhook_service.policy.loader as loader
try:
    text = "version: 1\\ntests: [" + "x," * {MAX_NODES - 5} + "]\\n"
    loader.load(text.encode().ljust({MAX_BYTES}, b"#"))
except loader.PolicyError:
    # Not ru_maxrss: Linux hands that down from the process that forked.
    status = pathlib.Path("/proc/self/status").read_text()
    print(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1])
"""
    run = subprocess.run(  # noqa: S603  our own interpreter: a process of its own has its own peak
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    kibibytes = int(run.stdout)
    assert 0 < kibibytes < 200 << 10
