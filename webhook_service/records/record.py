"""The record of one decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from webhook_service.consequences import NOTHING, Kept
from webhook_service.effects.effect import EndSession, NewEffect
from webhook_service.effects.extend_session import Extension, Result
from webhook_service.gather import Call
from webhook_service.hooks.event import Event
from webhook_service.policy.decision import Decision, Outcome, Ruling
from webhook_service.policy.facts import Facts, Source
from webhook_service.policy.recorded import facts_for_record
from webhook_service.wire import spell_time

DECISION: Final = "decision"
"""The message of a log line that is a record."""

EXTEND_FAILED: Final = "extend.failed"


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that an operator may ask about one event, and nothing personal.

    ``at`` is in UTC, ``seconds`` from the reading of the request to its answer, ``status``
    the HTTP status of the answer, ``policy`` the digest of the policy file.
    """

    at: datetime
    event: Event
    facts: Facts
    decision: Decision
    extension: Extension | None
    status: int
    calls: tuple[Call, ...]
    policy: str
    seconds: float
    session_id: str | None = None
    client_id: str | None = None
    failed: Mapping[Source, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    kept: Kept = NOTHING

    def fields(self) -> dict[str, Any]:
        """Return the record as the log line has it. Identifiers, codes and numbers only."""
        decision = self.decision
        line: dict[str, Any] = {
            # The event's one clock reading, in full: a replay decides by it.
            "at": self.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "event": decision.event.value,
            "key": self.event.key,
            "verdict": decision.verdict.value,
            "reason": decision.reason.value if decision.reason else None,
            "rule": decision.rule,
            "status": self.status,
            "subject": self.event.subject,
            "client": self.client_id,
            "session": self.session_id,
            "matched": list(decision.matched),
            "rules": _rulings(decision.rulings),
        }
        shadow = _rulings(decision.shadow)
        if shadow:
            line["shadow"] = shadow
        notes = self.all_notes()
        if notes:
            line["notes"] = notes
        if self.failed:
            line["unknown"] = {source.value: why for source, why in self.failed.items()}
        effects = self.effects()
        if effects:
            line["effects"] = effects
        line["facts"] = facts_for_record(self.facts)
        answered = sorted(source.value for source in self.facts.answered)
        if answered:
            line["answered"] = answered
        line["upstream"] = [
            {"call": call.operation, "outcome": call.outcome, "ms": _ms(call.seconds)}
            for call in self.calls
        ]
        line["policy"] = self.policy
        line["ms"] = _ms(self.seconds)
        return line

    def all_notes(self) -> list[str]:
        """Return the remarks of the decision, of the gathering and of the extension."""
        notes = [note.value for note in self.decision.notes]
        notes += self.notes
        if self.extension is not None and self.extension.result is Result.FAILED:
            notes.append(EXTEND_FAILED)
        return list(dict.fromkeys(notes))

    def effects(self) -> dict[str, Any]:
        """Return what was done inside the hook, and what became of the rest."""
        effects = dict[str, Any]()
        if self.extension is not None:
            done: dict[str, Any] = {"result": self.extension.result.value}
            if self.extension.expires_at is not None:
                done["expires_at"] = spelled(self.extension.expires_at)
            if self.extension.reason is not None:
                done["reason"] = self.extension.reason
            effects["extend_session"] = done
        if self.kept.effects:
            effects["kept"] = [
                _kept(effect, self.kept.results[effect.key]) for effect in self.kept.effects
            ]
        return effects


def _kept(effect: NewEffect, result: str) -> dict[str, Any]:
    line: dict[str, Any] = {"kind": effect.kind.value}
    if isinstance(effect.args, EndSession):
        line |= {
            "cause": effect.args.cause.value,
            "rule": effect.args.rule,
            "at": spelled(effect.args.at),
        }
    return line | {"result": result}


def _rulings(rulings: Iterable[Ruling]) -> list[dict[str, Any]]:
    """List the rules that had anything to say; all others did not match.

    With those, a line of a policy of 300 rules would have 20 KB.
    """
    return [_ruling(ruling) for ruling in rulings if ruling.outcome is not Outcome.NO_MATCH]


def _ruling(ruling: Ruling) -> dict[str, Any]:
    line: dict[str, Any] = {"rule": ruling.rule, "outcome": ruling.outcome.value}
    if ruling.reason is not None:
        line["verdict"] = ruling.verdict.value
        line["reason"] = ruling.reason.value
    if ruling.notes:
        line["notes"] = [note.value for note in ruling.notes]
    return line


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def spelled(moment: datetime | None) -> str:
    """Spell a time in UTC as RFC 3339 with milliseconds; nothing for no time."""
    return "" if moment is None else spell_time(moment)
