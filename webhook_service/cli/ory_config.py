"""``ory-config``: the configuration that Kratos and Hydra need for the policy at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from webhook_service.cli import ory_config_options as options
from webhook_service.cli.ory_config_options import Asked
from webhook_service.hooks.table import Caller
from webhook_service.ory_config import hydra as of_hydra
from webhook_service.ory_config import kratos as of_kratos
from webhook_service.ory_config.delta import Delta
from webhook_service.ory_config.methods import DEFAULT, enabled
from webhook_service.ory_config.plan import Plan, Tree
from webhook_service.ory_config.rendering import advice_lines, as_patch, as_yaml
from webhook_service.ory_config.weave import ConflictError, woven
from webhook_service.ory_config.yaml_edit import UneditableError, edited, read
from webhook_service.ory_config.yaml_text import comment

HELP = """
Print what Kratos and Hydra must be configured with, for the policy at hand.

Only the hooks that its rules listen to, each with a key: the first of KRATOS_HOOK_KEYS
or HYDRA_HOOK_KEYS. PUBLIC_URL says where the service is reached.

\b
  webhook-service ory-config hydra                        YAML to merge by hand
  webhook-service ory-config kratos --merge kratos.yml    that file with all of it in it
  webhook-service ory-config kratos --merge kratos.yml --write
  webhook-service ory-config network | less               commands for Ory Network

What is printed holds keys, unless --no-keys puts placeholders there. With --merge the
comments, the layout and the hooks of others stay as they are; merging twice changes nothing.

\b
Exit codes
  0  printed, or written
  1  settings, policy or the file to merge with are in the way; the text says how
  2  the command was not used right
"""


@click.group("ory-config", help=HELP)
def command() -> None:
    """Group the commands for each server."""


@command.command("kratos", help="Print Kratos' hooks.")
@options.COMMON
@options.METHODS
@options.COOKIE
@options.JSONNET
@options.HYDRA_PUBLIC_URL
@options.MERGE
@options.WRITE
def kratos(merge: Path | None, *, write: bool, **asked: Any) -> None:  # noqa: ANN401  options by name
    """Print or merge Kratos' part."""
    wanted = Asked(**asked)
    text = _text(merge)
    config = _read(text, merge)
    plan = _kratos_plan(wanted, config, is_known=merge is not None)
    body = None if wanted.jsonnet is None else (wanted.jsonnet, wanted.body.text)
    _finish(plan, wanted.head("Kratos"), merge, text, config, write=write, body=body)


@command.command("hydra", help="Print Hydra's hook.")
@options.COMMON
@options.MERGE
@options.WRITE
def hydra(merge: Path | None, *, write: bool, **asked: Any) -> None:  # noqa: ANN401  options by name
    """Print or merge Hydra's part."""
    wanted = Asked(**asked)
    text = _text(merge)
    plan = _hydra_plan(wanted)
    _finish(plan, wanted.head("Hydra"), merge, text, _read(text, merge), write=write)


@command.command("network")
@options.COMMON
@options.METHODS
@options.COOKIE
@options.HYDRA_PUBLIC_URL
@options.KRATOS_FILE
@options.HYDRA_FILE
def network(kratos: Path | None, hydra: Path | None, **asked: Any) -> None:  # noqa: ANN401  options by name
    r"""Print the commands that configure a project of Ory Network.

    Each list of hooks is set as a whole. Give what is there already with --kratos and
    --hydra, so that the hooks of others stay in it:

    \b
      ory get identity-config --project "$ORY_PROJECT_ID" --format yaml > identity.yml
      ory get oauth2-config --project "$ORY_PROJECT_ID" --format yaml > oauth2.yml
    """
    wanted = Asked(network=True, **asked)
    given = {"--kratos": kratos, "--hydra": hydra}
    unknown = [option for option, file in given.items() if file is None]
    parts = []
    for name, file in (("identity-config", kratos), ("oauth2-config", hydra)):
        config = _read(_text(file), file)
        if name == "identity-config":
            plan = _kratos_plan(wanted, config, is_known=file is not None)
        else:
            plan = _hydra_plan(wanted)
        parts.append((name, config, _woven(plan, config, file), plan))
    for line in _commands(wanted, parts, unknown):
        click.echo(line)


def _commands(
    wanted: Asked, parts: list[tuple[str, Tree, Delta, Plan]], unknown: list[str]
) -> Iterator[str]:
    yield f"# {wanted.head('an Ory Network project')}"
    if unknown:
        yield from comment(
            f"Without {' and '.join(unknown)}: hooks and entries of others that the project has in"
            " the same places are lost."
        )
    for name, config, delta, plan in parts:
        if delta:
            yield ""
            yield from as_patch(name, config, delta)
        else:
            yield f"# {name}: nothing to change"
        yield from advice_lines(plan.advice)


def _kratos_plan(wanted: Asked, config: Tree, *, is_known: bool) -> Plan:
    methods = wanted.methods or (enabled(config) if is_known else DEFAULT)
    plan = of_kratos.plan(wanted.policy, wanted.site, wanted.body_address, methods)
    wanted.check_key(Caller.KRATOS, plan)
    return plan


def _hydra_plan(wanted: Asked) -> Plan:
    plan = of_hydra.plan(wanted.policy, wanted.site)
    wanted.check_key(Caller.HYDRA, plan)
    return plan


def _finish(
    plan: Plan,
    head: str,
    merge: Path | None,
    text: str,
    config: Tree,
    *,
    write: bool,
    body: tuple[Path, str] | None = None,
) -> None:
    if merge is None and write:
        raise click.UsageError("--write says to write the file of --merge: name it.")
    try:
        merged = "" if merge is None else edited(text, _woven(plan, config, merge))
    except UneditableError as error:
        raise click.ClickException(f"{merge}: {error}") from None
    if body is not None:
        # Before the file that names it: where the body is not there, every flow fails.
        _save(*body)
    if merge is None:
        for line in as_yaml(plan, head):
            click.echo(line)
        return
    if write:
        changed = merged != text
        if changed:
            _save(merge, merged)
        click.echo(f"{merge}: {'written' if changed else 'nothing to change'}", err=True)
    else:
        # The file's own bytes, whatever the terminal's encoding is.
        click.echo(merged.encode(), nl=False)
    for line in advice_lines(plan.advice):
        click.echo(line, err=True)


def _woven(plan: Plan, config: Tree, file: Path | None) -> Delta:
    try:
        return woven(plan, config)
    except ConflictError as error:
        raise click.ClickException(f"{file}: {error}") from None


def _text(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError:
        raise click.ClickException(f"{file}: it is not UTF-8 text") from None


def _read(text: str, file: Path | None) -> Tree:
    try:
        return read(text)
    except UneditableError as error:
        raise click.ClickException(f"{file}: {error}") from None


def _save(file: Path, text: str) -> None:
    try:
        file.write_bytes(text.encode())
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None
