"""What is wrong with the settings where the service runs, without asking anyone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from webhook_service.doctor.catalogue import installation
from webhook_service.doctor.finding import Finding, well
from webhook_service.fitness import missing_upstreams, start_notices
from webhook_service.policy.advice import advice
from webhook_service.policy.model import Policy
from webhook_service.settings import LOOPBACK, Settings

PLATFORMS: Final[Mapping[str, str]] = {
    "DYNO": "Heroku",
    "FLY_APP_NAME": "Fly.io",
    "K_SERVICE": "Cloud Run",
    "RENDER": "Render",
    "RAILWAY_ENVIRONMENT_NAME": "Railway",
    "VCAP_APPLICATION": "Cloud Foundry",
    "WEBSITE_INSTANCE_ID": "Azure App Service",
    "ECS_CONTAINER_METADATA_URI_V4": "ECS",
    "KUBERNETES_SERVICE_HOST": "Kubernetes",
}
"""Variables by which a platform is known whose disks last as long as a process does."""

CONTAINER_MARKS: Final = (Path("/.dockerenv"), Path("/run/.containerenv"))
"""What tells a container whose platform sets no variable: its disk goes when it is replaced."""


def look_at_policy(settings: Settings, policy: Policy) -> Iterator[Finding]:
    """Judge whether settings and policy fit together."""
    missing = missing_upstreams(settings, policy)
    for text in missing:
        yield Finding(installation.POLICY_NEEDS, text)
    for one in advice(policy):
        yield Finding(installation.POLICY_WARNING, f"line {one.line}: {one.code}: {one.message}")
    for text in start_notices(settings, policy):
        yield Finding(installation.START_NOTICE, text)
    if settings.mode == "shadow":
        yield Finding(installation.SHADOW, "MODE is shadow")
    if not missing:
        count = len(policy.rules)
        yield well(f"policy {policy.digest}: {count} rule{'' if count == 1 else 's'}")


def look_at_address(settings: Settings) -> Iterator[Finding]:
    """Judge where browsers and Ory are told to reach the service."""
    if settings.public_url is None:
        yield Finding(installation.NO_PUBLIC_URL, "PUBLIC_URL is not set")
        return
    parts = urlsplit(settings.public_url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        yield Finding(installation.PLAIN_PUBLIC_URL, f"PUBLIC_URL is {settings.public_url}")


def look_at_traces(settings: Settings, *, installed: bool) -> Iterator[Finding]:
    """Judge whether there can be traces where they are asked for."""
    if settings.traces and not installed:
        yield Finding(installation.NO_TRACES, "what sends traces is not installed")


def look_at_disk(
    policy: Policy,
    file: Path | None,
    environment: Mapping[str, str],
    is_mount: Callable[[Path], bool] = Path.is_mount,
    exists: Callable[[Path], bool] = Path.exists,
) -> Iterator[Finding]:
    """Judge whether the file of the database outlives a restart.

    Args:
        policy: without effects there is nothing to lose.
        file: the database; ``None`` where a server keeps it.
        environment: by whose variables platforms are known.
        is_mount: whether something is mounted in a folder.
        exists: whether there is a file: Docker and Podman leave one in each container.
    """
    if file is None or not policy.acts:
        return
    on = next((name for variable, name in PLATFORMS.items() if variable in environment), None)
    if on is None and any(exists(mark) for mark in CONTAINER_MARKS):
        on = "a container"
    folders = file.absolute().parents[:-1]  # not the root, which is mounted always
    if on is not None and not any(is_mount(folder) for folder in folders):
        yield Finding(
            installation.DATABASE_EPHEMERAL,
            f"DATABASE_URL: {file} lies on no volume of its own ({on})",
        )
