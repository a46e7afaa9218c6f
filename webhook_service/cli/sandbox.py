"""``sandbox``: the service with a stand-in Ory, to try it in a minute."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from tempfile import TemporaryDirectory
from types import FrameType

import click
import requests

from webhook_service import sandbox
from webhook_service.hooks.table import HYDRA_TOKEN

START_SECONDS = 30

CALLS = (
    ("a refresh of the web app's token extends the session behind it", "refresh"),
    ("a token for the mobile app is refused: no second factor yet", "password-only"),
    ("a machine's token is left alone", "machine"),
)


@click.command(
    "sandbox",
    help=(
        "Serve with a stand-in Ory, new keys and an example policy.\n\n"
        "Nothing to install or configure: it prints three calls to paste into another"
        " terminal; this one shows what was decided, and a page in your browser why."
    ),
)
@click.option("--port", default=8080, show_default=True, help="Where to listen.")
def command(port: int) -> None:
    """Serve the sandbox until it is interrupted."""
    key, operator_key = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with sandbox.stand_in().serve() as ory, TemporaryDirectory(prefix="webhook-service-") as folder:
        environment = {
            **os.environ,
            "HYDRA_HOOK_KEYS": key,
            "KRATOS_HOOK_KEYS": secrets.token_urlsafe(32),
            "OPERATOR_KEYS": operator_key,
            "KRATOS_ADMIN_URL": ory.kratos.url,
            "HYDRA_ADMIN_URL": ory.hydra.url,
            "POLICY_FILE": str(sandbox.POLICY),
            "DATABASE_URL": f"sqlite:///{folder}/effects.db",
            "EFFECTS_WORKER": "web",
            "PORT": str(port),
            "WEB_CONCURRENCY": "1",
            "LOG_FORMAT": "console",
        }
        service = subprocess.Popen(
            [sys.executable, "-m", "webhook_service", "serve"], env=environment
        )

        def stop(_signal: int, _frame: FrameType | None) -> None:
            service.terminate()

        signal.signal(signal.SIGTERM, stop)
        # An interrupt from the keyboard reaches the service as well: it ends by itself.
        signal.signal(signal.SIGINT, lambda *_: None)
        address = f"http://127.0.0.1:{port}"
        try:
            if _is_up(address, service):
                _introduce(address, key, operator_key)
            code = service.wait()
        finally:
            # Also where nobody reads what is printed: the service must not outlive this.
            service.terminate()
        raise SystemExit(code)


def _is_up(address: str, service: subprocess.Popen[bytes]) -> bool:
    """Wait until the service answers; ``False`` if it ends before."""
    until = time.monotonic() + START_SECONDS
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < until and service.poll() is None:
            try:
                if session.get(f"{address}/health/alive", timeout=1).ok:
                    return True
            except requests.RequestException:
                time.sleep(0.05)
    return False


def _introduce(address: str, key: str, operator_key: str) -> None:
    """Say where it listens, what to look at and what to paste."""
    click.echo()
    click.secho(f"The sandbox listens on {address}", bold=True)
    click.echo(f"  policy    {sandbox.POLICY}")
    click.echo("  Ory       a stand-in with one person and two sessions, in memory")
    click.echo(f"  page      {address}/ in a browser")
    click.echo(f"            sign in with {operator_key}")
    click.echo("  stop      Ctrl-C")
    click.echo()
    click.echo("Paste into another terminal:")
    for number, (what, name) in enumerate(CALLS, 1):
        click.echo()
        click.secho(f"  # {number}. {what}", fg="cyan")
        click.echo(
            f"  curl -i -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json'"
            f" --data @{sandbox.FOLDER / name}.json {address}{HYDRA_TOKEN}"
        )
    click.echo()
    click.secho("Decisions", bold=True)
