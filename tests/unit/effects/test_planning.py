"""Which effects an event needs, of what kind, when, and under which key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from webhook_service.effects.effect import (
    AFTER_THE_ANSWER,
    LIFETIME,
    Cause,
    EndSession,
    EndSessions,
    ExtendSession,
    Kind,
    NewEffect,
    RevokeTokens,
)
from webhook_service.effects.extend_session import Extension, Result
from webhook_service.effects.planning import Acted, knows_own_session, plan
from webhook_service.hooks.event import Event
from webhook_service.policy.decision import Decision, Outcome, Reason, Ruling, Verdict
from webhook_service.policy.facts import EventName
from webhook_service.policy.model import Section

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=8)
ADA = "aea95835-aeaf-4997-bd01-d04160cc4ddc"
SESSION = "a1daf59b-bb36-40b2-9ae7-e3eab04e223d"
SIGNED_IN = NOW - timedelta(milliseconds=20)
DEFERRED = Extension(Result.DEFERRED)


def event(name: EventName = EventName.HYDRA_TOKEN, **more: Any) -> Event:
    return Event(name, "k" * 32, {}, **{"subject": ADA, **more})


def acted(happened: Event, session_id: str | None = SESSION, **more: Any) -> Acted:
    return Acted(
        event=happened,
        now=NOW,
        session_id=session_id,
        authenticated_at=more.pop("authenticated_at", None),
        extension=more.pop("extension", None),
        record={"a": 1},
        decision=Decision(happened.name, **more),
    )


def only(effects: tuple[NewEffect, ...]) -> NewEffect:
    (effect,) = effects
    return effect


def test_an_event_without_consequences_needs_no_effect() -> None:
    assert plan(acted(event())) == ()


def test_nothing_follows_where_nobody_stands_behind_the_event() -> None:
    assert plan(acted(event(subject=None), end_at=LATER, end_at_rule="staff")) == ()


def test_nothing_follows_before_a_change_is_stored() -> None:
    """F103: another hook may still refuse it."""
    change = event(EventName.KRATOS_SETTINGS, before_storing=True)
    assert plan(acted(change, revoke=frozenset({"other_sessions", "tokens"}))) == ()


def test_a_cap_ends_the_session_at_its_time() -> None:
    effect = only(plan(acted(event(), end_at=LATER, end_at_rule="staff")))
    assert effect.kind is Kind.END_SESSION
    assert effect.args == EndSession(ADA, SESSION, None, Cause.MAX_AGE, "staff", LATER, NOW)
    assert (effect.due, effect.counts_from) == (LATER, LATER)
    assert effect.deadline == LATER + LIFETIME


def test_a_cap_that_comes_again_with_another_event_is_the_same_effect() -> None:
    first = acted(event(), end_at=LATER, end_at_rule="staff")
    again = replace(first, event=replace(first.event, key="z" * 32), now=NOW + timedelta(hours=1))
    assert only(plan(first)).key == only(plan(again)).key


@pytest.mark.parametrize(
    "other",
    [
        {"end_at": LATER + timedelta(hours=1), "end_at_rule": "staff"},
        {"end_at": LATER, "end_at_rule": "contractors"},
        {"step_up_by": LATER, "step_up_by_rule": "staff"},
    ],
)
def test_another_time_rule_or_cause_is_another_effect(other: dict[str, Any]) -> None:
    cap = only(plan(acted(event(), end_at=LATER, end_at_rule="staff")))
    assert only(plan(acted(event(), **other))).key != cap.key


def test_a_cap_beyond_the_last_date_there_is_can_be_kept() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    assert only(plan(acted(event(), end_at=last, end_at_rule="a"))).deadline == last


def test_the_session_of_a_fresh_login_is_looked_for_right_after_the_answer() -> None:
    """F35, F46: it has no id yet, and is stored only after its hooks were answered."""
    login = event(EventName.KRATOS_LOGIN, signed_in_at=SIGNED_IN)
    effect = only(plan(acted(login, None, step_up_by=LATER, step_up_by_rule="window")))
    assert effect.args == EndSession(
        ADA, None, SIGNED_IN, Cause.STEP_UP_WITHIN, "window", LATER, NOW
    )
    assert effect.due == NOW + AFTER_THE_ANSWER
    assert effect.counts_from == LATER


def test_two_fresh_logins_have_two_caps() -> None:
    first = event(EventName.KRATOS_LOGIN, signed_in_at=SIGNED_IN)
    second = replace(first, signed_in_at=NOW)
    keys = {
        only(plan(acted(login, None, end_at=LATER, end_at_rule="staff"))).key
        for login in (first, second)
    }
    assert len(keys) == 2


def refused_past_max_age(happened: Event, session_id: str | None) -> Acted:
    rulings = (
        Ruling(Section.MFA, "billing", 3, Outcome.UNMET, Verdict.STEP_UP, Reason.MFA_TOO_OLD),
        Ruling(
            Section.SESSIONS, "staff", 7, Outcome.MATCHED, Verdict.DENY, Reason.SESSION_PAST_MAX_AGE
        ),
    )
    return acted(happened, session_id, end_now=True, rulings=rulings, verdict=Verdict.DENY)


def test_a_session_past_its_cap_ends_now_once_for_all_refreshes() -> None:
    """P22, E2."""
    first = refused_past_max_age(event(), SESSION)
    effect = only(plan(first))
    assert effect.args == EndSession(ADA, SESSION, None, Cause.PAST_MAX_AGE, "staff", NOW, NOW)
    assert effect.due == NOW
    assert only(plan(replace(first, now=LATER))).key == effect.key
    stepped_up = replace(first, authenticated_at=SIGNED_IN)
    assert only(plan(stepped_up)).key != effect.key
    assert only(plan(replace(stepped_up, now=LATER))).key == only(plan(stepped_up)).key


def test_a_login_that_is_refused_leaves_no_session_to_end() -> None:
    assert plan(refused_past_max_age(event(EventName.KRATOS_LOGIN), None)) == ()


@pytest.mark.parametrize(
    ("extension", "wanted"),
    [
        (DEFERRED, True),
        (Extension(Result.FAILED, reason="upstream.timeout"), True),
        (Extension(Result.FAILED, reason="session.not_active"), False),
        (Extension(Result.FAILED), False),
        (Extension(Result.EXTENDED), False),
        (Extension(Result.UNCHANGED), False),
        (Extension(Result.REPEATED), False),
        (Extension(Result.ENDING), False),
        (None, False),
    ],
)
def test_an_extension_is_tried_again_where_ory_did_not_answer(
    extension: Extension | None, *, wanted: bool
) -> None:
    assert bool(plan(acted(event(), extension=extension))) is wanted


def test_a_deferred_extension_is_kept_with_what_it_can_be_decided_of_again() -> None:
    refresh = event(auth_time=SIGNED_IN, session_id=SESSION)
    effect = only(plan(acted(refresh, None, extension=DEFERRED)))
    assert effect.args == ExtendSession(ADA, SESSION, SIGNED_IN, {"a": 1})
    assert effect.lane == f"session:{SESSION}"
    assert effect.counts_from is None
    assert effect.due == NOW


def test_an_extension_of_a_session_that_is_not_named_has_its_persons_lane() -> None:
    assert only(plan(acted(event(), None, extension=DEFERRED))).lane == f"session:{ADA}"


def revoked(happened: Event, session_id: str | None, *what: str) -> tuple[NewEffect, ...]:
    return plan(acted(happened, session_id, revoke=frozenset(what)))


def test_a_settings_change_that_names_its_session_ends_the_others() -> None:
    change = event(EventName.KRATOS_SETTINGS, authenticated_at=SIGNED_IN)
    effect = only(revoked(change, SESSION, "other_sessions"))
    assert effect.kind is Kind.END_OTHER_SESSIONS
    # Not from its own sign-in on: who signed in between that and the change goes as well.
    assert effect.args == EndSessions(ADA, SESSION, before=NOW)
    assert effect.lane == f"endings:{ADA}"


def test_where_the_session_of_a_settings_change_is_not_known_all_end() -> None:
    """F33, F74, P28: ending too much is repaired by a sign-in."""
    change = event(EventName.KRATOS_SETTINGS)
    effect = only(revoked(change, None, "other_sessions"))
    assert effect.kind is Kind.END_ALL_SESSIONS
    assert effect.args == EndSessions(ADA, None, before=NOW)
    assert not knows_own_session(acted(change, None))


def test_a_fresh_login_ends_what_was_signed_in_before_it() -> None:
    login = event(EventName.KRATOS_LOGIN, authenticated_at=SIGNED_IN)
    effect = only(revoked(login, None, "other_sessions"))
    assert effect.kind is Kind.END_OTHER_SESSIONS
    assert effect.args == EndSessions(ADA, None, before=SIGNED_IN)
    assert effect.due == NOW


def test_a_login_without_a_time_ends_all_as_its_own_session_cannot_be_told() -> None:
    assert only(revoked(event(EventName.KRATOS_LOGIN), None, "other_sessions")).kind is (
        Kind.END_ALL_SESSIONS
    )


def test_a_login_that_ends_all_waits_until_its_own_session_is_stored() -> None:
    effect = only(revoked(event(EventName.KRATOS_LOGIN), None, "all_sessions"))
    assert effect.kind is Kind.END_ALL_SESSIONS
    assert effect.due == NOW + AFTER_THE_ANSWER


@pytest.mark.parametrize(
    ("what", "kind"),
    [("other_sessions", Kind.END_OTHER_SESSIONS), ("all_sessions", Kind.END_ALL_SESSIONS)],
)
def test_a_recovery_spares_the_session_that_it_makes(what: str, kind: Kind) -> None:
    """F102."""
    effect = only(revoked(event(EventName.KRATOS_RECOVERY), None, what))
    assert effect.kind is kind
    assert effect.args == EndSessions(ADA, None, before=NOW, spares_recovery=True)


def test_tokens_are_revoked_beside_the_sessions() -> None:
    change = event(EventName.KRATOS_SETTINGS)
    sessions, tokens = revoked(change, SESSION, "all_sessions", "tokens")
    assert sessions.args == EndSessions(ADA, None, before=NOW)
    assert tokens.kind is Kind.REVOKE_TOKENS
    assert tokens.args == RevokeTokens(ADA, None, before=NOW)
    assert sessions.lane == tokens.lane
    assert tokens.counts_from == NOW
    assert len({sessions.key, tokens.key}) == 2


def test_a_repeat_of_the_same_call_asks_for_the_same_effects() -> None:
    """F87, E2."""
    first = acted(event(EventName.KRATOS_SETTINGS), revoke=frozenset({"tokens"}))
    again = replace(first, now=NOW + timedelta(seconds=1))
    assert only(plan(first)).key == only(plan(again)).key
