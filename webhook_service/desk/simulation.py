"""What would be decided: about an event that is pasted, by the policy in force or another one.

Nothing that is pasted is kept. It is read as ``policy explain`` reads files, and an error names
the field and the line; it quotes the line only to who has pasted it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from webhook_service.desk.explained import (
    Told,
    decided_then,
    remarks_on_facts,
    remarks_on_record,
    told,
)
from webhook_service.desk.simulation_answers import Answer, answer
from webhook_service.desk.simulation_form import Form, WrongError
from webhook_service.hooks.event import Event
from webhook_service.hooks.recordings import (
    NotAHookError,
    Recording,
    moment_of,
    read_recording,
    recording_of,
)
from webhook_service.hooks.shape import ShapeError
from webhook_service.hooks.strict_json import MalformedError
from webhook_service.hooks.table import Hook
from webhook_service.policy.cases import facts_of
from webhook_service.policy.errors import PolicyError
from webhook_service.policy.explain import Explanation, explain
from webhook_service.policy.facts import EventName, Facts, Source
from webhook_service.policy.loader import load
from webhook_service.policy.loading.facts_file import GivenFacts, read_facts
from webhook_service.policy.model import Policy
from webhook_service.policy.recorded import NotARecordError, facts_of_record, moment_of_record
from webhook_service.policy.situation import NO_SOURCES

DECISION: Final = "decision"

_GOES_INTO: Final = "the field for facts"


@dataclass(frozen=True, slots=True)
class Question:
    """An event that is to be decided.

    Attributes:
        taken: what was taken for what, in words.
        facts: what is known of it.
        now: when it happens, and ``whence`` that is known.
        free: the sources that need no call.
        event: as a hook reads it; ``None`` where there is no body.
        record: the decision record that it comes from.
        grant: the one that was assumed, where a record leaves it open (P19).
    """

    taken: str
    facts: Facts = field(repr=False)
    now: datetime
    whence: str
    free: frozenset[Source] = NO_SOURCES
    event: Event | None = field(default=None, repr=False)
    record: Mapping[str, Any] | None = field(default=None, repr=False)
    grant: object = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What one policy decides."""

    digest: str
    told: Told
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class Simulated:
    """The whole answer; ``other`` is what the pasted policy decides, ``differences`` in what."""

    question: Question
    decided: Decided
    other: Decided | None = None
    differences: tuple[str, ...] = ()


def simulate(form: Form, policy: Policy, hooks: Iterable[Hook], now: datetime) -> Simulated:
    """Decide what a form describes.

    Args:
        form: what was pasted.
        policy: the one in force.
        hooks: what bodies are read through.
        now: the clock reading, for what does not say when it happened.

    Raises:
        WrongError: something of it cannot be read.
    """
    question = _question(form, tuple(hooks), now)
    other = _policy(form.policy) if form.policy else None
    decided = _decided(question, policy, show_values=form.show_values)
    if other is None:
        return Simulated(question, decided)
    by_other = _decided(question, other, show_values=form.show_values)
    return Simulated(question, decided, by_other, tuple(_differences(decided.told, by_other.told)))


def _decided(question: Question, policy: Policy, *, show_values: bool) -> Decided:
    explanation = explain(policy, question.facts, question.now, free=question.free)
    remarks = tuple(_remarks(question, explanation, policy))
    return Decided(
        policy.digest,
        told(explanation, show_values=show_values, remarks=remarks),
        answer(explanation.decision, question.facts, question.event, show_values=show_values)
        if question.record is None
        else None,
    )


def _remarks(question: Question, explanation: Explanation, policy: Policy) -> Iterable[str]:
    record = question.record
    if record is None:
        yield from remarks_on_facts(explanation, goes_into=_GOES_INTO)
    else:
        yield from remarks_on_record(record, explanation, grant=question.grant)
        yield decided_then(record, policy.digest)


def _question(form: Form, hooks: tuple[Hook, ...], now: datetime) -> Question:
    if not form.document:
        return _of_facts(form, now)
    document = _parsed(form.document)
    if isinstance(document, dict) and document.get("message") == DECISION:
        return _of_record(document, form)
    return _of_call(document, form, hooks, now)


