"""Which decisions are asked for: read from an address, and written into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from webhook_service.desk.words import printable
from webhook_service.policy.conditions import parse_duration
from webhook_service.policy.decision import Reason, Verdict
from webhook_service.policy.facts import EventName
from webhook_service.records.identifiers import written
from webhook_service.records.keeping import Stored, Wanted

REFUSED: Final = "refused"
"""In place of a verdict: any but allow."""

SINCE: Final[Mapping[str, timedelta]] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
}

LONGEST: Final = 500
"""Characters of what is looked for."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MOST_DIGITS: Final = 18

_TEXTS: Final = ("rule", "subject", "client", "key")
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "event": tuple(EventName),
    "verdict": (REFUSED, *Verdict),
    "reason": tuple(Reason),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which decisions are asked for: those that meet everything that is set here.

    Attributes:
        fields: what was understood, by field, as it stands in an address.
        typed: the same with what was not understood, to be put right.
        wrong: by field, what could not be read; it counts as not asked for.
        before: the time and number of a decision to go on from, to earlier ones.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    before: Stored | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether not all decisions are asked for."""
        return bool(self.fields)

    def query(self, **changed: str) -> str:
        """Return the query that asks for this, with some fields changed; an empty one is off."""
        return urlencode({name: text for name, text in {**self.fields, **changed}.items() if text})

    def path(self, **changed: str) -> str:
        """Return the page that shows this, with some fields changed."""
        query = self.query(**changed)
        return f"/?{query}" if query else "/"

    def wanted(self, now: datetime, hash_key: bytes | None) -> Wanted:
        """Say it to the store.

        Args:
            now: the clock's reading, in UTC.
            hash_key: what identifiers are hashed with (``HASH_IDENTIFIERS``); ``None``: nothing.
        """
        get = self.fields.get
        event, verdict, reason, subject = map(get, ("event", "verdict", "reason", "subject"))
        since = parse_duration(self.fields["since"]) if "since" in self.fields else None
        return Wanted(
            events=frozenset({event} if event else ()),
            verdicts=_verdicts(verdict),
            reasons=frozenset({reason} if reason else ()),
            rule=get("rule"),
            would_refuse="shadow" in self.fields,
            subjects=written(subject, hash_key) if subject else frozenset(),
            client=get("client"),
            key=get("key"),
            since=None if since is None else now - since,
        )


def _verdicts(verdict: str | None) -> frozenset[str]:
    if verdict == REFUSED:
        return frozenset(each.value for each in Verdict if each is not Verdict.ALLOW)
    return frozenset({verdict} if verdict else ())


def asked(query: Mapping[str, str]) -> Asked:
    """Read what an address asks for. Never fails: what is wrong is said."""
    typed = {
        name: text.strip()
        for name in (*_CHOICES, *_TEXTS, "since", "shadow")
        if (text := query.get(name, "")).strip()
    }
    wrong = {name: why for name, text in typed.items() if (why := _wrong(name, text))}
    return Asked(
        {name: text for name, text in typed.items() if name not in wrong},
        {name: printable(text) for name, text in typed.items()},
        wrong,
        _place(query.get("before", "")),
    )


def _wrong(name: str, text: str) -> str | None:
    """Say what is wrong with a field, and what is taken there."""
    if name in _CHOICES:
        choices = _CHOICES[name]
        return None if text in choices else f"is one of {', '.join(choices)}"
    if name == "since":
        return None if parse_duration(text) else "is how long ago: 30m, 24h, 7d"
    if name == "shadow":
        return None if text == "1" else "is 1 or left out"
    if len(text) > LONGEST:
        return f"is {LONGEST} characters at the most"
    # What no database keeps as a text is in none.
    is_text = "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)
    return None if is_text else "has characters that none has"


def place_of(one: Stored) -> str:
    """Write a decision's time and number into an address."""
    return f"{(one.at - _EPOCH) // _MICROSECOND}-{one.seq}"


def _place(text: str) -> Stored | None:
    """Read a decision's time and number; nothing where they are none."""
    at, _, seq = text.partition("-")
    parts = (at, seq)
    if not all(part.isascii() and part.isdigit() and len(part) <= _MOST_DIGITS for part in parts):
        return None
    try:
        return Stored(int(seq), _EPOCH + int(at) * _MICROSECOND, {})
    except OverflowError:
        return None


def number(text: str) -> int:
    """Read a decision's number; 0 where it is none."""
    is_one = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if is_one else 0
