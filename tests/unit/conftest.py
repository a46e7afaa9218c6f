"""What unit tests share: the recorded hook requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

PAYLOADS = Path(__file__).parent.parent / "payloads"
VERSIONS = ("kratos-1.3.1_hydra-2.3.0", "kratos-26.2.0_hydra-26.2.0")


class Recorded:
    """The bodies of recorded hook requests, by version and case."""

    def body(self, case: str, version: str = VERSIONS[1]) -> dict[str, Any]:
        recorded = json.loads((PAYLOADS / version / f"{case}.json").read_text())
        body: dict[str, Any] = recorded["body"]
        return body

    def bytes(self, case: str, version: str = VERSIONS[1]) -> bytes:
        return json.dumps(self.body(case, version)).encode()

    @staticmethod
    def cases(*prefixes: str) -> list[Any]:
        """Return every recorded case of the prefixes, as parameters named by their file."""
        return [
            pytest.param(path, id=f"{path.parent.name}/{path.stem}")
            for version in VERSIONS
            for path in sorted((PAYLOADS / version).glob("*.json"))
            if path.name.startswith(prefixes)
        ]


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test marked ``recorded("hydra.token")`` every recorded case of that prefix."""
    marker = metafunc.definition.get_closest_marker("recorded")
    if marker is not None:
        metafunc.parametrize("recorded_path", Recorded.cases(*marker.args))
