"""The files and guides for platforms: what they start is there, and starts with what they set."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from unit.docs.commands import fault
from unit.docs.platforms import DEPLOYING, ROOT, SECRET, Started, documents, kubernetes, started

from webhook_service import settings
from webhook_service.cli.setting_texts import settings as every_setting
from webhook_service.effects import standalone
from webhook_service.effects.store.database import CONNECTIONS
from webhook_service.policy.loader import load
from webhook_service.web import granian_server

STARTED = started()
PROGRAMS = (["webhook-service"], ["python", "-m", "webhook_service"])
OF_PLATFORMS = {"PYTHON_VERSION"}
KEY = {"HYDRA_HOOK_KEYS": "h", "KRATOS_HOOK_KEYS": "k", "OPERATOR_KEYS": "o", "CHECK_KEYS": "c"}

EVERY = pytest.mark.parametrize("process", STARTED.values(), ids=STARTED)


def arguments(process: Started) -> list[str]:
    """Return a command without the program's name."""
    [program] = [one for one in PROGRAMS if process.command[: len(one)] == one]
    return process.command[len(program) :]


def filled(name: str, value: str, folder: Path) -> str:
    """Return a value that is fit where the file leaves it to the platform."""
    setting = name.removesuffix("_FILE")
    if value == SECRET or name.endswith("_FILE"):
        value = {
            "DATABASE_URL": "postgresql://webhook:password@postgres/webhook",
            "ORY_API_KEY": "ory_pat_key",
        }.get(setting) or (KEY[setting] * 44 if setting in KEY else "https://ory.example.org")
    if not name.endswith("_FILE"):
        return value
    (folder / setting).write_text(f"{value}\n")
    return str(folder / setting)


@EVERY
def test_each_process_runs_a_command_that_exists(process: Started) -> None:
    assert fault(arguments(process)) is None


@EVERY
def test_each_process_is_given_settings_that_exist(process: Started) -> None:
    known = {one.name for one in every_setting()} | {f"{name}_FILE" for name in settings.FROM_FILES}
    assert process.environment.keys() <= known | OF_PLATFORMS


