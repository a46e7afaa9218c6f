"""One decision with everything that is known of it, and why it is as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from webhook_service.desk import decision_words as words
from webhook_service.desk.decision_filters import Asked
from webhook_service.desk.decisions import Link, Row, milliseconds, refusing, row
from webhook_service.desk.explained import Told, remarks_on_record, told
from webhook_service.desk.words import all_printable, printable
from webhook_service.policy.decision import Reason
from webhook_service.policy.explain import explain
from webhook_service.policy.messages import stock_message
from webhook_service.policy.model import Policy
from webhook_service.policy.recorded import NotARecordError, facts_of_record, moment_of_record
from webhook_service.records.keeping import Records, Stored, Wanted

TRIES: Final = 20
"""How many other tries of the same call are listed."""


class Call(NamedTuple):
    """One call upstream; ``outcome`` is ``ok`` or why it told nothing."""

    operation: str
    outcome: str
    ms: str


class Meant(NamedTuple):
    """A word of a record, and what it means."""

    word: str
    meaning: str


class Kept(NamedTuple):
    """An effect that was kept; ``about`` is when, why and by which rule."""

    kind: str
    about: str
    meaning: str


class Said(NamedTuple):
    """What one rule said then. ``outcome`` is one word, for the eye."""

    rule: Link
    is_shadow: bool
    outcome: str
    words: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered.

    ``message`` is the one that went with it; ``why_no_message`` says why it is not told.
    """

    status: int
    meaning: str
    otherwise: str | None
    message: str | None
    why_no_message: str | None
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Now:
    """What the policy in force comes to on the recorded facts.

    Attributes:
        told: the explanation.
        is_same_policy: whether the policy that decided is the one in force.
        differs: whether its verdict, reason or rule is another one.
    """

    told: Told
    is_same_policy: bool
    differs: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision.

    Attributes:
        row: what a list says of it.
        headline: the verdict in words.
        reason: what the reason means.
        session: the session's id.
        key: the event's key; tries of one call share it.
        policy: the digest of the policy that decided.
        trace: the id of its trace, where traces are on.
        answered: what was answered.
        calls: the calls upstream, in their order.
        unknown: the sources that told nothing, and why.
        notes: the remarks beside the verdict.
        extension: what became of an extension within the call.
        effects: what was kept to be done.
        effects_path: the page with the effects of its subject.
        said: the rules that had anything to say.
        is_hashed: whether its identifiers are hashes.
        left_out: how many like it were left out before it.
        tries: other decisions with the same key.
        now: what the policy in force comes to; ``None`` where the record cannot be read.
        record: the record itself, as the log has it.
    """

    row: Row
    headline: str
    reason: str
    session: str | None
    key: str
    policy: str
    trace: str | None
    answered: Answered
    calls: tuple[Call, ...]
    unknown: tuple[Meant, ...]
    notes: tuple[Meant, ...]
    extension: tuple[Meant, str | None] | None
    effects: tuple[Kept, ...]
    effects_path: str | None
    said: tuple[Said, ...]
    is_hashed: bool
    left_out: int
    tries: tuple[Row, ...]
    now: Now | None
    record: str

    @property
    def ms_of_calls(self) -> str:
        """How long the calls took, all together."""
        return milliseconds(sum(float(call.ms.replace(",", "") or 0) for call in self.calls))


def found(records: Records, seq: int) -> tuple[Stored, tuple[Stored, ...]] | None:
    """Read a decision and the other tries of its call; ``None`` where it is not.

    Raises:
        StoreUnavailableError: the store does not tell.
    """
    one = records.one(seq)
    if one is None:
        return None
    tries = records.newest(Wanted(key=str(one.line["key"])), limit=TRIES + 1)
    return one, tuple(each for each in tries if each.seq != seq)[:TRIES]


def decided(one: Stored, tries: Sequence[Stored], policy: Policy) -> Decided:
    """Tell everything of a decision.

    Args:
        one: the decision.
        tries: other decisions of the same call.
        policy: the one in force.
    """
    line = all_printable(one.line)
    everything = Asked()
    reason = line.get("reason")
    effects = line.get("effects") or {}
    subject = one.line.get("subject")
    return Decided(
        row=row(one, everything),
        headline=words.VERDICTS.get(line["verdict"], line["verdict"]),
        reason=words.REASONS.get(reason, "") if reason else "",
        session=line.get("session"),
        key=str(line.get("key")),
        policy=line.get("policy") or "",
        trace=line.get("trace_id"),
        answered=_answered(one.line, policy),
        calls=tuple(_calls(line)),
        unknown=tuple(
            Meant(source, f"{words.UNKNOWN.get(why, '')} ({why})".strip())
            for source, why in (line.get("unknown") or {}).items()
        ),
        notes=tuple(Meant(note, words.NOTES.get(note, "")) for note in line.get("notes") or ()),
        extension=_extension(effects.get("extend_session")),
        effects=tuple(_kept(each) for each in effects.get("kept", ())),
        effects_path=f"/effects?{urlencode({'subject': subject})}"
        if subject and not line.get("hashed")
        else None,
        said=tuple(_said(one.line, everything)),
        is_hashed=bool(line.get("hashed")),
        left_out=int(line.get("left_out") or 0),
        tries=tuple(row(each, everything) for each in tries),
        now=_now(one.line, policy),
        record=json.dumps(one.line, indent=2),  # ASCII, as in the log,
    )


def _answered(line: Mapping[str, Any], policy: Policy) -> Answered:
    event, verdict, status = line["event"], line["verdict"], int(line.get("status") or 0)
    message, why_not = _message(line, policy)
    return Answered(
        status,
        words.answer_in_words(event, status, tuple(line.get("notes") or ())),
        words.why_otherwise(event, verdict, status),
        message,
        why_not,
        words.is_shown_to_person(event),
    )


def _message(line: Mapping[str, Any], policy: Policy) -> tuple[str | None, str | None]:
    """Return the message of a refusal, or why it is not known.

    No record keeps it: the rule has it, while the policy that decided is in force.
    """
    try:
        reason = Reason(str(line.get("reason")))
    except ValueError:
        return None, None
    rule = line.get("rule")
    if rule is None:
        return stock_message(reason), None
    if line.get("policy") != policy.digest:
        return None, "It stood in the policy that decided, and another one is in force by now."
    of_rule = next((each for each in policy.rules if each.name == rule), None)
    if of_rule is None:
        return None, "The rule is not there any more."
    return printable(of_rule.message or stock_message(reason)), None


def _calls(line: Mapping[str, Any]) -> Iterator[Call]:
    for call in line.get("upstream") or ():
        yield Call(call["call"], call["outcome"], milliseconds(call["ms"]))


def _extension(done: Mapping[str, Any] | None) -> tuple[Meant, str | None] | None:
    """Return how an extension came out, and the session's new end or the reason."""
    if done is None:
        return None
    result = str(done["result"])
    more = done.get("expires_at") or done.get("reason")
    return Meant(result, words.EXTENSIONS.get(result, "")), None if more is None else str(more)


