"""The files that the operator's pages are made of."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest
from unit.operator_desk import Operator, sign_in
from unit.workbench import BenchMaker

from webhook_service.web.operator.assets import FOLDER, TYPES

ROOT = Path(__file__).parents[4]
DEPENDENCIES = ROOT / "docs" / "decisions" / "dependencies.md"
LINKED = re.compile(r'(?:src|href)="(/assets/[^"]+)"')


def test_a_page_links_to_files_that_a_browser_may_keep_for_good(make_bench: BenchMaker) -> None:
    operator = sign_in(make_bench())
    paths = LINKED.findall(operator.get("/simulate").text)
    assert len(paths) == len(TYPES)
    for path in paths:
        answer = Operator(operator.bench).get(path)  # without having signed in
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.mimetype in TYPES.values()
        assert sha256(answer.data).hexdigest()[:16] in path


@pytest.mark.parametrize("name", ["operator.css", "layout.html", "..%2f..%2f__init__.py", "x"])
def test_nothing_but_those_is_served(make_bench: BenchMaker, name: str) -> None:
    assert sign_in(make_bench()).get(f"/assets/{name}").status_code == 404


def test_htmx_is_the_release_that_the_documents_name() -> None:
    """The file of the npm package, unchanged: what is updated is written down."""
    match = re.search(r"htmx\.org ([0-9.]+).*?`([0-9a-f]{64})`", DEPENDENCIES.read_text())
    assert match is not None
    content = FOLDER.joinpath("htmx.min.js").read_bytes()
    assert sha256(content).hexdigest() == match[2]
    assert f'version:"{match[1]}"'.encode() in content
    assert b"Permission to use" in FOLDER.joinpath("htmx.LICENSE.txt").read_bytes()


@pytest.mark.parametrize("name", ["operator.css", "operator.js", "icon.svg"])
def test_nothing_is_fetched_from_elsewhere(name: str) -> None:
    text = FOLDER.joinpath(name).read_text().replace("http://www.w3.org/2000/svg", "")
    assert "//" not in re.sub(r"^//.*$", "", text, flags=re.MULTILINE)
    assert "url(" not in text
    assert "@import" not in text
