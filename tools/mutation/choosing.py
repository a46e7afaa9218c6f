"""A pytest plugin that makes the runs of mutmut mean what it takes them to mean.

mutmut imports the code once and forks for every mutant, which it switches on in the child. By
then the tables of the rule book are made, by functions whose mutants come too late to change
them. So what is reached by imports, before the first test, is noted: those mutants that
survive get a second look, in a process of their own.

mutmut takes a run that could not begin for a kill, and pytest does not find every test by its
own id again. So the tests of a run are chosen here, out of all tests of their files.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Final

import pytest
from mutmut.state import state

SUSPICIOUS: Final = 35
"""mutmut's exit code for a run that shows nothing."""

REACHED_BY_IMPORTS: Final = Path("reached-by-imports.json")
"""Where the functions are noted, in the folder of the mutated code."""

# Every call of a mutated function passes through two more: the deepest expressions that are
# accepted need more than Python's thousand frames then.
sys.setrecursionlimit(10_000)

_wanted = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Collect whole files where mutmut names the tests that it wants, the quickest first."""
    if any("::" in name for name in config.args):
        config.stash[_wanted] = list(config.args)
        config.args = list(dict.fromkeys(name.partition("::")[0] for name in config.args))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose the tests that are wanted, in their order."""
    wanted = {_plain(name): place for place, name in enumerate(config.stash.get(_wanted, ()))}
    if wanted:
        items[:] = [item for item in items if _plain(item.nodeid) in wanted]
        items.sort(key=lambda item: wanted[_plain(item.nodeid)])
        if len(items) != len(wanted):
            os._exit(SUSPICIOUS)


def _plain(test: str) -> str:
    """Return a test's id without what pytest adds to it: it escapes some once a collection."""
    return re.sub(r"\\+", r"\\", test)


def pytest_collection_finish() -> None:
    """Note what was reached by imports; mutmut would count it to the first test."""
    if os.environ.get("MUTANT_UNDER_TEST") == "stats":
        reached = state()._stats  # noqa: SLF001  mutmut has no other way in
        REACHED_BY_IMPORTS.write_text(json.dumps(sorted(reached)))
        reached.clear()
