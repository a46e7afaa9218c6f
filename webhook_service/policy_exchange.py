"""The folder that all processes share: the accepted policy, and what became of the last offer."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

MAX_POLICY_BYTES: Final = 1024 * 1024


class UnreadableError(Exception):
    """The policy file cannot be read at all."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was offered and does not load.

    ``place`` is its first error's place and kind, ``problems`` how many there are: what the
    open health route may tell. ``at`` is in UTC.
    """

    at: str
    place: str
    problems: int


class Exchange:
    """The place in the shared folder where processes find the accepted policy."""

    def __init__(self, folder: Path) -> None:
        self._accepted = folder / "policy"
        self._refused = folder / "policy-refused"
        self._offered = folder / "policy-offered"
        self._lock = folder / "policy-lock"

    def begin(self, path: Path) -> None:
        """Let every process begin with the file as it is now; it was checked already.

        Raises:
            UnreadableError: it cannot be read.
        """
        self.note_offered(state_of(path))
        self.accept(read_file(path))

    def accepted(self) -> bytes | None:
        """Return the bytes of the accepted policy, if there is one."""
        try:
            return self._accepted.read_bytes()
        except FileNotFoundError:
            return None

    def accepted_at(self) -> datetime | None:
        """Return when the accepted policy was, in UTC."""
        try:
            return datetime.fromtimestamp(self._accepted.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def accept(self, data: bytes) -> None:
        """Let every process take over this policy."""
        self._replace(self._accepted, data)
        self._refused.unlink(missing_ok=True)

    def refuse(self, refused: Refused) -> None:
        """Let every process say that this file was refused."""
        told = {"at": refused.at, "place": refused.place, "problems": refused.problems}
        self._replace(self._refused, json.dumps(told).encode())

    def withdraw(self) -> None:
        """Forget a refusal: the file is the accepted one again."""
        self._refused.unlink(missing_ok=True)

    def refused(self) -> Refused | None:
        """Return the last refusal, unless something was accepted since."""
        try:
            return Refused(**json.loads(self._refused.read_bytes()))
        except FileNotFoundError:
            return None

    def was_offered(self, state: tuple[int, ...]) -> bool:
        """Say whether a process offered the file in this state already."""
        try:
            return self._offered.read_bytes() == repr(state).encode()
        except FileNotFoundError:
            return False

    def note_offered(self, state: tuple[int, ...]) -> None:
        """Remember for all processes in which state the file was offered last."""
        self._replace(self._offered, repr(state).encode())

    def stamp(self) -> tuple[int, ...]:
        """Return something that changes whenever the accepted policy or a refusal does."""
        return tuple(
            number for path in (self._accepted, self._refused) for number in state_of(path)
        )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from offering at the same time."""
        file = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    @staticmethod
    def _replace(path: Path, data: bytes) -> None:
        fresh = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
        fresh.write_bytes(data)
        fresh.replace(path)


def read_file(path: Path) -> bytes:
    """Read a policy file, one byte more than it may have at the most.

    Raises:
        UnreadableError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_POLICY_BYTES + 1)
    except OSError as error:
        raise UnreadableError(f"cannot read {path}: {error.strerror}") from None


def state_of(path: Path) -> tuple[int, ...]:
    """Return what tells one state of a file from another; nothing where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size
