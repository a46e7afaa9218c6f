"""A check about a client: decided as the token hook would decide a code for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from unit.checking import SESSION, SUBJECT, at_work
from unit.workbench import NOW, Bench, BenchMaker

from webhook_service.early.asking import Early, Judged
from webhook_service.gather import NOT_THE_SUBJECTS
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.oauth_client import OAuthClient
from webhook_service.policy.decision import Reason, Verdict
from webhook_service.sessions import Session
from webhook_service.turn import take_turn

BILLING = """
mfa:
  - name: billing
    when: client.id == "billing" || "billing:write" in token.scopes
    require: {aal: aal2}
"""
OTHER = "11111111-2222-4333-8444-555555555555"


def test_the_rules_about_the_client_count(make_bench: BenchMaker) -> None:
    bench = make_bench(BILLING)
    token = at_work(bench)
    assert bench.check(session_token=token).status_code == 200
    assert bench.check(session_token=token, client_id="web").status_code == 200
    answer = bench.check(session_token=token, client_id="billing")
    assert (answer.status_code, answer.json["reason"]) == (401, "mfa.aal_too_low")
    answer = bench.check(session_token=token, client_id="web", scopes=["openid", "billing:write"])
    assert answer.json["rule"] == "billing"
    record = bench.record()
    assert (record["event"], record["client"]) == ("hydra.token", "web")
    assert record["notes"] == ["check.of_client"]


def test_without_a_session_it_is_the_login_as_at_any_check(make_bench: BenchMaker) -> None:
    bench = make_bench(BILLING)
    answer = bench.check(session_token=None, client_id="billing")
    assert (answer.status_code, answer.json["reason"]) == (401, "session.not_active")


@pytest.mark.parametrize(
    ("when", "status"),
    [
        ('token.grant == "authorization_code"', 403),
        (f'token.subject == "{SUBJECT}"', 403),
        ('token.amr == ["password"]', 403),
        (f'token.claims.kratos_session_id == "{SESSION}"', 403),
        ('client.name == "Web"', 403),
        ('"billing:write" in client.scopes', 403),
        ("has(token.auth_time)", 200),
        ("has(token.acr)", 200),
        ("size(token.audience) > 0", 200),
    ],
)
def test_a_rule_sees_the_token_that_would_be_asked_for(
    make_bench: BenchMaker, when: str, status: int
) -> None:
    """When Hydra will say that the person signed in, nobody knows yet (F104)."""
    bench = make_bench(f"deny:\n  - {{name: r, events: [hydra.token], when: '{when}'}}")
    bench.ory.hydra.add_client("web", name="Web", scopes=("openid", "billing:write"))
    answer = bench.check(session_token=at_work(bench), client_id="web")
    assert answer.status_code == status


@pytest.mark.parametrize(("on_error", "status"), [("allow", 200), ("deny", 503)])
def test_a_client_that_hydra_does_not_tell_of_is_unknown(
    make_bench: BenchMaker, on_error: str, status: int
) -> None:
    bench = make_bench(f"""
    deny:
      - name: closed
        events: [hydra.token]
        when: client.name == "Closed"
        on_error: {on_error}
    """)
    token = at_work(bench)
    bench.fail("GET", 503)
    assert bench.check(session_token=token, client_id="web").status_code == status
    assert bench.record()["unknown"] == {"hydra.client": "upstream.busy"}


def early(bench: Bench) -> Early:
    found: Early = bench.app.extensions["wired"].early
    return found


def live_session(bench: Bench) -> Session:
    at_work(bench)
    kratos = early(bench).proofs.kratos
    assert kratos is not None
    session = kratos.session(SESSION, Deadline.after(5))
    assert session is not None
    return session


def judged(
    bench: Bench, session: Session | None, subject: str | None = None, client_id: str = "billing"
) -> Judged:
    policies = bench.app.extensions["policies"]
    turn = take_turn(policies.current, bench.clock, 5.0, None)
    client = OAuthClient(client_id, name="Billing")
    return early(bench).of_client(session, subject, client, ["openid"], turn, key="0" * 32)


def test_a_gate_judges_without_asking_for_what_it_has(make_bench: BenchMaker) -> None:
    bench = make_bench(BILLING + 'deny:\n  - {name: named, when: client.name == "Closed"}')
    session = live_session(bench)
    before = len(bench.calls())
    found = judged(bench, session, client_id="web")
    assert found.decision.verdict is Verdict.ALLOW
    assert found.session == session
    assert found.known.event.key == "0" * 32
    assert bench.calls()[before:] == []


def test_a_gate_without_a_session_is_told_by_the_rules(make_bench: BenchMaker) -> None:
    """Unlike at a check: it may be that no rule wants one."""
    bench = make_bench(BILLING)
    assert judged(bench, None, SUBJECT, "web").decision.verdict is Verdict.ALLOW
    assert judged(bench, None, SUBJECT).decision.reason is Reason.MFA_NO_SESSION


@pytest.mark.parametrize("subject", [None, SUBJECT])
def test_a_session_of_the_subject_counts(make_bench: BenchMaker, subject: str | None) -> None:
    bench = make_bench(BILLING)
    found = judged(bench, live_session(bench), subject)
    assert found.decision.reason is Reason.MFA_AAL_TOO_LOW
    assert found.known.event.subject == SUBJECT


def test_another_persons_session_counts_as_none(make_bench: BenchMaker) -> None:
    """F104: nothing of one person is given to another."""
    bench = make_bench(BILLING)
    found = judged(bench, live_session(bench), OTHER)
    assert found.decision.reason is Reason.MFA_NO_SESSION
    assert found.session is None
    assert found.known.event.subject == OTHER
    assert found.known.notes == [NOT_THE_SUBJECTS]


def test_a_session_that_has_run_out_counts_as_none(make_bench: BenchMaker) -> None:
    bench = make_bench(BILLING)
    session = live_session(bench)
    bench.clock.now = NOW + timedelta(hours=4)
    assert judged(bench, session).decision.reason is Reason.MFA_NO_SESSION


def test_what_a_gate_judges_is_followed_once(make_bench: BenchMaker) -> None:
    bench = make_bench("""
    sessions:
      - {name: billing, when: client.id == "billing", extend: true, max_age: 90d}
    """)
    session = live_session(bench)
    first, second = judged(bench, session), judged(bench, session)
    followed = early(bench).follow(first)
    assert followed.extended
    assert followed.session is not None
    assert followed.session.expires_at == NOW + timedelta(hours=24)
    assert not early(bench).follow(second).extended
    assert len(bench.effects.accepted) == 1
