"""An explanation in words (section 8): for a page's template, and for a terminal.

Values of traits, metadata, claims and headers are in none of it, unless they are asked for (P34).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from webhook_service.desk.words import counted, printable
from webhook_service.policy.conditions.types import Value
from webhook_service.policy.decision import Decision, Extend, Outcome
from webhook_service.policy.explain import Explained, Explanation
from webhook_service.policy.explain_calls import Call
from webhook_service.policy.explain_demands import Demand, spelled_time
from webhook_service.policy.explain_operands import Operand, Read, State
from webhook_service.policy.facts import Source

NOT_THIS_EVENT: Final = "not_this_event"


@dataclass(frozen=True, slots=True)
class Line:
    """An operand of a rule's condition, or something that it demands.

    ``came_to`` is what that came to, ``on`` what it was judged on.
    """

    text: str
    came_to: str
    on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleTold:
    """One rule.

    ``outcome`` is one word, for the eye: matched, met, unmet, unknown, no_match, passed_over,
    or not_this_event. ``words`` say it in full.
    """

    section: str
    name: str
    line: int
    is_shadow: bool
    outcome: str
    words: str
    lines: tuple[Line, ...] = ()

    @property
    def has_a_say(self) -> bool:
        """Whether the rule had anything to do with the event."""
        return self.outcome not in {Outcome.NO_MATCH.name.lower(), NOT_THIS_EVENT}

    @property
    def outcome_words(self) -> str:
        """The outcome as it is written: ``no match``."""
        return self.outcome.replace("_", " ")

    @property
    def more(self) -> str:
        """What the words say besides the outcome."""
        if self.words == self.outcome_words:
            return ""
        return self.words.removeprefix(f"{self.outcome_words}: ")


@dataclass(frozen=True, slots=True)
class Told:
    """An explanation, ready to be laid out.

    ``by`` is the deciding rule, ``then`` what follows from the decision, ``calls`` what it
    costs.
    """

    event: str
    verdict: str
    reason: str | None
    is_provisional: bool
    by: RuleTold | None
    message: str | None
    then: tuple[str, ...]
    rules: tuple[RuleTold, ...]
    calls: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def told(explanation: Explanation, *, show_values: bool, remarks: Sequence[str] = ()) -> Told:
    """Put an explanation into words.

    Args:
        explanation: what to tell.
        show_values: whether values of traits, metadata, claims and headers may be seen (P34).
        remarks: what is to be said below it.
    """
    decision = explanation.decision
    rules = tuple(_rule(rule, show_values=show_values) for rule in explanation.rules)
    deciding = explanation.deciding
    by = next((rule for rule in rules if deciding and rule.line == deciding.line), None)
    return Told(
        event=decision.event,
        verdict=decision.verdict,
        reason=decision.reason,
        is_provisional=explanation.is_provisional,
        by=by,
        message=None if decision.message is None else printable(decision.message),
        then=tuple(map(printable, consequences(decision))),
        rules=rules,
        calls=tuple(calls_in_words(explanation.calls)),
        remarks=tuple(remarks),
    )


def _rule(rule: Explained, *, show_values: bool) -> RuleTold:
    return RuleTold(
        section=rule.rule.section,
        name=printable(rule.rule.name),
        line=rule.rule.line,
        is_shadow=rule.rule.shadow,
        outcome=NOT_THIS_EVENT if rule.ruling is None else rule.ruling.outcome.name.lower(),
        words=printable(rule.words),
        lines=(
            *(operand_line(operand, show_values=show_values) for operand in rule.operands),
            *(demand_line(demand, show_values=show_values) for demand in rule.demands),
        ),
    )


def operand_line(operand: Operand, *, show_values: bool) -> Line:
    """Tell what an operand came to, and on which facts."""
    reads = tuple(read_in_words(read, show_values=show_values) for read in operand.reads)
    return Line(printable(operand.text), operand.answer, reads)


def demand_line(demand: Demand, *, show_values: bool) -> Line:
    """Tell what a rule demanded, and what was found."""
    reads = (read_in_words(read, show_values=show_values) for read in demand.reads)
    return Line(printable(demand.text), demand.result, (*map(printable, demand.facts), *reads))


def read_in_words(read: Read, *, show_values: bool) -> str:
    """Tell a fact's value, or whether it is there."""
    name = printable(read.name)
    if read.state is not State.PRESENT or (read.is_private and not show_values):
        return f"{name} {read.state}"
    return f"{name} {printable(json.dumps(plain(read.value), ensure_ascii=False))}"


