"""The real Kratos and Hydra, set up for a real browser and for gateways.

Kratos' pages are those of ``ui.py``, and it sends people back to a gateway. Hydra's login
goes straight to Kratos and its consent is a page, or both are the service's gates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from browser import ui
from browser.serving import serving
from ory.configuration import Setup, url
from ory.lab import Ory, running_ory
from ory.servers import Server, free_ports

CHECK_KEY: Final = "the-key-that-gateways-send-in-these-tests"

FLOWS: Final = ("login", "registration", "settings", "recovery", "verification", "error")


@dataclass(frozen=True, slots=True)
class Lab:
    """What a test in a real browser finds running, and the port that is kept for a gateway.

    Everything is on the host 127.0.0.1. Cookies know no ports (RFC 6265, 8.5), so Kratos'
    cookie reaches the service and the gateway as it would below one cookie domain (F28).
    """

    ory: Ory
    ui_url: str
    gateway_port: int

    @property
    def gateway_url(self) -> str:
        """Where a gateway listens: Kratos sends people back to no other."""
        return url(self.gateway_port)

    @property
    def service_settings(self) -> dict[str, str]:
        """What the service must be told for its gates, ``/check`` and ``/session/refresh``."""
        return {
            "PUBLIC_URL": url(self.ory.hooks_port),
            "KRATOS_PUBLIC_URL": self.ory.kratos_public_url,
            "CHECK_KEYS": CHECK_KEY,
            "ALLOWED_ORIGINS": f"{self.ui_url},{self.gateway_url}",
        }


@contextmanager
def running_lab(setup: Setup, templates: Path, folder: Path) -> Iterator[Lab]:
    """Run everything but the service and a gateway until the block ends.

    ``setup`` says how Kratos and Hydra are configured apart from what browsers need; for
    ``templates`` see ``ory.servers.running``.
    """
    ui_port, gateway_port = free_ports(2)
    with running_ory(setup, templates, folder) as ory:
        lab = Lab(ory, url(ui_port), gateway_port)
        _configure(ory.servers.kratos, folder / "kratos.json", _kratos(lab))
        _configure(ory.servers.hydra, folder / "hydra.json", _pages(lab))
        with serving(ui.pages(ory.kratos_public_url, ory.hydra_admin_url), ui_port):
            yield lab


@contextmanager
def sent_to_gates(lab: Lab) -> Iterator[None]:
    """Let Hydra send browsers to the service's gates until the block ends."""
    file = lab.ory.folder / "hydra.json"
    before = json.loads(file.read_text())
    _configure(lab.ory.servers.hydra, file, _gates(lab))
    yield
    _configure(lab.ory.servers.hydra, file, before)


def _kratos(lab: Lab) -> dict[str, Any]:
    allowed = [lab.ui_url, lab.gateway_url, lab.ory.app.url, lab.ory.hydra_public_url]
    return {
        "selfservice": {
            "default_browser_return_url": f"{lab.ui_url}/",
            "allowed_return_urls": allowed,
            "flows": {flow: {"ui_url": f"{lab.ui_url}/{flow}"} for flow in FLOWS},
        }
    }


def _pages(lab: Lab) -> dict[str, Any]:
    return {"urls": {"consent": f"{lab.ui_url}/consent", "error": f"{lab.ui_url}/error"}}


def _gates(lab: Lab) -> dict[str, Any]:
    gates = f"{url(lab.ory.hooks_port)}/oauth2"
    return {"urls": {kind: f"{gates}/{kind}" for kind in ("login", "consent", "logout")}}


def _configure(server: Server, file: Path, changes: dict[str, Any]) -> None:
    """Lay changes over a server's configuration, and start it anew with them."""
    server.stop()
    file.write_text(json.dumps(_over(json.loads(file.read_text()), changes), indent=2))
    server.start()


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    return below | {
        name: _over(below[name], value) if isinstance(value, dict) and name in below else value
        for name, value in above.items()
    }
