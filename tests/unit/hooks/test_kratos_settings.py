"""Kratos' settings hook, before a change is stored and after it (F33, F50, F89, F90, F103)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.hooks.calling import OF_KRATOS, call, denied, message_of, recorded_call
from unit.workbench import VERSIONS, BenchMaker, Recorded

from webhook_service.effects.effect import EndSessions, Kind
from webhook_service.hooks.event import Event
from webhook_service.hooks.shape import ShapeError
from webhook_service.policy.decision import Decision, Reason, Verdict
from webhook_service.policy.facts import EventName
from webhook_service.sessions import NIL_UUID

HOOK = OF_KRATOS["settings"]
PASSWORD = "kratos.settings-password.browser"
WHOLE = "kratos.settings-totp.api"
OLD, NEW = VERSIONS
COOKIE = "MTc5NTUzMjg3N3xaZURqWExSd01lbF-_LkN2=="
EVENT = Event(EventName.KRATOS_SETTINGS, "key", {})

LOCKED = """
deny:
  - name: the payroll account is fixed
    events: [kratos.settings]
    when: identity.traits.staff == true
    message: Ask the service desk.
revoke:
  - name: a new password ends the other sessions
    events: [kratos.settings]
    when: event.method == "password"
    revoke: [other_sessions]
"""


@pytest.mark.recorded("kratos.settings")
def test_every_recorded_call_tells_whether_the_change_is_stored(recorded_path: Path) -> None:
    _, body, event = recorded_call(recorded_path)
    assert event.before_storing is (body["flow"]["state"] == "show_form")


@pytest.mark.parametrize(
    ("state", "before"),
    [("show_form", True), ("success", False), (None, False), ("", False), ("else", False)],
)
def test_only_the_form_that_is_still_shown_is_before_the_change(
    recorded: Recorded, state: str | None, *, before: bool
) -> None:
    """F103, P7; what nobody knows counts as after: there no refusal does harm."""
    body = recorded.body(PASSWORD)
    body["flow"]["state"] = state
    assert call(HOOK, body).before_storing is before
    del body["flow"]["state"]
    assert not call(HOOK, body).before_storing


@pytest.mark.recorded("kratos.settings")
def test_every_recorded_call_tells_of_the_session_what_its_kratos_tells(
    recorded_path: Path,
) -> None:
    """F33: 26.2.0 tells everything, 1.3.1 nothing."""
    _, body, event = recorded_call(recorded_path)
    told = {name for name in event.values if name.startswith("session.")}
    if OLD in str(recorded_path):
        assert event.session_id is None
        assert told == set()
        return
    session = body["session"]
    assert event.session_id == event.values["session.id"] == session["id"]
    assert event.values["session.found"] is True
    assert event.values["session.aal"] == session["authenticator_assurance_level"]
    assert len(event.values["session.methods"]) == len(session["authentication_methods"])
    assert event.values["identity.id"] == event.subject


def test_the_session_of_a_settings_hook_tells_when_it_really_began(recorded: Recorded) -> None:
    """Unlike a login's (F97): it is the stored one."""
    event = call(HOOK, recorded.body("kratos.settings-password.api"))
    began = datetime(2026, 11, 24, 23, 25, 31, 234069, tzinfo=UTC)
    assert event.values["session.issued_at"] == began
    assert event.values["session.authenticated_at"] > began


@pytest.mark.parametrize("nameless", [None, "", NIL_UUID, "../../x"])
def test_a_session_without_a_proper_id_names_none(recorded: Recorded, nameless: object) -> None:
    """Rows 30 and 31."""
    body = recorded.body(PASSWORD)
    body["session"]["id"] = nameless
    event = call(HOOK, body)
    assert event.session_id is None
    assert event.values["session.found"] is True


def test_a_session_of_another_shape_is_refused_by_the_field(recorded: Recorded) -> None:
    body = recorded.body(PASSWORD)
    body["session"]["active"] = "yes"
    with pytest.raises(ShapeError, match=r"^session\.active: "):
        call(HOOK, body)
    with pytest.raises(ShapeError, match=r"^session: "):
        call(HOOK, {**body, "session": []})


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_change_that_is_stored_is_never_refused(verdict: Verdict) -> None:
    """F50: it would be shown as a fault, and the change stands."""
    reply = HOOK.reply(Decision(HOOK.event, verdict, Reason.RULE_DENIED, "no", "No."), EVENT)
    assert reply.status == 204


@pytest.mark.parametrize("reason", [Reason.RULE_DENIED, Reason.POLICY_UNKNOWN])
def test_a_change_that_is_not_stored_is_refused_with_a_message(
    recorded: Recorded, reason: Reason
) -> None:
    """F90."""
    event = call(HOOK, recorded.body(WHOLE), "totp")
    reply = HOOK.reply(denied(HOOK, reason), event)
    assert reply.status == 403
    assert message_of(reply)["context"] == {"reason": reason.value, "rule": "no"}


