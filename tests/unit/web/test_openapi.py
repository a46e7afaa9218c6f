"""The committed contract is the one that the schemas make, and the one that is served."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from unit.workbench import BenchMaker

ROOT = Path(__file__).parents[3]


def generated() -> str:
    spec = importlib.util.spec_from_file_location("openapi_tool", ROOT / "tools" / "openapi.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tools"))
        spec.loader.exec_module(tool)
    document: str = tool.document()
    return document


def test_the_committed_document_is_what_the_schemas_make() -> None:
    assert (ROOT / "openapi.yaml").read_text() == generated(), "run: make openapi"


def test_it_is_served_as_it_is_committed(make_bench: BenchMaker) -> None:
    answer = make_bench().client.get("/openapi.yaml")
    assert answer.status_code == 200
    assert answer.data == (ROOT / "openapi.yaml").read_bytes()


def test_it_describes_every_route_and_no_other(make_bench: BenchMaker) -> None:
    bench = make_bench(public_url="https://auth.example.org")
    rules = bench.app.url_map.iter_rules()
    served = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in rules}
    described = YAML(typ="safe", pure=True).load((ROOT / "openapi.yaml").read_text())["paths"]
    assert set(described) == served
