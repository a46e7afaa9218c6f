"""The folder that the processes of one service share while they run.

``serve`` makes a new one and removes it at its end. A service started in another way, by
a gunicorn of the platform's own, finds one by its parent process, so that its workers
meet there too. It holds counts and event keys: nothing that must outlive the service.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_MEMORY: Final = "/dev/shm"  # noqa: S108  the folder in it has a name that is drawn

VARIABLE: Final = "WEBHOOK_SERVICE_RUNTIME_DIR"
METRICS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"


class RuntimeFolderError(Exception):
    """The folder belongs to somebody else."""


def runtime_folder() -> Path:
    """Return the folder, made if need be, and readable by this user alone.

    Raises:
        RuntimeFolderError: another user made it, or it is a link.
    """
    named = os.environ.get(VARIABLE)
    folder = (
        Path(named)
        if named
        else Path(tempfile.gettempdir(), f"webhook-service-{os.getuid()}-{os.getppid()}")
    )
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise RuntimeFolderError(f"{folder} is not a folder of this user's")
    return folder


def runtime_file(name: str) -> Path:
    """Return the path of a file in the folder."""
    return runtime_folder() / name


def share_metrics() -> None:
    """Let all processes count into one folder. Must run before the metrics are imported."""
    if METRICS_VARIABLE not in os.environ:
        folder = runtime_folder() / "metrics"
        folder.mkdir(mode=0o700, exist_ok=True)
        os.environ[METRICS_VARIABLE] = str(folder)


@contextmanager
def shared_folder() -> Iterator[Path]:
    """Make the folder of this service's processes, and remove it at the end.

    Raises:
        SystemExit: there is no place for it.
    """
    maker = os.getpid()
    name = f"webhook-service-{secrets.token_hex(8)}"
    try:
        folder = Path(_place(), name)
    except OSError as error:
        raise SystemExit(
            "The service does not start: it needs a folder for temporary files,"
            f" and finds none that it can write to. Name one with TMPDIR. ({error.strerror})"
        ) from None
    # Whatever interrupts from here on, the name is known.
    try:
        folder.mkdir(mode=0o700)
        os.environ[VARIABLE] = str(folder)
        share_metrics()
        yield folder
    finally:
        # A forked worker leaves through here as well, and must not take the folder along.
        if os.getpid() == maker:
            shutil.rmtree(folder, ignore_errors=True)


def _place() -> str:
    """Return where a service makes its folder: in memory, unless the operator names a place.

    The files in it are mapped. On a disk that is full, as it may be where the database is, to
    write to a page of such a file that has no room yet ends the process (SIGBUS).
    """
    if not os.environ.get("TMPDIR") and os.access(_MEMORY, os.W_OK):
        return _MEMORY
    return tempfile.gettempdir()
