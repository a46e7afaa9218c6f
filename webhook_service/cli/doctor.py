"""``doctor``: what is wrong with this installation, why it matters, what to write instead."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from webhook_service import settings as settings_module
from webhook_service.cli.doctor_report import document, lines
from webhook_service.cli.terminal import echo_json
from webhook_service.doctor import hydra_file, kratos_file
from webhook_service.doctor.case import Case
from webhook_service.doctor.catalogue import files, installation
from webhook_service.doctor.finding import Finding, Level
from webhook_service.doctor.running import look_at_database, look_at_upstreams
from webhook_service.doctor.surroundings import (
    look_at_address,
    look_at_disk,
    look_at_policy,
    look_at_traces,
)
from webhook_service.effects.store.database import shown
from webhook_service.fitness import StartError
from webhook_service.hooks.table import Caller
from webhook_service.opening import is_file
from webhook_service.ory_config.jsonnet import Body
from webhook_service.ory_config.jsonnet_file import document as hook_body
from webhook_service.ory_config.listening import HeaderNames, headers_read
from webhook_service.ory_config.plan import Tree
from webhook_service.ory_config.site import Site, is_network
from webhook_service.ory_config.yaml_edit import UneditableError, read
from webhook_service.policy.errors import PolicyError
from webhook_service.policy.model import Policy
from webhook_service.settings import Settings, SettingsError
from webhook_service.tracing.wanted import is_installed
from webhook_service.wiring import read_policy

HELP = """
Look for what is wrong with this installation.

Looks at the settings, the policy, the database, and at Kratos and Hydra as they run; with
their configuration files also at every hook and at the settings that the policy hangs on.
Each finding says what is wrong, why it matters, and the line to write. Nothing is changed.

\b
  webhook-service doctor
  webhook-service doctor --kratos kratos.yml --hydra hydra.yml

\b
Exit codes
  0  nothing is wrong; warnings do not count
  1  there are errors
  2  the command was not used right
"""

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("doctor", help=HELP)
@click.option("--kratos", type=FILE, metavar="FILE", help="The configuration file of Kratos.")
@click.option("--hydra", type=FILE, metavar="FILE", help="The configuration file of Hydra.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(kratos: Path | None, hydra: Path | None, *, as_json: bool) -> None:
    """Look at everything, then report."""
    findings = list(_look(kratos, hydra))
    if as_json:
        echo_json(document(findings))
    else:
        columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in lines(findings, columns):
            click.echo(line)
    if any(finding.level is Level.ERROR for finding in findings):
        raise SystemExit(1)


def _look(kratos: Path | None, hydra: Path | None) -> Iterator[Finding]:
    try:
        settings = settings_module.load()
    except SettingsError as error:
        for name, texts in sorted(error.problems.items()):
            yield from (Finding(installation.SETTINGS_INVALID, f"{name}: {text}") for text in texts)
        return
    yield from look_at_address(settings)
    yield from look_at_traces(settings, installed=is_installed())
    yield from look_at_database(settings)
    try:
        policy = read_policy(settings.policy_file)
    except PolicyError as error:
        for problem in error.problems:
            where = f"{settings.policy_file}:{problem.line}:{problem.column}"
            yield Finding(installation.POLICY_INVALID, f"{where}: {problem.message}")
        return
    except StartError as error:
        yield Finding(installation.POLICY_INVALID, str(error))
        return
    yield from look_at_policy(settings, policy)
    on_file = is_file(settings.database_url)
    file = Path(shown(settings.database_url)) if on_file else None
    yield from look_at_disk(policy, file, os.environ)
    yield from look_at_upstreams(settings, policy)
    yield from _look_at_files(kratos, hydra, _case(settings, policy))


def _look_at_files(kratos: Path | None, hydra: Path | None, case: Case) -> Iterator[Finding]:
    trees: dict[str, Tree] = {}
    for name, path in (("kratos", kratos), ("hydra", hydra)):
        if path is not None:
            try:
                trees[name] = read(path.read_bytes().decode())
            except UnicodeDecodeError:
                yield Finding(files.FILE_UNREADABLE, f"{path}: it is not UTF-8 text")
            except UneditableError as error:
                yield Finding(files.FILE_UNREADABLE, f"{path}: {error}")
    if "kratos" in trees:
        yield from kratos_file.look(trees["kratos"], case)
    if "hydra" in trees:
        yield from hydra_file.look(trees["hydra"], case)
    if len(trees) > 1:
        yield from kratos_file.back_to_hydra(trees["kratos"], trees["hydra"], case)


def _case(settings: Settings, policy: Policy) -> Case:
    names = HeaderNames(settings.client_ip_header, settings.country_header)
    site = Site(
        # Without an address of our own a hook is known by its path.
        hooks_url=settings.public_url or "",
        kratos_key="",
        hydra_key="",
        header_names=names,
        public_url=settings.public_url,
        kratos_admin_url=settings.kratos_admin_url,
        kratos_public_url=settings.kratos_public_url,
        hydra_admin_url=settings.hydra_admin_url,
        network=is_network(settings.kratos_admin_url, settings.hydra_admin_url),
    )
    keys = {
        Caller.KRATOS: tuple(key.decode() for key in settings.kratos_hook_keys),
        Caller.HYDRA: tuple(key.decode() for key in settings.hydra_hook_keys),
    }
    headers = headers_read(policy, names)
    body = Body(hook_body(), settings.session_cookie, headers=headers)
    return Case(policy, site, keys, body, read=_text_here)


def _text_here(path: str) -> str | None:
    """Return what a file holds, if it is on this machine."""
    try:
        return Path(path).read_text("utf-8")
    except (OSError, ValueError):
        return None
