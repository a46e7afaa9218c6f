"""Writes the tables of docs/policy.md from the tables of the code: ``make docs``.

What the loader reads by and what the guide says cannot differ that way. A test holds the
committed guide to this.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

import policy_texts as texts
from made_tables import filled
from markdown_tables import code, table

from webhook_service.policy.conditions import cursor, literals, parse, scope
from webhook_service.policy.errors import PolicyError
from webhook_service.policy.facts import FACTS, EventName, Fact, Source
from webhook_service.policy.loader import VERSIONS, load
from webhook_service.policy.loading import expressions, problems, rules, tests_section, yaml_reader
from webhook_service.policy.loading.expressions import KnownNames
from webhook_service.policy.loading.shapes import (
    FILE_KEYS,
    MODES,
    RESERVED_CLAIMS,
    RULE_KEYS,
    SHAPES,
)
from webhook_service.policy.messages import stock_message
from webhook_service.policy.model import Section
from webhook_service.policy.schema import descriptions, fact_descriptions

GUIDE: Final = Path(__file__).parent.parent / "docs" / "policy.md"

_NOT_THERE: Final = "–"  # noqa: RUF001  the dash that stands for nothing in a table
_TOLD: Final = "·"


def document(guide: str) -> str:
    """Return the guide with every table as the code has it now.

    Raises:
        ValueError: it does not have each of them once, and no other.
    """
    return filled(guide, TABLES)


# What a file may say


def file_keys() -> str:
    """Return the keys of a file."""
    rules_of = {section.value: told for section, told in descriptions.SECTIONS.items()}
    told = {**descriptions.FILE, **rules_of}
    default = f" `{next(iter(MODES))}` unless it says otherwise."
    more = {"version": f" Required: {code(VERSIONS)}.", "mode": default}
    return table(
        ("key", "what it is"), ((f"`{key}`", told[key] + more.get(key, "")) for key in FILE_KEYS)
    )


def rule_keys() -> str:
    """Return the keys of rules, those of all sections first."""
    own = [key for shape in SHAPES.values() for key in shape.keys if key not in RULE_KEYS]
    lines = []
    for key in (*RULE_KEYS, *dict.fromkeys(own)):
        lines.append((f"`{key}`", _sections_with(key), texts.TAKES[key], descriptions.KEYS[key]))
        lines += [
            (f"`{key}.{inner}`", "", *told) for inner, told in texts.INNER.get(key, {}).items()
        ]
    return table(("key", "in", "takes", "what it is"), lines)


def _sections_with(key: str) -> str:
    has = [section for section, shape in SHAPES.items() if key in shape.keys]
    needs = [section for section in has if key in ("name", *SHAPES[section].required)]
    where = "all" if len(has) == len(SHAPES) else ", ".join(has)
    if not needs:
        return where
    return f"{where}; required" + ("" if needs == has else f" in {', '.join(needs)}")


def sections() -> str:
    """Return which section may listen to which event, and does without ``events``."""

    def cell(section: Section, event: EventName) -> str:
        shape = SHAPES[section]
        if event in shape.default_events:
            return "default"
        return "if named" if event in shape.events else _NOT_THERE

    return table(
        ("event", *SHAPES),
        ((f"`{event}`", *(cell(section, event) for section in SHAPES)) for event in EventName),
    )


# Conditions


def functions() -> str:
    """Return the functions, each with an example that the condition parser has read."""
    return table(
        ("for example", "yields", "what it tells"),
        (
            (f"`{example}`", str(parse(example, KnownNames()).type), told)
            for example, told in texts.FUNCTIONS.values()
        ),
    )


def facts() -> str:
    """Return every fact with its type."""
    return table(
        ("fact", "type", "what it is"),
        (
            (f"`{fact.name}`", str(fact.type), fact_descriptions.FACTS[fact.name])
            for fact in FACTS.values()
        ),
    )


def sources() -> str:
    """Return where the facts come from: rows and columns that are alike are one."""
    columns: dict[tuple[str, ...], list[EventName]] = {}
    for event in EventName:
        column = tuple(_source(fact, event) for fact in FACTS.values())
        columns.setdefault(column, []).append(event)
    lines: dict[tuple[str, ...], list[str]] = {}
    for index, name in enumerate(FACTS):
        root = name.partition(".")[0]
        cells = tuple(column[index] for column in columns)
        lines.setdefault((root, *cells), []).append(name)
    return table(
        ("facts", *(code(events) for events in columns.values())),
        ((_together(names), *cells) for (_, *cells), names in lines.items()),
    )


def _source(fact: Fact, event: EventName) -> str:
    if event not in fact.source:
        return _NOT_THERE
    source = fact.source[event]
    return _TOLD if source is None else f"`{source}`"


def _together(names: list[str]) -> str:
    """Write the facts of one root, or the root alone where they are all of it."""
    root = names[0].partition(".")[0]
    if len(names) > 1 and names == [name for name in FACTS if name.startswith(f"{root}.")]:
        return f"`{root}.*`"
    return code([names[0], *(name.removeprefix(root) for name in names[1:])])


def words() -> str:
    """Return the words of facts that have no others."""
    facts_of: dict[frozenset[str], list[str]] = {}
    for fact in FACTS.values():
        if fact.words is not None:
            facts_of.setdefault(fact.words, []).append(fact.name)
    return table(
        ("facts", "words"),
        ((code(names), code(sorted(words))) for words, names in facts_of.items()),
    )


# What comes out


def claims() -> str:
    """Return the claims that no policy sets."""
    every = frozenset.intersection(*RESERVED_CLAIMS.values())
    lines = [("both", code(sorted(every)))]
    lines += [
        (f"`{token}`", code(sorted(names - every))) for token, names in RESERVED_CLAIMS.items()
    ]
    return table(("token", "claims that are Hydra's"), lines)


def verdicts() -> str:
    """Return the verdicts, best first."""
    return table(("verdict", "what it says"), ((f"`{v}`", t) for v, t in texts.VERDICTS.items()))


def reasons() -> str:
    """Return the reasons with what a person reads, and the notes."""
    return table(
        ("reason", "verdict", "because", "what the person reads without a `message`"),
        (
            (f"`{reason}`", f"`{verdict}`", why, stock_message(reason))
            for reason, (verdict, why) in texts.REASONS.items()
        ),
    )


def notes() -> str:
    """Return the notes."""
    return table(("note", "what it says"), ((f"`{n}`", t) for n, t in texts.NOTES.items()))


def keys_of_tests() -> str:
    """Return the keys of a test, and those of what it expects."""
    keys = {**descriptions.TEST, **{f"expect.{k}": t for k, t in descriptions.EXPECT.items()}}
    more = {
        "now": f" {tests_section.DEFAULT_NOW:%Y-%m-%dT%H:%M:%SZ} unless it says otherwise.",
        "unavailable": f" Any of {code(Source)}.",
    }
    return table(
        ("key", "what it is"),
        ((f"`{key}`", text + more.get(key, "")) for key, text in keys.items()),
    )


def limits() -> str:
    """Return the limits."""
    return table(
        ("of", "at most"),
        (
            ("a file", f"{yaml_reader.MAX_BYTES >> 20} MiB, {yaml_reader.MAX_WORDS:,} words"),
            ("rules of a file", str(rules.MAX_RULES)),
            ("mappings and lists in each other", str(yaml_reader.MAX_DEPTH)),
            ("an expression", f"{cursor.LONGEST:,} characters, {cursor.DEEPEST} levels deep"),
            ("all expressions of a file", f"{expressions.MAX_CHARACTERS:,} characters"),
            ("`exists` and `all` in each other", str(scope.MACROS_DEEPEST)),
            ("one evaluation", f"{scope.STEPS:,} steps; beyond them it is unknown"),
            ("a duration", f"{literals.LONGEST // timedelta(days=1)}d"),
            ("errors that are reported", str(problems.MAX_PROBLEMS)),
        ),
    )


def errors() -> str:
    """Return every kind of error with what the loader says of a file that has it."""
    return table(("kind", "for example"), ((f"`{k}`", _error(k)) for k in texts.WRONG_FILES))


def _error(kind: str) -> str:
    try:
        load(texts.WRONG_FILES[kind].encode())
    except PolicyError as error:
        [problem] = error.problems
        if problem.kind == kind:
            return problem.message
    raise ValueError(f"the example of {kind} does not have that error")


def warnings() -> str:
    """Return the warnings of ``policy check``."""
    return table(("warning", "what it says"), ((f"`{w}`", t) for w, t in texts.WARNINGS.items()))


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "file-keys": file_keys,
    "rule-keys": rule_keys,
    "sections": sections,
    "functions": functions,
    "facts": facts,
    "sources": sources,
    "words": words,
    "claims": claims,
    "verdicts": verdicts,
    "reasons": reasons,
    "notes": notes,
    "test-keys": keys_of_tests,
    "limits": limits,
    "errors": errors,
    "warnings": warnings,
}


if __name__ == "__main__":
    sys.stdout.write(f"{GUIDE.name}: {len(TABLES)} tables\n")
    GUIDE.write_text(document(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
