"""Databases that are made to fail, and to get well again, under a service that runs."""

from __future__ import annotations

import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from databases.postgres import Postgres
from faults.deployment import Deployment

DISK = "disk"
DISK_SIZE = "4m"


def on_a_small_disk(folder: Path) -> tuple[str, ...]:
    """Return what a program is started with that is to find a disk of 4 MiB in the folder.

    It is there for that program and its children alone, and goes with them. Anybody may make
    it: it needs no right of root's.
    """
    (folder / DISK).mkdir()
    rights = () if os.geteuid() == 0 else ("--map-root-user",)
    mount = f'mount -t tmpfs -o size={DISK_SIZE} none "$0/{DISK}" && exec "$@"'
    return ("unshare", "--mount", *rights, "sh", "-c", mount, str(folder))


def on_the_disk_of(one: Deployment) -> tuple[str, ...]:
    """Return what a program is started with that is to find the same disk."""
    rights = () if os.geteuid() == 0 else ("--user", "--preserve-credentials")
    return ("nsenter", "--target", str(one.web.pid), "--mount", *rights)


@contextmanager
def full(one: Deployment) -> Iterator[None]:
    """Fill the small disk to its last byte."""
    filler = Path(f"/proc/{one.web.pid}/root{one.folder}", DISK, "filler")
    with filler.open("wb", buffering=0) as file:
        for size in 65536, 4096, 512, 1:
            while True:
                try:
                    file.write(bytes(size))
                except OSError:
                    break
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def unwritable(one: Deployment) -> Iterator[None]:
    """Let every write to a file fail, and no other call: a disk that was taken for broken."""
    limits = {}
    for process in one.processes():
        limits[process] = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (0, limits[process][1]))
    try:
        yield
    finally:
        for process, limit in limits.items():
            resource.prlimit(process, resource.RLIMIT_FSIZE, limit)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock to write, as a backup or a curious person may."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def frozen(server: Postgres) -> Iterator[None]:
    """Let it stand still: connections stay, and nothing is answered."""
    server.freeze()
    try:
        yield
    finally:
        server.thaw()


@contextmanager
def away(server: Postgres) -> Iterator[None]:
    """Let it end, as at a crash."""
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def read_only(server: Postgres) -> Iterator[None]:
    """Let it take no writes, as a primary that has become a replica."""
    server.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    server.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        server.execute("ALTER SYSTEM RESET default_transaction_read_only")
        server.execute("SELECT pg_reload_conf()")