def plain(value: Value) -> Value:
    """Return a value as JSON has it; times as a policy file writes them."""
    match value:
        case datetime():
            return spelled_time(value)
        case list() | tuple():
            return [plain(item) for item in value]
    return value


def consequences(decision: Decision) -> Iterator[str]:
    """Tell what is done because of a decision."""
    if decision.extend is Extend.YES:
        yield "extend the session"
    elif decision.extend is Extend.DEFERRED:
        yield "extend the session later, once it can be read"
    if decision.end_now:
        yield "end the session and its tokens"
    if decision.end_at is not None:
        at = spelled_time(decision.end_at)
        yield f'end the session and its tokens at {at}, by "{decision.end_at_rule}"'
    if decision.step_up_by is not None:
        at = spelled_time(decision.step_up_by)
        yield f'end the session at {at} unless it has stepped up, by "{decision.step_up_by_rule}"'
    if decision.revoke:
        yield f"revoke {', '.join(sorted(decision.revoke))}"
    for token in ("access_token", "id_token"):
        for claim, value in getattr(decision.claims, token).items():
            yield f"{'remove' if value is None else 'set'} {token}.{claim}"


def calls_in_words(calls: Sequence[Call]) -> Iterator[str]:
    """Tell which calls the event costs, and how many rules need each."""
    words = "needed by {} rule"
    for call in calls:
        failed = "" if call.failed is None else f" {call.failed}"
        count = len(call.rules)
        needed = f"{words.format(count)}{'' if count == 1 else 's'}" if words else str(count)
        yield f"{call.source}{failed} ({needed})"
        words = ""


def remarks_on_record(
    record: Mapping[str, Any], explanation: Explanation, *, grant: Value = None
) -> Iterator[str]:
    """Tell what a decision record does not hold.

    ``grant`` is the one that was assumed, where the record leaves it open (P19).
    """
    yield from _on_grant(grant)
    yield from _on_facts(explanation)
    if calls := _calls_missing(explanation):
        keeps_facts = "facts" in record  # those of earlier versions do not
        yield f"not asked then: {calls}" if keeps_facts else f"not in the record: what {calls} told"


def remarks_on_facts(explanation: Explanation, goes_into: str = "--facts") -> Iterator[str]:
    """Tell what nobody told of an event that was written down, or of a call that came in.

    ``goes_into`` names the place for what calls would tell.
    """
    yield from _on_facts(explanation)
    if calls := _calls_missing(explanation):
        yield f"not asked: {calls}; what they would tell goes into {goes_into}"


def _on_grant(grant: Value) -> Iterator[str]:
    if grant is not None:
        yield f"a token without a user: explained as {grant}; it may be jwt-bearer"


def _on_facts(explanation: Explanation) -> Iterator[str]:
    facts = [name for name in explanation.missing if name not in set(Source)]
    if facts:
        yield f"not in the record: {counted(len(facts), 'fact')} ({', '.join(facts)})"


def _calls_missing(explanation: Explanation) -> str:
    return ", ".join(name for name in explanation.missing if name in set(Source))


def decided_then(record: Mapping[str, Any], digest: str) -> str:
    """Tell what a record says was decided, and by which policy; ``digest`` is this one's."""
    verdict, reason, rule = (record.get(name) for name in ("verdict", "reason", "rule"))
    text = f"decided then: {verdict}" + (f" {reason}" if reason else "")
    text += f', by "{rule}"' if rule else ""
    policy = record.get("policy")
    which = "this policy" if policy == digest else f"policy {policy}, this one is {digest}"
    return printable(f"{text} ({which})")
