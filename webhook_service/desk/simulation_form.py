"""What is asked of a simulation, as a form has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from webhook_service.policy.conditions import parse_timestamp
from webhook_service.policy.facts import EventName

MAX_DOCUMENT: Final = 1 << 20
"""Bytes of what is pasted: as much as a hook may send."""

MAX_YAML: Final = 64 << 10
"""Bytes of facts, or of a policy."""

_METHOD: Final = re.compile("[a-z0-9_]{1,40}")
_WORDS: Final = 100
"""Characters of a field of one line."""


class WrongError(Exception):
    """Something that cannot be read: which field, and each thing that is wrong with it."""

    def __init__(self, name: str, *problems: str) -> None:
        super().__init__(name)
        self.field = name
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Form:
    """What was filled in.

    Attributes:
        document: a hook's body, a recording or a decision record, as JSON.
        event: what it is, where that is said.
        method: the method in the URL of a Kratos hook (F34).
        facts: what Kratos and Hydra would tell, as YAML.
        now: when it happens, where that is said.
        policy: another policy, as YAML.
        show_values: whether values of traits, metadata, claims and headers are shown (P34).
    """

    document: str = field(default="", repr=False)
    event: EventName | None = None
    method: str | None = None
    facts: str = field(default="", repr=False)
    now: datetime | None = None
    policy: str = field(default="", repr=False)
    show_values: bool = False


def form_of(fields: Mapping[str, str]) -> Form:
    """Read a form.

    Raises:
        WrongError: a field of it cannot be read.
    """
    event = fields.get("event") or None
    if event is not None and event not in set(EventName):
        raise WrongError("event", f"is one of {', '.join(EventName)}")
    method = fields.get("method", "").strip() or None
    if method is not None and not _METHOD.fullmatch(method):
        raise WrongError("method", "is a word such as password, totp or oidc")
    return Form(
        document=_text(fields, "document", MAX_DOCUMENT),
        event=None if event is None else EventName(event),
        method=method,
        facts=_text(fields, "facts", MAX_YAML),
        now=_moment(fields.get("now", "").strip()),
        policy=_text(fields, "policy", MAX_YAML),
        show_values=fields.get("values") == "1",
    )


def _text(fields: Mapping[str, str], name: str, most: int) -> str:
    """Return a text with the line breaks of files: a browser sends two characters for each."""
    text = fields.get(name, "").replace("\r\n", "\n")
    if len(text.encode()) > most:
        raise WrongError(name, f"may have {most:,} bytes")
    return text if text.strip() else ""


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    moment = parse_timestamp(text) if len(text) <= _WORDS else None
    if moment is None:
        raise WrongError("now", "is a time with seconds and an offset: 2026-12-01T00:00:00Z")
    return moment
