"""The tables of docs/policy.md are those of the code, and leave nothing of it out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from webhook_service.policy.advice import CODES
from webhook_service.policy.conditions import functions, parse
from webhook_service.policy.decision import Note, Reason, Verdict
from webhook_service.policy.errors import PolicyError
from webhook_service.policy.facts import FACTS, EventName
from webhook_service.policy.loader import load
from webhook_service.policy.loading.expressions import KnownNames
from webhook_service.policy.loading.shapes import SHAPES
from webhook_service.policy.model import Section

POLICY = Path(load.__code__.co_filename).parent
KIND = re.compile(r"(file|yaml|policy|condition)\.[a-z_]+")


def cells(table: str) -> list[list[str]]:
    """Return the lines of a table below its head."""
    lines = table.splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def first_words(table: str) -> list[str]:
    return [line[0].strip("`") for line in cells(table)]


def kinds_in_the_code() -> Iterator[str]:
    """Yield every kind of error that the loader, or the condition parser, names."""
    for path in (
        POLICY / "loader.py",
        *POLICY.glob("loading/*.py"),
        *POLICY.glob("conditions/*.py"),
    ):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and KIND.fullmatch(str(node.value)):
                yield str(node.value)
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("refusal"):
                kind = node.args[0]
                if isinstance(kind, ast.Constant):
                    yield f"condition.{kind.value}"


def test_the_committed_guide_has_the_tables_of_the_code(tool: ModuleType, guide: str) -> None:
    assert guide == tool.document(guide), "run: make docs"


@pytest.mark.parametrize(
    "change", [("facts -->", "factz -->"), ("<!-- made by `make docs`: notes -->", "")]
)
def test_a_guide_with_another_table_or_without_one_is_refused(
    tool: ModuleType, guide: str, change: tuple[str, str]
) -> None:
    assert change[0] in guide
    with pytest.raises(ValueError, match="the guide has the tables"):
        tool.document(guide.replace(*change))


def test_every_fact_is_explained(tool: ModuleType) -> None:
    assert first_words(tool.facts()) == list(FACTS)


def test_every_fact_has_its_sources_at_every_event(tool: ModuleType) -> None:
    """``·`` in the call itself, a dash where it does not exist."""
    table = tool.sources()
    head = re.findall(r"`([^`]+)`", table.splitlines()[0])
    assert sorted(head) == sorted(EventName)
    columns = [re.findall(r"`([^`]+)`", cell) for cell in table.splitlines()[0].split("|")[2:-1]]
    shown = {}
    for names, *sources in cells(table):
        first, *others = re.findall(r"`([^`]+)`", names)
        root = first.partition(".")[0]
        every = [first, *(root + other for other in others)]
        if first.endswith(".*"):
            every = [name for name in FACTS if name.startswith(f"{root}.")]
        for events, source in zip(columns, sources, strict=True):
            shown |= {(name, event): source.strip("`") for name in every for event in events}
    assert shown == {
        (name, event): (fact.source[event] or "·") if event in fact.source else tool._NOT_THERE
        for name, fact in FACTS.items()
        for event in EventName
    }


def test_a_rule_may_listen_where_the_table_says_so(tool: ModuleType) -> None:
    rules = {
        Section.DENY: "",
        Section.MFA: "require: {aal: aal1}",
        Section.SESSIONS: "max_age: 8h",
        Section.REVOKE: "revoke: [tokens]",
        Section.CLAIMS: "access_token: {a: client.id}",
    }
    shown = {
        line[0].strip("`"): dict(zip(SHAPES, line[1:], strict=True))
        for line in cells(tool.sections())
    }
    assert list(shown) == list(EventName)
    for section, rule in rules.items():
        for event, said in shown.items():
            window = (
                "\n    step_up_within: 5m" if (section, event) == ("mfa", "kratos.login") else ""
            )
            file = (
                f"version: 1\n{section}:\n  - name: a\n    events: [{event}]\n    {rule}{window}\n"
            )
            assert is_fine(file) is (said[section] != tool._NOT_THERE), (section, event)
        if section is not Section.REVOKE:
            [loaded] = load(f"version: 1\n{section}:\n  - name: a\n    {rule}\n".encode()).rules
            assert loaded.events == {e for e, said in shown.items() if said[section] == "default"}


def is_fine(file: str) -> bool:
    try:
        load(file.encode())
    except PolicyError:
        return False
    return True


def test_every_key_of_a_rule_is_explained(tool: ModuleType) -> None:
    keys = {key for shape in SHAPES.values() for key in shape.keys}
    assert {word for word in first_words(tool.rule_keys()) if "." not in word} == keys
    assert tool.texts.TAKES.keys() == keys


def test_every_function_has_an_example_that_calls_it_and_parses(tool: ModuleType) -> None:
    known = functions._FUNCTIONS | functions._METHODS
    assert tool.texts.FUNCTIONS.keys() == known
    for name, (example, _) in tool.texts.FUNCTIONS.items():
        assert f"{name}(" in example
        parse(example, KnownNames())


def test_every_verdict_reason_and_note_is_explained(tool: ModuleType) -> None:
    assert first_words(tool.verdicts()) == sorted(Verdict, key=lambda verdict: verdict.severity)
    assert first_words(tool.reasons()) == list(Reason)
    assert first_words(tool.notes()) == list(Note)


def test_every_warning_is_explained(tool: ModuleType) -> None:
    assert first_words(tool.warnings()) == list(CODES)


def test_every_kind_of_error_has_an_example_that_has_it(tool: ModuleType) -> None:
    kinds = set(kinds_in_the_code()) - {"policy.yaml"}
    assert set(first_words(tool.errors())) == kinds
    for kind in kinds:
        with pytest.raises(PolicyError) as caught:
            load(tool.texts.WRONG_FILES[kind].encode())
        assert [problem.kind for problem in caught.value.problems] == [kind]


def test_an_example_that_has_another_error_is_not_written(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in ("version: 1\n", "version: 2\n"):
        monkeypatch.setattr(tool.texts, "WRONG_FILES", {"yaml.syntax": file})
        with pytest.raises(ValueError, match=r"yaml\.syntax does not have that error"):
            tool.errors()


def test_what_would_end_a_cell_is_escaped(tool: ModuleType) -> None:
    assert tool.table(["a"], [["b | c\nd"]]) == "| a |\n| --- |\n| b \\| c d |"
