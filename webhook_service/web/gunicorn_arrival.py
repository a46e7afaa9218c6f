"""When a request has arrived: so much of it that a thread will not wait for its caller.

gunicorn gives a connection a thread as soon as it exists, and the thread waits for each
byte: as many callers that send nothing as there are threads stop the service. The worker
collects the bytes first, and asks here after each piece.
"""

from __future__ import annotations

import re
from typing import Final

HELD_BYTES: Final = 64 * 1024
"""How much of a request is collected. The largest recorded body has 12 KB."""

# A bare line feed ends nothing, but gunicorn refuses it at once: let it.
_END_OF_HEAD: Final = re.compile(rb"\n\r?\n")
# What decides how much follows the head, and who waits for a word of ours first.
_FRAMING: Final = re.compile(
    rb"\n(content-length|transfer-encoding|expect)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE
)
_LENGTH: Final = re.compile(rb"[0-9]{1,12}[ \t]*")


class HeadTooLongError(Exception):
    """What was collected is no request yet, and more than one begins with."""


def has_arrived(received: bytes) -> bool:
    """Say whether a request can be read, and answered, without waiting for its caller.

    That is so once its head is there and its body of a plain length, if it fits. Whatever
    else the head says of the body is for gunicorn to refuse, or for ``read_body``, which
    limits its time: neither waits for more.

    Raises:
        HeadTooLongError: ``HELD_BYTES`` without an end of the head.
    """
    end = _END_OF_HEAD.search(received)
    if end is None:
        if len(received) >= HELD_BYTES:
            raise HeadTooLongError
        return False
    framing = _FRAMING.findall(received, 0, end.end())
    if len(framing) != 1:
        return True
    [(name, value)] = framing
    if name.lower() != b"content-length" or not _LENGTH.fullmatch(value):
        return True
    whole = end.end() + int(value)
    return len(received) >= whole or whole > HELD_BYTES
