"""nginx and Caddy, of Debian's packages, with the configurations that ``docs/gateways`` ships.

What an operator has to set is set here as the files tell, and nothing else is changed: what
these tests show is what the files do.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from ory import servers
from ory.configuration import url
from ory.servers import Program, StartError
from ory.waiting import wait_for

SHIPPED: Final = Path(__file__).parents[2] / "docs" / "gateways"

START_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Places:
    """Where a gateway listens, and the two that it stands between; all on 127.0.0.1."""

    gateway: int
    check: int
    application: int


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway."""

    name: str
    port: int
    program: Program

    @property
    def url(self) -> str:
        """Where it listens."""
        return url(self.port)


class RunGateway(Protocol):
    """What the fixture ``run_gateway`` gives."""

    def __call__(self, *, check_port: int, port: int | None = None) -> Gateway:
        """Run a gateway, on a free port if none is named, until the test ends."""
        ...


@contextmanager
def nginx(places: Places, key: str, folder: Path) -> Iterator[Gateway]:
    """Run nginx until the block ends."""
    (folder / "check-key").write_text(f'proxy_set_header X-Check-Key "{key}";\n')
    (folder / "gateway.conf").write_text(
        _set(
            (SHIPPED / "nginx.conf").read_text(),
            {
                "server 127.0.0.1:8080;": f"server 127.0.0.1:{places.check};",
                "server 127.0.0.1:3000;": f"server 127.0.0.1:{places.application};",
                "listen 80;": f"listen 127.0.0.1:{places.gateway};",
                "server_name app.example.org;": "server_name 127.0.0.1;",
                "include /etc/nginx/check-key;": f"include {folder}/check-key;",
            },
        )
    )
    main = folder / "nginx.conf"
    main.write_text(_nginx_around(folder / "gateway.conf"))
    # -e: else nginx opens the log that was compiled in before it has read any configuration.
    command = [_program("nginx"), "-e", "stderr", "-c", str(main)]
    with _running("nginx", command, {}, places, folder) as gateway:
        yield gateway


@contextmanager
def caddy(places: Places, key: str, folder: Path) -> Iterator[Gateway]:
    """Run Caddy until the block ends."""
    around = folder / "Caddyfile"
    # No admin API: two runs on one machine would want the same port for it.
    around.write_text(f"{{\n\tadmin off\n}}\nimport {SHIPPED}/Caddyfile\n")
    environment = {
        "GATEWAY_SITE": url(places.gateway),
        "CHECK_UPSTREAM": f"127.0.0.1:{places.check}",
        "APP_UPSTREAM": f"127.0.0.1:{places.application}",
        "CHECK_KEY": key,
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    command = [_program("caddy"), "run", "--config", str(around), "--adapter", "caddyfile"]
    with _running("caddy", command, environment, places, folder) as gateway:
        yield gateway


GATEWAYS: Final[Mapping[str, Callable[[Places, str, Path], AbstractContextManager[Gateway]]]] = {
    "nginx": nginx,
    "caddy": caddy,
}
"""By the name that a test is parametrized with."""


@contextmanager
def _running(
    name: str, command: list[str], environment: Mapping[str, str], places: Places, folder: Path
) -> Iterator[Gateway]:
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    # Who listens there already would be taken for the one that is started here.
    servers.wait_until_free(places.gateway)
    program = servers.start(name, command, folder, kept | dict(environment))
    try:
        wait_for(lambda: _listens(program, places.gateway), f"{name} on its port", START_SECONDS)
        yield Gateway(name, places.gateway, program)
    finally:
        program.stop()


def _listens(program: Program, port: int) -> bool:
    if program.process.poll() is not None:
        raise StartError(f"{program.name} ended:\n{program.tail()}")
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _set(text: str, values: Mapping[str, str]) -> str:
    """Replace what the operator sets; a file in which one of these is not once is not tested."""
    for shipped, ours in values.items():
        assert text.count(shipped) == 1, f"{shipped!r} stands {text.count(shipped)} times"
        text = text.replace(shipped, ours)
    return text


def _nginx_around(gateway: Path) -> str:
    """Return a main configuration for the user at hand, who keeps everything in one folder."""
    folder = gateway.parent
    user = pwd.getpwuid(os.getuid()).pw_name
    lines = [
        # Workers of root would give up their rights, and the folder is root's alone.
        *([f"user {user};"] if os.getuid() == 0 else []),
        "daemon off;",
        "worker_processes 1;",
        f"pid {folder}/nginx.pid;",
        "error_log stderr notice;",
        "events {}",
        "http {",
        "    access_log off;",
        *(
            f"    {kind}_temp_path {folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        ),
        f"    include {gateway};",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _program(name: str) -> str:
    """Return the path of a program.

    Raises:
        StartError: it is not installed. These tests are never skipped for that: a green run
            must mean that they ran.
    """
    # Debian's nginx lies where the PATH of most users does not look.
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))
    if found is None:
        raise StartError(f"{name} not found: install Debian's package {name}")
    return found