def _kept(effect: Mapping[str, Any]) -> Kept:
    about = [str(effect[name]) for name in ("cause", "at") if effect.get(name)]
    if effect.get("rule"):
        about.append(f'by "{effect["rule"]}"')
    result = str(effect["result"])
    return Kept(effect["kind"], ", ".join(about), words.KEPT.get(result, result))


def _said(line: Mapping[str, Any], which: Asked) -> Iterator[Said]:
    for is_shadow, name in ((False, "rules"), (True, "shadow")):
        for ruling in line.get(name) or ():
            yield _one_said(ruling, which, is_shadow=is_shadow)


def _one_said(ruling: Mapping[str, Any], which: Asked, *, is_shadow: bool) -> Said:
    shown = all_printable(ruling)
    outcome = shown["outcome"]
    if any(refusing([ruling])):
        would = "would: " if is_shadow else ""
        said = f"{outcome}: {would}{shown['verdict']} {shown['reason']}"
    else:
        said = outcome
    return Said(
        Link(shown["rule"], which.path(rule=ruling["rule"])),
        is_shadow,
        outcome.replace(" ", "_"),
        ", ".join([said, *(shown.get("notes") or ())]),
    )


def _now(line: Mapping[str, Any], policy: Policy) -> Now | None:
    """Explain the recorded facts by the policy in force."""
    try:
        facts, *others = facts_of_record(line)
        moment = moment_of_record(line)
    except NotARecordError:
        return None
    explanation = explain(policy, facts, moment)
    grant = facts.value("token.grant") if others else None
    remarks = tuple(remarks_on_record(line, explanation, grant=grant))
    decision = explanation.decision
    now = (decision.verdict, decision.reason, decision.rule)
    then = tuple(line.get(name) for name in ("verdict", "reason", "rule"))
    return Now(
        told(explanation, show_values=False, remarks=remarks),
        line.get("policy") == policy.digest,
        now != then,
    )
