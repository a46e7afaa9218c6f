"""Which calls a rule can cause at all: what must be configured before it can be decided."""

from __future__ import annotations

from webhook_service.policy.facts import EventName, Source
from webhook_service.policy.model import MfaRule, Rule
from webhook_service.policy.wants import needed_if_matched, sources_read


def sources_of(rule: Rule, event: EventName) -> frozenset[Source]:
    """Return every source that the rule may ask at the event (P27)."""
    sources = needed_if_matched(rule, event)
    if rule.when is not None:
        sources |= sources_read((rule.when,), event)
    if isinstance(rule, MfaRule) and rule.require.aal == "aal2" and _may_enrol(rule, event):
        sources |= {Source.KRATOS_IDENTITY}  # what is enrolled, no payload tells (F100)
    return sources


def _may_enrol(rule: MfaRule, event: EventName) -> bool:
    """Whether the enrolled factors count: at a login only for the grace (P16, P18)."""
    return event is not EventName.KRATOS_LOGIN or rule.enrolment is not None
