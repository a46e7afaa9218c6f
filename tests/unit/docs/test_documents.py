"""Every document: its links lead somewhere, its examples parse, its commands exist."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from unit.docs.commands import fault, in_prose, in_shell
from unit.docs.fences import Block, blocks_of

ROOT = Path(__file__).parents[3]
FOLDERS = ("docs", "bench", "tests")
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(path for name in FOLDERS for path in (ROOT / name).rglob("*.md"))]
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose_of(path: Path) -> str:
    """Return a document without its fenced blocks."""
    return FENCED.sub("", path.read_text(encoding="utf-8"))


def slug(heading: str) -> str:
    """Return the anchor of a heading, as Markdown is shown on the web."""
    return re.sub(r"[^\w -]", "", heading.strip("# ").lower()).replace(" ", "-")


def anchors_of(path: Path) -> set[str]:
    return {slug(line) for line in prose_of(path).splitlines() if re.match("#+ ", line)}


def links_of(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the place in this repository that each link names, and the anchor there."""
    for target in LINK.findall(prose_of(path)):
        if not target.startswith(("https://", "http://")):
            name, _, anchor = target.partition("#")
            yield (path.parent / name).resolve() if name else path, anchor


def blocks(language: str) -> list[object]:
    """Return the blocks of a language, each named by its document and heading."""
    return [
        pytest.param(block, id=f"{named(path)}: {block.heading}")
        for path in DOCUMENTS
        for block in blocks_of(path.read_text(encoding="utf-8"))
        if block.language == language
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere_in_this_repository(path: Path) -> None:
    for there, anchor in links_of(path):
        assert there.exists(), f"{there} is not there"
        assert there.is_relative_to(ROOT)
        assert not anchor or anchor in anchors_of(there), f"{there} has no heading {anchor}"


def test_every_page_can_be_reached_from_the_start_page() -> None:
    start = ROOT / "docs" / "README.md"
    reached, ahead = set[Path](), {start}
    while ahead:
        path = ahead.pop()
        reached.add(path)
        ahead |= {there for there, _ in links_of(path) if there.suffix == ".md"} - reached
    lost = {path for path in (ROOT / "docs").rglob("*.md") if path not in reached}
    assert {named(path) for path in lost} == set()


@pytest.mark.parametrize("block", blocks("sh"))
def test_every_script_is_one_to_a_shell(block: Block) -> None:
    done = subprocess.run(  # noqa: S603  a block of our own documents, which is read and not run
        ["/bin/sh", "-n", "-c", block.text], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", blocks("yaml"))
def test_every_yaml_example_is_yaml(block: Block) -> None:
    assert YAML(typ="safe", pure=True).load(block.text) is not None


@pytest.mark.parametrize("block", blocks("json"))
def test_every_json_example_is_json(block: Block) -> None:
    assert json.loads(block.text)


def test_no_block_escapes_for_having_a_language_that_nobody_looks_at() -> None:
    languages = {
        block.language
        for path in DOCUMENTS
        for block in blocks_of(path.read_text(encoding="utf-8"))
    }
    looked_at = {"sh", "yaml", "json", "console"}
    assert languages <= looked_at | {"", "text", "dockerfile", "python", "promql"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_command_exists_with_the_options_that_are_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    scripts = [b.text for b in blocks_of(text) if b.language in {"sh", "console"}]
    commands = [words for script in scripts for words in in_shell(script)]
    faults = {fault(words) for words in [*commands, *in_prose(FENCED.sub("", text))]}
    assert faults == {None} or not faults


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("webhook-service keys new", ["keys", "new"]),
        ("$ webhook-service policy check a.yaml", ["policy", "check", "a.yaml"]),
        ('export A="$(webhook-service keys new)" B=1', ["keys", "new"]),
        ("docker run --rm webhook-service webhook-service db upgrade", ["db", "upgrade"]),
        ("webhook-service effects \\\n  list --json", ["effects", "list", "--json"]),
        ("webhook-service serve # until it ends", ["serve"]),
        ("heroku run python -m webhook_service serve", ["serve"]),
    ],
)
def test_commands_are_found_where_a_shell_finds_them(script: str, words: list[str]) -> None:
    assert words in list(in_shell(script))


@pytest.mark.parametrize("script", ["docker build -t webhook-service .", "cd webhook-service"])
def test_the_name_alone_is_no_command(script: str) -> None:
    assert not any(list(in_shell(script)))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["keys", "old"], "no command old"),
        (["seve"], "no command seve"),
        (["db", "upgrade", "--force"], "no option --force"),
        (["effects", "list|shows"], "no command shows"),
    ],
)
def test_a_command_that_does_not_exist_is_told(words: list[str], said: str) -> None:
    assert said in (fault(words) or "")


@pytest.mark.parametrize(
    "words", [["…"], ["--version"], ["serve", "--help"], ["effects", "list|show"]]
)
def test_a_command_that_exists_is_let_be(words: list[str]) -> None:
    assert fault(words) is None


def test_every_test_that_the_security_page_names_exists() -> None:
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    shown = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page)
    assert shown
    for file, name in shown:
        path = ROOT / file
        assert path.is_file(), file
        assert not name or f"\ndef {name}(" in path.read_text(encoding="utf-8"), f"{file}::{name}"


def test_the_security_page_has_every_requirement_of_asvs_v7_and_a_test_for_each() -> None:
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (7\.\d\.\d) \|.*\| (.*) \|$", page, re.MULTILINE)
    counts = {"7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2}
    assert [number for number, _ in rows] == [
        f"{part}.{one}" for part, count in counts.items() for one in range(1, count + 1)
    ]
    assert all("`tests/" in shown for _, shown in rows)


@pytest.mark.parametrize("name", ["docs/deploying", "docs/explanation", "docs/settings.md"])
def test_what_operators_read_speaks_of_no_numbered_facts(name: str) -> None:
    """The numbers of facts and rules are for who reads the code."""
    path = ROOT / name
    pages = path.rglob("*.md") if path.is_dir() else [path]
    for page in pages:
        assert not re.findall(r"\b[FPE]\d{1,3}\b", page.read_text(encoding="utf-8")), page
