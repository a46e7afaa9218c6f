"""docs/policy.md and the README say what is so: each policy loads, each command prints that."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML
from unit.docs.fences import Block, blocks_of
from unit.workbench import PAYLOADS, VERSIONS

from webhook_service.cli import main
from webhook_service.policy.advice import advice
from webhook_service.policy.cases import run
from webhook_service.policy.errors import PolicyError
from webhook_service.policy.loader import load
from webhook_service.policy.loading.shapes import FILE_KEYS

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "policy.md"
BLOCKS = {path: list(blocks_of(path.read_text())) for path in (GUIDE, ROOT / "README.md")}
YAML_BLOCKS = [
    pytest.param(block, id=f"{path.name}: {block.file or block.heading}")
    for path, blocks in BLOCKS.items()
    for block in blocks
    if block.language == "yaml"
]
RECIPES = [block for block in BLOCKS[GUIDE] if block.part == "Recipes" and block.language == "yaml"]
COMMANDS = [
    block for block in BLOCKS[GUIDE] if block.language == "console" and block.text.startswith("$ ")
]

OF_ORY = {"oauth2", "selfservice"}
OF_FACTS = {"client", "token", "session", "identity"}
OF_UPSTREAM = {"subjects", "clients"}


def keys_of(block: Block) -> set[str]:
    """Return the keys of a block's YAML; a file that a policy's mistakes break has none."""
    return set(YAML(typ="safe", pure=True).load(block.text))


def policy_of(block: Block) -> bytes:
    """Return a block as a whole policy: parts of a file are shown without its version."""
    text = block.text if "version: 1" in block.text else f"version: 1\n{block.text}"
    return text.encode()


@pytest.mark.parametrize("block", YAML_BLOCKS)
def test_every_policy_loads_and_its_tests_pass(block: Block) -> None:
    """What is no policy is a file of Ory, or of facts: nothing goes unlooked at."""
    keys = keys_of(block)
    if not keys <= set(FILE_KEYS):
        assert any(keys <= others for others in (OF_ORY, OF_FACTS, OF_UPSTREAM))
        return
    if block.file == "wrong.yaml":
        with pytest.raises(PolicyError):
            load(policy_of(block))
        return
    policy = load(policy_of(block))
    differences = [(test.name, run(policy, test)) for test in policy.tests]
    failed = [name for name, found in differences if found]
    assert failed == (["a password alone is not enough"] if "wrong" in block.file else [])


def test_there_are_the_eight_recipes() -> None:
    assert [block.heading for block in RECIPES] == [
        "A second factor for one client",
        "Staff: eight hours",
        "Sliding mobile sessions",
        "Never signs out",
        "Contractors",
        "NIST SP 800-63B-4",
        "A new password ends the other sessions",
        "A shadow roll-out",
    ]


@pytest.mark.parametrize("block", RECIPES, ids=lambda block: block.heading)
def test_a_recipe_is_a_whole_policy_with_tests_and_without_warnings(block: Block) -> None:
    assert block.text.startswith(f"# {block.file}\nversion: 1\n")
    policy = load(block.text.encode())
    assert advice(policy) == ()
    assert len(policy.tests) > 1
    assert {rule.name for rule in policy.rules if not rule.shadow} >= {
        test.expect["rule"] for test in policy.tests if "rule" in test.expect
    }


@pytest.mark.parametrize("block", RECIPES, ids=lambda block: block.heading)
def test_a_recipe_says_what_happens_at_each_event_and_what_to_configure(
    block: Block, guide: str
) -> None:
    text = guide.partition(f"\n### {block.heading}\n")[2].partition("\n### ")[0]
    events = {event.value for rule in load(block.text.encode()).rules for event in rule.events}
    told = set(re.findall(r"`([a-z]+(?:\.[a-z_]+)?)`", text.partition("```yaml")[2]))
    assert events <= told
    assert "\nIn Ory:" in text


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda block: block.heading)
def test_a_recipe_ends_with_the_commands_that_put_all_of_its_hooks_into_the_files_of_ory(
    recipe: Block, guide: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kratos' only where a rule listens to one of its hooks, and Hydra's likewise."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PUBLIC_URL", "https://hooks.example.org")
    for name in ("KRATOS_HOOK_KEYS", "HYDRA_HOOK_KEYS"):
        monkeypatch.setenv(name, name[0] * 40)
    text = guide.partition(f"\n### {recipe.heading}\n")[2].partition("\n### ")[0]
    last = list(blocks_of(text))[-1]
    assert text.endswith(f"```sh\n{last.text}```\n")
    for server, key in (("kratos", "identity"), ("hydra", "oauth2")):
        (folder / f"{server}.yml").write_text(f"{key}: {{}}\n")
    for line in last.text.splitlines():
        program, *arguments = shlex.split(line)
        result = CliRunner().invoke(main, arguments, prog_name=program)
        assert result.exit_code == 0, result.output
    events = {event for rule in load(recipe.text.encode()).rules for event in rule.events}
    for server in ("kratos", "hydra"):
        is_needed = any(event.startswith(f"{server}.") for event in events)
        assert ("hooks.example.org" in (folder / f"{server}.yml").read_text()) == is_needed
        assert (f" ory-config {server} " in last.text) == is_needed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with every file that the guide names, and recorded calls."""
    folder = tmp_path_factory.mktemp("guide")
    for block in BLOCKS[GUIDE]:
        if block.file:
            assert not (folder / block.file).exists(), f"{block.file} stands there twice"
            (folder / block.file).write_text(block.text)
    (folder / "recorded").mkdir()
    for path in (PAYLOADS / VERSIONS[1]).glob("*.json"):
        if path.name.startswith(("hydra.", "kratos.login.")):
            shutil.copy(path, folder / "recorded")
    return folder


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.text.partition("\n")[0])
def test_a_command_prints_what_the_guide_shows(
    block: Block, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    command, _, shown = block.text.removeprefix("$ ").partition("\n")
    program, *arguments = shlex.split(command)
    assert program == "webhook-service"
    assert CliRunner().invoke(main, arguments, prog_name=program).output == shown


def test_every_command_of_the_files_is_shown() -> None:
    shown = {tuple(block.text.split()[2:4]) for block in COMMANDS}
    assert shown >= {("policy", "check"), ("policy", "test"), ("policy", "explain")}
    assert any(words[0] == "simulate" for words in shown)


def test_no_two_headings_have_the_same_anchor(guide: str) -> None:
    headings = [line.strip("# ").lower() for line in guide.splitlines() if re.match("#+ ", line)]
    assert len(set(headings)) == len(headings)


def test_the_guide_speaks_to_operators(guide: str) -> None:
    """The numbers of facts and rules are for who reads the code."""
    assert not re.findall(r"\b[FPE]\d{1,3}\b", guide)
