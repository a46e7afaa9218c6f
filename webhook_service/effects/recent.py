"""Which events were acted on lately: shared by every process of one machine.

Ory repeats a call it has no answer to, to the byte (F87), and Hydra calls again for each
reuse of a refresh token in its grace period (F26). The event key is then the same, and
the session must not be extended again. The next try may reach another process, so the
keys live in a file that all of them map.

Beside each key stands who has taken the event and is not through with it. Where that process
has died, the event is free again: nobody knows how far it came, and its caller has no answer.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

BUCKETS: Final = 8192
KEYS_PER_BUCKET: Final = 8
KEY_BYTES: Final = 16
"""128 bits of the SHA-256 that an event key is made of."""
TAKER_BYTES: Final = 4

_SLOT_BYTES: Final = KEY_BYTES + TAKER_BYTES
_BUCKET_BYTES: Final = KEYS_PER_BUCKET * _SLOT_BYTES
_FILE_BYTES: Final = BUCKETS * _BUCKET_BYTES
"""1.25 MiB: the last 65,536 events that were acted on."""

_SETTLED: Final = bytes(TAKER_BYTES)
"""In a taker's place: no process has this number."""


class RecentEvents:
    """The keys of the last events that were acted on.

    A bucket holds eight keys, newest first, and forgets the oldest. The file locks are
    POSIX': the system releases them when a process dies, whatever it was doing. So each
    process holds one for life, on the byte of its number beyond the end of the file: that
    tells who lives. A number alone does not: who was killed keeps it for a moment longer.
    A process has one of these: to close a second one would let go of the locks of the first.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(path, flags, 0o600)
        # With its place on the disk: to write where there is none left ends the process (SIGBUS).
        os.posix_fallocate(self._file, 0, _FILE_BYTES)
        self._map = mmap.mmap(self._file, _FILE_BYTES)
        self._lock = threading.Lock()
        self._living = 0

    def claim(self, key: str) -> bool:
        """Take the event for this call; ``False`` where an earlier call took it.

        ``key`` is an event key: 32 hex digits.
        """
        digest = bytes.fromhex(key)
        taken = digest + os.getpid().to_bytes(TAKER_BYTES)
        with self._bucket(digest) as start:
            self._live()
            at = self._find(start, digest)
            if at is None:
                end = start + _BUCKET_BYTES
                self._map[start:end] = taken + self._map[start : end - _SLOT_BYTES]
                return True
            taker = self._map[at + KEY_BYTES : at + _SLOT_BYTES]
            if taker == _SETTLED or self._lives(int.from_bytes(taker)):
                return False
            self._map[at : at + _SLOT_BYTES] = taken
            return True

    def settle(self, key: str) -> None:
        """Be through with an event that this process has taken: what follows of it is kept."""
        digest = bytes.fromhex(key)
        with self._bucket(digest) as start:
            at = self._find(start, digest)
            if at is not None:
                self._map[at + KEY_BYTES : at + _SLOT_BYTES] = _SETTLED

    @contextmanager
    def _bucket(self, digest: bytes) -> Iterator[int]:
        """Lock the bucket of a key, and yield where it begins."""
        start = int.from_bytes(digest[:4]) % BUCKETS * _BUCKET_BYTES
        with self._lock:
            # One thread a process holds the file lock: POSIX counts it per process.
            fcntl.lockf(self._file, fcntl.LOCK_EX, _BUCKET_BYTES, start)
            try:
                yield start
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, _BUCKET_BYTES, start)

    def _find(self, start: int, digest: bytes) -> int | None:
        slots = range(start, start + _BUCKET_BYTES, _SLOT_BYTES)
        return next((at for at in slots if self._map[at : at + KEY_BYTES] == digest), None)

    def _live(self) -> None:
        """Show that this process lives, from its first event on: locks do not survive a fork."""
        process = os.getpid()
        if self._living != process:
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, _FILE_BYTES + process)
            self._living = process

    def _lives(self, process: int) -> bool:
        if process == self._living:  # a process' own locks do not stand in its way
            return True
        try:
            # Shared: whoever else looks at this moment must not pass for the process.
            fcntl.lockf(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, _FILE_BYTES + process)
        except OSError:
            return True
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _FILE_BYTES + process)
        return False
