"""A plan as a file for people, and as commands for Ory Network."""

from __future__ import annotations

import json
import shlex

from unit.planning import CAP, SITE, policy_of

from webhook_service.ory_config import hydra
from webhook_service.ory_config.delta import Drop, Put, nested
from webhook_service.ory_config.plan import Plan, Value
from webhook_service.ory_config.rendering import as_patch, as_yaml
from webhook_service.ory_config.weave import woven
from webhook_service.ory_config.yaml_edit import read
from webhook_service.ory_config.yaml_text import block


def test_a_plan_says_above_each_part_what_it_is_for_and_at_the_end_what_to_look_at() -> None:
    plan = Plan(
        (Value(("a", "b"), 1), Value(("a", "c"), ["x"])),
        {("a",): "The first.", ("a", "c"): "The list."},
        ("Look here.", f"{'a' * 60} {'b' * 60}"),
    )
    assert list(as_yaml(plan, "For a test.")) == [
        "# For a test.",
        "# The first.",
        "a:",
        "  b: 1",
        "  # The list.",
        "  c:",
        "    - x",
        "",
        "# Look at these as well:",
        "# - Look here.",
        f"# - {'a' * 60}",
        f"#   {'b' * 60}",
    ]


def test_a_plan_without_changes_says_so() -> None:
    assert list(as_yaml(Plan((), {}), "For a test.")) == [
        "# For a test.",
        "# No rule of the policy listens to a hook of it: nothing to configure.",
    ]


def test_words_that_some_reader_takes_for_something_else_are_quoted() -> None:
    values = ["yes", "N", "null", "1", "1e3", "a: b", "a #b", "", "-", "a:", "10s", "é"]
    lines = list(block(values))
    assert [line.removeprefix("- ") for line in lines] == [f'"{word}"' for word in values]
    plain = ["https://a.example/b?c", "/x", "Bearer abc-1_2", "base64://YQ=="]
    assert read("\n".join(["a:", *block(plain, 2)])) == {"a": plain}


def test_the_command_for_ory_network_is_one_and_a_shell_reads_it_so() -> None:
    plan = hydra.plan(policy_of(CAP), SITE)
    text = "\n".join(as_patch("oauth2-config", {}, woven(plan, {})))
    words = shlex.split(text)
    assert words[:3] == ["ory", "patch", "oauth2-config"]
    pointer, _, value = words[words.index("--add") + 1].partition("=")
    assert pointer == "/oauth2/token_hook"
    assert json.loads(value)["url"] == "https://hooks.example.org/hooks/hydra/token"


def test_a_placeholder_is_what_the_shell_puts_in_and_what_goes_is_removed() -> None:
    delta = {**nested(("a", "b/c"), Put(["it's ${KEY}"])), **nested(("d",), Drop())}
    text = "\n".join(as_patch("identity-config", {}, delta))
    assert "--add '/a/b~1c=[\"it'\"'\"'s '\"$KEY\"'\"]'" in text
    assert text.endswith("--remove /d")
