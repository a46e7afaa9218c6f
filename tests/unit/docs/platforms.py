"""What the files of each platform start: their commands, their settings, the paths they ask."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[3]
DEPLOYING = ROOT / "docs" / "deploying"
SECRET = "a secret of the platform's"
"""Stands for a value that the file does not hold."""


@dataclass
class Started:
    """What one process of a platform is started with.

    Attributes:
        command: its words, the program's name first.
        environment: the settings that the file names.
        paths: what the platform asks it for.
    """

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)


def started() -> dict[str, Started]:
    """Return every process that a file starts, by file and name."""
    return dict(
        [
            *_procfile(),
            *_app_json(),
            *_fly(),
            *_render(),
            *_compose(),
            *_kubernetes(),
            *_cloud_run(),
        ]
    )


def documents(path: Path) -> list[Any]:
    return list(YAML(typ="safe", pure=True).load_all(path.read_text(encoding="utf-8")))


def kubernetes() -> list[Any]:
    """Return every manifest, of every file."""
    return [
        one for path in sorted((DEPLOYING / "kubernetes").glob("*.yaml")) for one in documents(path)
    ]


def _procfile() -> Iterator[tuple[str, Started]]:
    for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines():
        name, command = line.split(": ", 1)
        yield f"Procfile {name}", Started(command.split())


def _app_json() -> Iterator[tuple[str, Started]]:
    told = json.loads((DEPLOYING / "heroku" / "app.json").read_text(encoding="utf-8"))
    yield "app.json", Started(["webhook-service", "serve"], dict.fromkeys(told["env"], SECRET))


def _fly() -> Iterator[tuple[str, Started]]:
    told = tomllib.loads((DEPLOYING / "fly" / "fly.toml").read_text(encoding="utf-8"))
    commands = {**told["processes"], "release": told["deploy"]["release_command"]}
    for name, command in commands.items():
        checks = told["http_service"]["checks"] if name == "web" else []
        checks = checks + [one for one in told["checks"].values() if name in one["processes"]]
        yield (
            f"fly.toml {name}",
            Started(command.split(), dict(told["env"]), [check["path"] for check in checks]),
        )


def _render() -> Iterator[tuple[str, Started]]:
    [told] = documents(DEPLOYING / "render" / "render.yaml")
    groups = {group["name"]: group["envVars"] for group in told["envVarGroups"]}
    for service in told["services"]:
        variables = [
            variable
            for one in service["envVars"]
            for variable in (groups[one["fromGroup"]] if "fromGroup" in one else [one])
        ]
        environment = {one["key"]: one.get("value", SECRET) for one in variables}
        asked = {"startCommand": [service["healthCheckPath"]]} if service["type"] == "web" else {}
        for key in [key for key in ("startCommand", "preDeployCommand") if key in service]:
            yield (
                f"render.yaml {service['name']} {key}",
                Started(service[key].split(), environment, asked.get(key, [])),
            )


def _compose() -> Iterator[tuple[str, Started]]:
    [told] = documents(DEPLOYING / "docker" / "compose.yaml")
    for name, service in told["services"].items():
        if name != "postgres":
            yield f"compose.yaml {name}", Started(service["command"], dict(service["environment"]))


def _kubernetes() -> Iterator[tuple[str, Started]]:
    [settings] = [
        dict(literal.split("=", 1) for literal in generator["literals"])
        for one in kubernetes()
        for generator in one.get("configMapGenerator", ())
        if "literals" in generator
    ]
    for one in kubernetes():
        if one.get("kind") in {"Deployment", "Job"}:
            [container] = one["spec"]["template"]["spec"]["containers"]
            probes = [value for key, value in container.items() if key.endswith("Probe")]
            shared = settings if "envFrom" in container else {}
            yield (
                f"kubernetes {container['name']}",
                Started(
                    container["command"],
                    shared | {variable["name"]: variable["value"] for variable in container["env"]},
                    [probe["httpGet"]["path"] for probe in probes],
                ),
            )


def _cloud_run() -> Iterator[tuple[str, Started]]:
    page = (DEPLOYING / "cloud-run.md").read_text(encoding="utf-8")
    settings = dict(
        pair.split("=", 1)
        for line in re.findall(r"^export SETTINGS=(.*)$", page, re.MULTILINE)
        for pair in line.split(",")
        if "=" in pair
    )
    for kind, arguments in re.findall(
        r"^gcloud (?:beta )?run (\S+)(?: deploy)? ((?:.*\\\n)+.*)$", page, re.MULTILINE
    ):
        program, words = (
            re.search(rf"--{option}=(\S+)", arguments) for option in ("command", "args")
        )
        command = [program[1], *words[1].split(",")] if program and words else ["webhook-service"]
        given = re.search(r"--set-env-vars=([A-Z]\S+)", arguments)
        yield (
            f"cloud-run.md {kind}",
            Started(
                command if len(command) > 1 else ["webhook-service", "serve"],
                dict([given[1].split("=", 1)]) if given else settings,
                re.findall(r"httpGet\.path=([^,\s]+)", arguments),
            ),
        )