def _of_facts(form: Form, now: datetime) -> Question:
    if not form.facts:
        raise WrongError("document", "paste a hook's body, a recording, or a line of the log")
    if form.event is None:
        raise WrongError("event", "choose the event that the facts are of")
    given = _given(form.facts, form.event)
    moment, whence = _moment(form.now, (given.now, "as the facts say"), now)
    values = dict(given.facts)
    if form.method is not None:
        values["event"] = {"method": form.method, **_mapping(values.get("event"))}
    facts = facts_of(replace(given, facts=values).as_test(form.event, moment))
    return Question(f"facts of {form.event}", facts, moment, whence)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _of_record(record: Mapping[str, Any], form: Form) -> Question:
    if form.facts:
        raise WrongError("facts", "a decision record has facts of its own; leave this empty")
    try:
        facts, *others = facts_of_record(record)
        moment = moment_of_record(record)
    except NotARecordError as error:
        raise WrongError("document", str(error)) from None
    if form.event is not None and form.event is not facts.event:
        raise WrongError("event", f"the record is of {facts.event}")
    grant = facts.value("token.grant") if others else None
    moment, whence = _moment(form.now, (moment, "as the record says"), moment)
    taken = f"a decision record of {facts.event}"
    return Question(taken, facts, moment, whence, record=record, grant=grant)


def _of_call(document: object, form: Form, hooks: tuple[Hook, ...], now: datetime) -> Question:
    try:
        recording = recording_of(document, form.event or "")
    except NotAHookError as error:
        raise WrongError(*_unknown_call(str(error), form)) from None
    if form.event is not None and form.event is not recording.event:
        raise WrongError("event", f'the recording\'s "case" names {recording.event}')
    if form.method is not None:
        recording = replace(recording, method=form.method)
    try:
        event = read_recording(recording, hooks)
    except (NotAHookError, MalformedError, ShapeError) as error:
        raise WrongError("document", str(error)) from None
    given = _given(form.facts, event.name) if form.facts else None
    moment, whence = _moment(
        form.now,
        (given.now if given is not None else None, "as the facts say"),
        (recording.at, "as the recording says"),
        (moment_of(event), "when the login was authenticated"),
        now,
    )
    facts = Facts(event.name, event.values, event.answered)
    if given is not None:
        facts = facts_of(given.as_test(event.name, moment), event.values)
    taken = _taken(document, recording, form)
    return Question(taken, facts, moment, whence, event.answered, event)


def _unknown_call(why: str, form: Form) -> tuple[str, str]:
    """Return the field that can put it right, and what is wrong."""
    if form.event is None and why.startswith("a hook call"):
        return "event", "a hook call of Kratos, but of which flow? Choose the event."
    return "document", why


def _taken(document: object, recording: Recording, form: Form) -> str:
    method = f", method {recording.method}" if recording.method else ""
    if form.event is not None:
        how = "as chosen"
    elif isinstance(document, dict) and isinstance(document.get("case"), str):
        how = 'by its "case"'
    else:
        how = "by its shape"
    return f"a hook call of {recording.event}{method}, {how}"


def _moment(
    given: datetime | None, *ways: tuple[datetime | None, str] | datetime
) -> tuple[datetime, str]:
    """Return the first time that is told, and where."""
    if given is not None:
        return given, "as given"
    for way in ways:
        if isinstance(way, datetime):
            return way, "by the clock"
        if way[0] is not None:
            return way[0], way[1]
    raise AssertionError  # pragma: no cover  the last one is a time


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise WrongError("document", f"{place}: not JSON ({error.msg})") from None
    except (ValueError, RecursionError):
        raise WrongError("document", "not JSON that a hook may send") from None


def _given(text: str, event: EventName) -> GivenFacts:
    try:
        return read_facts(text.encode(), "facts", event)
    except PolicyError as error:
        raise WrongError("facts", *_problems(error)) from None


def _policy(text: str) -> Policy:
    try:
        return load(text.encode(), "policy")
    except PolicyError as error:
        raise WrongError("policy", *_problems(error)) from None


def _problems(error: PolicyError) -> Iterable[str]:
    for problem in error.problems:
        yield f"line {problem.line}, column {problem.column}: {problem.kind}: {problem.message}"


def _differences(one: Told, other: Told) -> Iterable[str]:
    """Say in what another policy's decision differs."""
    for name, before, after in (
        ("verdict", one.verdict, other.verdict),
        ("reason", one.reason, other.reason),
        ("rule", one.by and one.by.name, other.by and other.by.name),
        ("message", one.message, other.message),
    ):
        if before != after:
            yield f"{name}: {before or 'none'} → {after or 'none'}"
    yield from (f"no longer: {what}" for what in one.then if what not in other.then)
    yield from (f"now: {what}" for what in other.then if what not in one.then)