@EVERY
def test_each_process_starts_with_what_it_is_given(
    process: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in process.environment.items():
        monkeypatch.setenv(name, filled(name, value, tmp_path))
    if arguments(process) == ["db", "upgrade"]:
        settings.load_database_url()
        return
    if not any(name.startswith("HYDRA_HOOK_KEYS") for name in process.environment):
        monkeypatch.setenv("HYDRA_HOOK_KEYS", KEY["HYDRA_HOOK_KEYS"] * 44)  # kept elsewhere
    settings.load()


@EVERY
def test_a_platform_asks_only_whether_the_process_lives(process: Started) -> None:
    """Not whether it is ready: an outage of Kratos must not take every process out."""
    assert set(process.paths) <= {"/health/alive"}


def test_every_platform_that_asks_anything_asks_the_web_process() -> None:
    asked = [arguments(one) for one in STARTED.values() if one.paths]
    assert [one for one in asked if one != ["worker"]] == [["serve"]] * 4


def test_a_worker_that_is_asked_listens_where_it_is_asked() -> None:
    [worker] = [
        one
        for one in kubernetes()
        if one.get("kind") == "Deployment" and one["metadata"]["name"].endswith("-worker")
    ]
    [container] = worker["spec"]["template"]["spec"]["containers"]
    [port] = container["ports"]
    probed = {container[probe]["httpGet"]["port"] for probe in ("startupProbe", "livenessProbe")}
    assert probed == {port["name"]}
    told = STARTED["kubernetes worker"].environment["WORKER_PORT"]
    assert told == str(port["containerPort"])
    fly = tomllib.loads((DEPLOYING / "fly" / "fly.toml").read_text())
    check = fly["checks"]["worker"]
    assert check["processes"] == ["worker"]
    assert fly["env"]["WORKER_PORT"] == str(check["port"])
    [compose] = documents(DEPLOYING / "docker" / "compose.yaml")
    assert compose["services"]["worker"]["environment"]["WORKER_PORT"] == "8080"
    assert r"os.environ.get(\"PORT\", 8080)" in (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize("platform", ["Procfile", "fly.toml", "render.yaml", "compose.yaml"])
def test_each_platform_has_the_three_processes(platform: str) -> None:
    run = {" ".join(arguments(one)) for name, one in STARTED.items() if name.startswith(platform)}
    assert run == {"serve", "worker", "db upgrade"}


@pytest.mark.parametrize("platform", ["kubernetes", "cloud-run.md"])
def test_so_have_those_that_are_set_up_by_several_commands(platform: str) -> None:
    run = {" ".join(arguments(one)) for name, one in STARTED.items() if name.startswith(platform)}
    assert run == {"serve", "worker", "db upgrade"}


def test_the_web_and_worker_of_a_platform_are_given_the_same_settings() -> None:
    for platform in ("compose.yaml", "kubernetes", "fly.toml"):
        [web, worker] = (STARTED[f"{platform} {name}"].environment for name in ("web", "worker"))
        assert web == worker


def test_every_file_of_the_kustomization_is_there_and_only_what_is_made_by_hand_is_not_in_it() -> (
    None
):
    folder = DEPLOYING / "kubernetes"
    [told] = documents(folder / "kustomization.yaml")
    policies = [file for one in told["configMapGenerator"] for file in one.get("files", ())]
    listed = {*told["resources"], *policies, "kustomization.yaml"}
    by_hand = {"secret.yaml", "upgrade.yaml"}
    assert {path.name for path in folder.iterdir()} == listed | by_hand
    [image] = told["images"]
    [job] = documents(folder / "upgrade.yaml")
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"{image['newName']}:{image['newTag']}"


def test_every_secret_that_a_pod_reads_is_in_the_secret() -> None:
    [secret] = documents(DEPLOYING / "kubernetes" / "secret.yaml")
    read = {
        Path(value).name
        for name, one in STARTED.items()
        if name.startswith("kubernetes")
        for key, value in one.environment.items()
        if key.endswith("_FILE")
    }
    assert read == secret["stringData"].keys()


def test_with_the_secret_as_it_stands_there_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    [secret] = documents(DEPLOYING / "kubernetes" / "secret.yaml")
    monkeypatch.setenv("HYDRA_HOOK_KEYS", secret["stringData"]["hydra-hook-keys"])
    with pytest.raises(settings.SettingsError, match="accepted: 32 or more"):
        settings.load()


def test_no_pod_runs_as_root_or_can_become_it() -> None:
    specs = [
        one["spec"]["template"]["spec"]
        for one in kubernetes()
        if one.get("kind") in {"Deployment", "Job"}
    ]
    assert len(specs) == 3
    for spec in specs:
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["automountServiceAccountToken"] is False
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_the_policy_of_the_manifests_loads() -> None:
    assert load((DEPLOYING / "kubernetes" / "policy.yaml").read_bytes()).rules


def test_each_platform_waits_for_as_long_as_a_stop_takes() -> None:
    web, worker = granian_server.STOP_SECONDS, standalone.GRACE_SECONDS
    [compose] = documents(DEPLOYING / "docker" / "compose.yaml")
    grace = {name: one.get("stop_grace_period", "") for name, one in compose["services"].items()}
    assert int(grace["web"].rstrip("s")) > web
    assert int(grace["worker"].rstrip("s")) > worker
    pods = {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]
        for one in kubernetes()
        if one.get("kind") == "Deployment"
    }
    [container] = pods["webhook-service"]["containers"]
    before = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pods["webhook-service"]["terminationGracePeriodSeconds"] > before + web
    assert pods["webhook-service-worker"]["terminationGracePeriodSeconds"] > worker
    fly = tomllib.loads((DEPLOYING / "fly" / "fly.toml").read_text())
    assert fly["kill_signal"] == "SIGTERM"
    assert int(fly["kill_timeout"].rstrip("s")) > worker
    [render] = documents(DEPLOYING / "render" / "render.yaml")
    for service in render["services"]:
        assert service["maxShutdownDelaySeconds"] > worker


def test_the_connections_that_the_guide_counts_are_those_of_the_code() -> None:
    """Four of the effects' pool, and one of the thread that writes records."""
    guide = (DEPLOYING / "README.md").read_text()
    assert CONNECTIONS == 4
    assert "A web process opens five at the most, a worker four" in guide
    assert f"Two machines with two processes each and two workers are {4 * 5 + 2 * 4}." in guide


def test_heroku_makes_a_key_for_each_caller_that_the_file_names() -> None:
    told = json.loads((DEPLOYING / "heroku" / "app.json").read_text())
    keys = {name: one for name, one in told["env"].items() if name.endswith("_KEYS")}
    assert keys
    assert all(one["generator"] == "secret" for one in keys.values())


def test_the_image_is_built_of_all_that_the_package_needs() -> None:
    """What is missing in the context or is not copied fails a build that no test runs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", "requirements.txt", "requirements-otel.txt"}
    needed |= {project["project"]["readme"]}
    needed |= {*wheel["packages"], *wheel["force-include"]}
    dockerfile = (ROOT / "Dockerfile").read_text()
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
        for source in line.split()[:-1]
    }
    let_in = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    assert needed <= copied
    assert needed <= let_in
    assert all((ROOT / one).exists() for one in needed)


def test_the_image_with_an_extra_has_the_same_packages_and_more() -> None:
    bare, more = (
        set(re.findall(r"^[a-z].*==\S+", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.txt", "requirements-otel.txt")
    )
    assert bare < more
    assert any(one.startswith("opentelemetry-sdk==") for one in more - bare)


def test_the_image_reads_the_policy_where_every_guide_puts_it() -> None:
    place = "/etc/webhook-service/policy.yaml"
    assert f"POLICY_FILE={place}" in (ROOT / "Dockerfile").read_text()
    for guide in ("docker.md", "cloud-run.md", "fly/fly.toml", "docker/compose.yaml"):
        assert place in (DEPLOYING / guide).read_text()
    mounts = [
        mount["mountPath"]
        for one in kubernetes()
        if one.get("kind") == "Deployment"
        for container in one["spec"]["template"]["spec"]["containers"]
        for mount in container["volumeMounts"]
        if mount["name"] == "policy"
    ]
    assert mounts == [str(Path(place).parent)] * 2
