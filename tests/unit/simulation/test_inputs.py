"""Files, folders and logs as a stream of documents."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from webhook_service.simulation import inputs
from webhook_service.simulation.inputs import Item, Unreadable, files_of, items


def read(*paths: Path, standard_input: bytes = b"") -> list[Item]:
    return list(items(paths, io.BytesIO(standard_input), lambda _: None))


def documents(path: Path) -> list[object]:
    return [None if isinstance(item, Unreadable) else item.document for item in read(path)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.json"


def test_a_document_over_several_lines_is_one(file: Path) -> None:
    file.write_text(json.dumps({"a": [1]}, indent=2))
    [item] = read(file)
    assert item.document == {"a": [1]}
    assert (item.place, item.name) == (str(file), "events")


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_document_in_one_line_is_named_after_its_file(file: Path, end: str) -> None:
    file.write_text('{"a": 1}' + end)
    [item] = read(file)
    assert (item.place, item.name, item.line) == (str(file), "events", None)


def test_lines_are_documents_each(file: Path) -> None:
    file.write_text('{"a": 1}\n\n{"a": 2}\n')
    assert [(item.document, item.line) for item in read(file)] == [({"a": 1}, 1), ({"a": 2}, 3)]
    assert [item.name for item in read(file)] == ["", ""]


def test_a_line_that_is_none_is_told_with_its_place(file: Path) -> None:
    file.write_text('{"a": 1}\nnothing\n{"a": 2}\n')
    found = read(file)
    assert [isinstance(item, Unreadable) for item in found] == [False, True, False]
    assert found[1].place == f"{file}:2"


def test_a_log_whose_first_line_was_cut_off_is_read_all_the_same(file: Path) -> None:
    file.write_text('1}\n{"a": 1}\n'.replace("1}\n", '": 1}\n', 1))
    assert documents(file) == [None, {"a": 1}]


def test_a_cut_log_longer_than_a_document_is_read_to_its_end(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "LONGEST", 20)
    file.write_text("cut\n" + '{"a": 12}\n' * 7)
    assert documents(file) == [None, *[{"a": 12}] * 7]


def test_an_empty_file_has_no_document(file: Path) -> None:
    file.write_text("")
    assert read(file) == []


def test_nesting_without_end_is_no_document(file: Path) -> None:
    file.write_text('{"a": 1}\n' + "[" * 100_000 + "\n")
    assert documents(file) == [{"a": 1}, None]


def test_standard_input_is_a_file_too() -> None:
    [item, _] = read(Path("-"), standard_input=b'{"a": 1}\n{"a": 2}\n')
    assert item.place == "standard input:1"


def test_folders_stand_for_the_json_in_them(tmp_path: Path) -> None:
    for name in ("b.json", "a.jsonl", "README.md", "inner/c.ndjson", "inner/d.log"):
        path = tmp_path / "folder" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text("{}")
    named = tmp_path / "z.txt"
    found = [str(path.relative_to(tmp_path)) for path in files_of([named, tmp_path / "folder"])]
    assert found == [
        "z.txt",
        "folder/a.jsonl",
        "folder/b.json",
        "folder/inner/c.ndjson",
        "folder/inner/d.log",
    ]


def test_progress_adds_up_to_what_was_read(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "REPORTED", 30)
    file.write_text('{"a": 1}\n' * 10)
    whole = tmp_path / "whole.json"
    whole.write_text('{\n"a": 1}')
    steps: list[int] = []
    list(items([file, whole], io.BytesIO(), steps.append))
    assert sum(steps) == file.stat().st_size + whole.stat().st_size
    assert len(steps) == 3 + 1
