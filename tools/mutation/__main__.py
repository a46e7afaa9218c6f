"""Changes the rule book in thousands of small ways and counts what its tests notice.

``make mutants`` gives it an environment and a folder outside of the tree. mutmut mutates a
copy there; ``tests/unit/policy`` runs against every mutant (docs/decisions/mutation.md).

    python tools/mutation FOLDER [MUTANT …]     such as webhook_service.policy.facts.*
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

from choosing import REACHED_BY_IMPORTS
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import mangled_name_from_mutant_name

ROOT: Final = Path(__file__).resolve().parents[2]
COPIED: Final = ("webhook_service", "tests", "openapi.yaml", "pyproject.toml")
WANTED: Final = 95
"""Percent of the mutants that the tests must notice."""
LONGEST: Final = 300
"""Seconds that the tests have at a second look; without a mutant they take about twenty."""


class Fate(StrEnum):
    """What became of a mutant; a test that no longer ends has noticed it, too."""

    KILLED = "killed"
    TIMEOUT = "timeout"
    SURVIVED = "survived"
    NO_TEST = "no tests"
    NOT_RUN = "not checked"


NOTICED: Final = frozenset({Fate.KILLED, Fate.TIMEOUT})


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to one function."""

    file: str
    name: str
    fate: Fate


def main(folder: Path, patterns: Sequence[str]) -> int:
    """Run everything; return the exit code: 0 if enough was noticed."""
    os.nice(10)  # it keeps all cores busy for a quarter of an hour
    tree = folder / "tree"
    copy_tree(tree)
    if run_mutmut(tree, patterns) != 0:
        return 1
    mutants = [mutant for mutant in read_results(tree) if mutant.fate is not Fate.NOT_RUN]
    mutants = look_again(mutants, tree / "mutants")
    survivors = [mutant for mutant in mutants if mutant.fate not in NOTICED]
    differences = folder / "survivors.diff"
    differences.write_text("".join(difference(mutant, tree) for mutant in survivors))
    return report(mutants, survivors, differences)


def copy_tree(to: Path) -> None:
    """Copy what the tests need, in place of what an earlier run left."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copy2(source, to / name)


def mutmut(*arguments: str) -> list[str]:
    """Return the command; not ``-m mutmut``, which mutmut warns of."""
    return [str(Path(sys.executable).with_name("mutmut")), *arguments]


def environment(**more: str) -> dict[str, str]:
    """Return the environment in which pytest finds the plugin."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent), **more}


def cores() -> int:
    """Return how many mutants to test at a time."""
    return os.cpu_count() or 1


def run_mutmut(tree: Path, patterns: Sequence[str]) -> int:
    """Make the mutants and test them; the settings are in pyproject.toml."""
    command = mutmut("run", "--max-children", str(cores()), *patterns)
    return subprocess.run(command, cwd=tree, env=environment(), check=False).returncode  # noqa: S603  mutmut


def read_results(tree: Path) -> Iterator[Mutant]:
    """Read what mutmut keeps beside each mutated file."""
    mutated = tree / "mutants"
    for path in sorted(mutated.rglob("*.py.meta")):
        codes = json.loads(path.read_text())["exit_code_by_key"]
        for name, code in codes.items():
            yield Mutant(str(path.relative_to(mutated))[: -len(".meta")], name, fate_of(code))


def fate_of(exit_code: int | None) -> Fate:
    """Return what an exit code says; one that mutmut has no plain word for is no success."""
    status = status_by_exit_code[exit_code]
    return Fate(status) if status in set(Fate) else Fate.SURVIVED


# A second look: what a module computes while it is imported


def look_again(mutants: Sequence[Mutant], mutated: Path) -> list[Mutant]:
    """Test again the survivors that imports reach, each in a process that begins with it."""
    reached = set(json.loads((mutated / REACHED_BY_IMPORTS).read_text()))
    late = [
        mutant
        for mutant in mutants
        if mutant.fate not in NOTICED and mangled_name_from_mutant_name(mutant.name) in reached
    ]
    if not late:
        return list(mutants)
    if run_tests(mutated, "") is not Fate.SURVIVED:
        raise SystemExit("the tests fail without any mutant")
    print(f"\nA second look at {len(late)} mutants that imports reach")
    with ThreadPoolExecutor(cores()) as pool:
        fates = pool.map(partial(run_tests, mutated), (mutant.name for mutant in late))
        found = {mutant.name: fate for mutant, fate in zip(late, fates, strict=True)}
    return [replace(mutant, fate=found.get(mutant.name, mutant.fate)) for mutant in mutants]


def run_tests(mutated: Path, mutant: str) -> Fate:
    """Run every test against a mutant that is there from the beginning."""
    settings = tomllib.loads((mutated / "pyproject.toml").read_text())["tool"]["mutmut"]
    chosen = settings["pytest_add_cli_args_test_selection"] + settings["pytest_add_cli_args"]
    command = [sys.executable, "-m", "pytest", "-x", "-q", *chosen]
    try:
        run = subprocess.run(  # noqa: S603  pytest
            command,
            cwd=mutated,
            env=environment(MUTANT_UNDER_TEST=mutant),
            capture_output=True,
            check=False,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        return Fate.TIMEOUT
    return Fate.KILLED if run.returncode else Fate.SURVIVED


# The report


def difference(mutant: Mutant, tree: Path) -> str:
    """Return the change that nothing noticed."""
    show = subprocess.run(  # noqa: S603  mutmut
        mutmut("show", mutant.name), cwd=tree, check=True, capture_output=True, text=True
    )
    return show.stdout


def report(mutants: Sequence[Mutant], survivors: Sequence[Mutant], differences: Path) -> int:
    """Print the counts, and every survivor by its file."""
    counts = {fate: sum(mutant.fate is fate for mutant in mutants) for fate in Fate}
    percent = 100 * (len(mutants) - len(survivors)) / len(mutants)
    print()
    for file in dict.fromkeys(mutant.file for mutant in survivors):
        print(file)
        for mutant in survivors:
            if mutant.file == file:
                print(f"  {mutant.name}  {mutant.fate}")
    print(
        f"{len(mutants):,} mutants: {counts[Fate.KILLED]:,} killed, {counts[Fate.TIMEOUT]} timed"
        f" out, {counts[Fate.SURVIVED]} survived, {counts[Fate.NO_TEST]} reached by no test"
    )
    print(f"{percent:.2f} % noticed, {WANTED} % wanted; what survived: {differences}")
    return 0 if percent >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), sys.argv[2:]))
