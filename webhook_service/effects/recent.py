"""Which events were acted on lately: shared by every process of one machine.

Ory repeats a call it has no answer to, to the byte (F87), and Hydra calls again for each
reuse of a refresh token in its grace period (F26). The event key is then the same, and
the session must not be extended again. The next try may reach another process, so the
keys live in a file that all of them map.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import threading
from pathlib import Path
from typing import Final

BUCKETS: Final = 8192
KEYS_PER_BUCKET: Final = 8
KEY_BYTES: Final = 16
"""128 bits of the SHA-256 that an event key is made of."""

_BUCKET_BYTES: Final = KEYS_PER_BUCKET * KEY_BYTES
_FILE_BYTES: Final = BUCKETS * _BUCKET_BYTES
"""1 MiB: the last 65,536 events that were acted on."""


class RecentEvents:
    """The keys of the last events that were acted on.

    A bucket holds eight keys, newest first, and forgets the oldest. The file lock is
    POSIX': the system releases it when a process dies, whatever it was doing.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(path, flags, 0o600)
        os.ftruncate(self._file, _FILE_BYTES)
        self._map = mmap.mmap(self._file, _FILE_BYTES)
        self._lock = threading.Lock()

    def claim(self, key: str) -> bool:
        """Take the event for this call; ``False`` where an earlier call took it.

        ``key`` is an event key: 32 hex digits.
        """
        digest = bytes.fromhex(key)
        start = int.from_bytes(digest[:4]) % BUCKETS * _BUCKET_BYTES
        end = start + _BUCKET_BYTES
        with self._lock:
            # One thread a process holds the file lock: POSIX counts it per process.
            fcntl.lockf(self._file, fcntl.LOCK_EX, _BUCKET_BYTES, start)
            try:
                bucket = self._map[start:end]
                for at in range(0, _BUCKET_BYTES, KEY_BYTES):
                    if bucket[at : at + KEY_BYTES] == digest:
                        return False
                self._map[start:end] = digest + bucket[:-KEY_BYTES]
                return True
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, _BUCKET_BYTES, start)
