"""What the YAML parser complains about, in the words of someone who writes policies."""

from __future__ import annotations

import re
from typing import Final

from webhook_service.policy.loading.wording import quoted

_WORDS: Final = (
    (
        "mapping values are not allowed",
        "a `: ` cannot stand here: the indentation is wrong, or a value holds it and needs quotes",
    ),
    ("but found '<scalar>'", "text after a value that has ended"),
    ("expected <block end>", "the indentation does not fit the lines above"),
    ("could not find expected ':'", "neither `key: value` nor a list item (`- …`)"),
    ("unexpected end of stream", "a quote that is opened here and never closed"),
    ("found character '\\t'", "a tab; YAML is indented with spaces"),
    ("cannot start any token", "no value can start with this character; write it in quotes"),
    ("sequence entries are not allowed", "a list starts on the line below its key"),
    ("expected ',' or", "expected `,` or the closing bracket"),
    ("expected the node content", "expected a value"),
    ("unknown escape", "no escape that YAML knows; write `\\\\`, or use single quotes"),
)

OPENING_MARK: Final = ("found unexpected end of stream", "could not find expected ':'")
"""Problems that are noticed long after the place to repair, which is where they began."""

_KEY: Final = re.compile(r"(?:^\s*(?:-\s+)*|[{,]\s*)([A-Za-z_][A-Za-z0-9_]*):\s+(?=\S)")
_TEXTS: Final = frozenset({"name", "description", "message", "payload"})
_REFERENCES: Final = frozenset("&*")
_NEVER_CONDITIONS: Final = frozenset(
    "version mode conditions deny mfa sessions revoke claims tests events on_error require"
    " aal max_age methods enrolment grace since step_up_within extend when_left counted_from"
    " must_be_active access_token id_token event session identity client token flow request"
    " now facts unavailable expect verdict rule reason matched end_now end_at step_up_by"
    " traits metadata_public metadata_admin factors".split()
)


def in_words(problem: str) -> str:
    """Return the parser's complaint in words; its own, cut, where there are none."""
    for complaint, words in _WORDS:
        if complaint in problem:
            return words
    return quoted(problem)


def value_hint(line: str, column: int) -> str:
    """Return how to write the value in which YAML stumbled; empty if that is no advice.

    Args:
        line: the line of the file.
        column: where YAML stumbled, from 0.
    """
    keys = [key for key in _KEY.finditer(line) if key.end() <= column]
    if not keys or keys[-1].group(1) in _NEVER_CONDITIONS:
        return ""
    key = keys[-1]
    what = "text" if key.group(1) in _TEXTS else "condition"
    if what == "condition" and line[column : column + 1] in _REFERENCES:
        return "; what several rules share can have a name under `conditions`"
    return f"; write the {what} in quotes or after `|`"
