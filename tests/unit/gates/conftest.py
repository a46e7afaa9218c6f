"""What tests of the gates share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from unit.gates.visitor import PUBLIC, Visitor
from unit.workbench import BenchMaker

MakeVisitor = Callable[..., Visitor]


@pytest.fixture
def visit(make_bench: BenchMaker) -> MakeVisitor:
    """Let a browser visit a service with a policy: ``visit(POLICY, consent_ui_url=…)``."""

    def make(policy: str = "", **settings: Any) -> Visitor:
        visitor = Visitor(make_bench(policy, **{"public_url": PUBLIC, **settings}))
        hydra = visitor.bench.ory.hydra
        hydra.add_client("bank", name="The Bank", scopes=["openid", "offline"])
        hydra.add_client("blog", name="A blog", scopes=["openid"])
        hydra.add_client("ours", name="Ours", skip_consent=True)
        return visitor

    return make
