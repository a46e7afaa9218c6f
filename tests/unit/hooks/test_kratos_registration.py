"""Kratos' registration hook (F38, F43, F47, F89)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from unit.hooks.calling import OF_KRATOS, call, denied
from unit.workbench import VERSIONS, Bench, BenchMaker, Recorded

from webhook_service.policy.facts import Source

HOOK = OF_KRATOS["registration"]
BEFORE = "kratos.registration-password.api.before-persist"
AFTER = "kratos.registration-password.api"
every_version = pytest.mark.parametrize("version", VERSIONS)

PATH = "/hooks/kratos/registration/password"
NO_GUESTS = """
deny:
  - name: no guests
    events: [kratos.registration]
    when: identity.traits.email.endsWith("@example.org")
    message: Ask for an invitation.
"""


@every_version
def test_before_it_is_stored_an_identity_is_nobody_whom_kratos_could_be_asked_about(
    recorded: Recorded, version: str
) -> None:
    """F38: its id is nil, its time the year 1."""
    event = call(HOOK, recorded.body(BEFORE, version), "password")
    assert event.before_storing
    assert event.answered == {Source.KRATOS_IDENTITY}
    assert event.values["identity.id"] is None
    assert event.values["identity.created_at"] is None
    assert event.values["identity.traits"]["department"] == "navy"
    assert event.notes == ()


@every_version
def test_after_it_is_stored_the_event_says_so(recorded: Recorded, version: str) -> None:
    body = recorded.body(AFTER, version)
    event = call(HOOK, body, "password")
    assert not event.before_storing
    assert event.answered == frozenset()
    assert event.subject == body["identity"]["id"]
    created_at = event.values["identity.created_at"]
    assert isinstance(created_at, datetime)
    assert created_at.tzinfo is UTC
    assert event.notes == ("registration.stored",)


def test_no_registration_tells_of_a_session(recorded: Recorded) -> None:
    """Row 32, F33."""
    for case in (BEFORE, AFTER):
        event = call(HOOK, {**recorded.body(case), "session": {"id": 7}})
        assert event.session_id is None
        assert not any(name.startswith("session.") for name in event.values)


@pytest.mark.parametrize("case", [BEFORE, AFTER])
def test_a_refusal_stays_one_after_the_identity_is_stored(recorded: Recorded, case: str) -> None:
    """F43: it undoes nothing then, but the registration signs nobody in."""
    event = call(HOOK, recorded.body(case))
    assert HOOK.reply(denied(HOOK), event).status == 403


class TestServed:
    @every_version
    def test_whom_a_rule_denies_is_refused_in_its_words(
        self, make_bench: BenchMaker, recorded: Recorded, version: str
    ) -> None:
        bench = make_bench(NO_GUESTS)
        answer = bench.post(PATH, recorded.body(BEFORE, version))
        assert answer.status_code == 403
        [at] = answer.json["messages"]
        assert at["messages"][0]["text"] == "Ask for an invitation."
        assert at["messages"][0]["context"] == {"reason": "rule.denied", "rule": "no guests"}
        assert bench.record()["subject"] is None
        assert "notes" not in bench.record()

    def test_the_record_of_a_refusal_that_came_too_late_says_so(
        self, make_bench: BenchMaker, recorded: Recorded
    ) -> None:
        bench = make_bench(NO_GUESTS)
        assert bench.post(PATH, recorded.body(AFTER)).status_code == 403
        assert bench.record()["notes"] == ["registration.stored"]

    def test_what_only_kratos_could_tell_of_somebody_without_an_id_is_absent_without_a_call(
        self, make_bench: BenchMaker, recorded: Recorded
    ) -> None:
        bench = self._invited_only(make_bench)
        assert bench.post(PATH, recorded.body(BEFORE)).status_code == 403
        assert bench.record()["reason"] == "rule.denied"
        assert bench.calls() == []

    def test_of_somebody_who_is_stored_kratos_is_asked(
        self, make_bench: BenchMaker, recorded: Recorded
    ) -> None:
        bench = self._invited_only(make_bench)
        body = recorded.body(AFTER)
        bench.post(PATH, body)
        [asked] = bench.calls()
        assert asked.startswith(f"GET /admin/identities/{body['identity']['id']}")

    @staticmethod
    def _invited_only(make_bench: BenchMaker) -> Bench:
        return make_bench("""
            deny:
              - name: invited only
                events: [kratos.registration]
                when: identity.metadata_admin.invited != true
            """)