def test_what_cannot_be_kept_after_a_change_is_asked_for_again() -> None:
    """E1, F50: Kratos repeats a 503."""
    reply = HOOK.unstored(EVENT)
    assert reply.status == 503
    assert json.loads(reply.body)["error"]["id"] == "service.store_unavailable"


def test_what_cannot_be_kept_before_a_change_stops_it(recorded: Recorded) -> None:
    reply = HOOK.unstored(call(HOOK, recorded.body(WHOLE)))
    assert reply.status == 403
    assert message_of(reply)["context"]["reason"] == "service.store_unavailable"


class TestSessionCookie:
    """Settled by the operator: whose session changed it, where the body does not say (F33)."""

    def test_it_is_read_and_shown_nowhere(self, recorded: Recorded) -> None:
        event = call(HOOK, {**recorded.body(PASSWORD, OLD), "session_cookie": COOKIE})
        assert event.session_cookie == COOKIE
        assert COOKIE not in repr(event) + repr(event.values)

    @pytest.mark.parametrize("none", [None, ""])
    def test_none_is_none(self, recorded: Recorded, none: object) -> None:
        body = recorded.body(PASSWORD, OLD)
        assert call(HOOK, body).session_cookie is None
        assert call(HOOK, {**body, "session_cookie": none}).session_cookie is None

    def test_no_error_quotes_it(self, recorded: Recorded) -> None:
        body = {**recorded.body(PASSWORD, OLD), "session_cookie": [COOKIE]}
        with pytest.raises(ShapeError, match=r"^session_cookie: ") as caught:
            call(HOOK, body)
        assert COOKIE not in str(caught.value)

    def test_the_cookies_of_a_whole_context_are_not_taken(self, recorded: Recorded) -> None:
        """It comes where the operator chose to pass it on, and in no other way."""
        body = {**recorded.body(WHOLE, OLD), "request_cookies": {"ory_kratos_session": COOKIE}}
        assert call(HOOK, body).session_cookie is None

    def test_it_reaches_no_log(self, make_bench: BenchMaker, recorded: Recorded) -> None:
        bench = make_bench(LOCKED)
        body = {**recorded.body(PASSWORD, OLD), "session_cookie": COOKIE}
        bench.settings(body)
        bench.settings({**body, "flow": None})
        assert [line["message"] for line in bench.lines()] == ["decision", "request refused"]
        assert COOKIE not in bench.log.getvalue().decode()


class TestServed:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_before_the_change_only_the_verdict_counts(
        self, make_bench: BenchMaker, recorded: Recorded, version: str
    ) -> None:
        """P7."""
        bench = make_bench(LOCKED)
        body = recorded.body(PASSWORD, version)
        body["flow"]["state"] = "show_form"
        answer = bench.settings(body)
        assert answer.status_code == 403
        assert answer.json["messages"][0]["messages"][0]["text"] == "Ask the service desk."
        assert bench.effects.accepted == []

    def test_after_the_change_only_the_revocations_count(
        self, make_bench: BenchMaker, recorded: Recorded
    ) -> None:
        """P7: whatever a deny rule says."""
        bench = make_bench(LOCKED)
        body = recorded.body(PASSWORD, NEW)
        assert bench.settings(body).status_code == 204
        assert bench.record()["verdict"] == "deny"
        effect = bench.effects.only()
        assert effect.kind is Kind.END_OTHER_SESSIONS
        assert isinstance(effect.args, EndSessions)
        assert effect.args.spared_id == body["session"]["id"]

    def test_facts_of_a_session_that_kratos_does_not_tell_are_absent(
        self, make_bench: BenchMaker, recorded: Recorded
    ) -> None:
        """P12: null, and not false."""
        bench = make_bench("""
            deny:
              - {name: told, events: [kratos.settings], when: has(session.found)}
              - {name: gone, events: [kratos.settings], when: session.found == false}
            """)
        body: Any = recorded.body(PASSWORD, OLD)
        body["flow"]["state"] = "show_form"
        assert bench.settings(body).status_code == 204
        assert bench.record()["matched"] == []


@given(
    verdict=st.sampled_from(Verdict),
    reason=st.none() | st.sampled_from(Reason),
    before=st.booleans(),
)
def test_the_answer_is_one_that_kratos_takes_without_showing_a_fault(
    verdict: Verdict, reason: Reason | None, *, before: bool
) -> None:
    """F40: 204, or a 4xx with a message."""
    event = Event(EventName.KRATOS_SETTINGS, "key", {}, before_storing=before)
    reply = HOOK.reply(Decision(HOOK.event, verdict, reason, "no", None), event)
    assert (reply.status == 403) is (before and verdict is not Verdict.ALLOW)
    if reply.status == 403:
        assert message_of(reply)["id"] >= 4900000
    else:
        assert reply.status == 204
