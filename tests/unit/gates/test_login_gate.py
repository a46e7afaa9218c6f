"""The login gate, with the whole service behind it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from unit.gates.visitor import ADA, BOB, SECOND_FACTOR, SESSION, Visitor, where
from unit.workbench import KRATOS_PUBLIC_URL

LOGIN = f"{KRATOS_PUBLIC_URL}/self-service/login/browser"
SETTINGS_FLOW = f"{KRATOS_PUBLIC_URL}/self-service/settings/browser"
HYDRA = "http://127.0.0.1/oauth2/auth"

MakeVisitor = Callable[..., Visitor]


def test_without_a_session_the_browser_goes_to_kratos_and_no_level_is_asked_for(
    visit: MakeVisitor,
) -> None:
    """F59: asked for a second factor without a first, Kratos would show an error page."""
    visitor = visit(SECOND_FACTOR)
    challenge = visitor.flows.add_login("bank")
    assert where(visitor.go("login", challenge)) == (LOGIN, {"login_challenge": challenge})
    assert not [line for line in visitor.bench.lines() if line["message"] == "decision"]


def test_a_session_that_must_step_up_is_sent_to_the_second_factor(visit: MakeVisitor) -> None:
    """F61."""
    visitor = visit(SECOND_FACTOR)
    visitor.sign_in(enrolled=("totp",))
    challenge = visitor.flows.add_login("bank")
    expected = {"aal": "aal2", "login_challenge": challenge}
    assert where(visitor.go("login", challenge)) == (LOGIN, expected)
    record = visitor.bench.record()
    assert record["event"] == "hydra.token"
    assert record["reason"] == "mfa.aal_too_low"
    assert record["client"] == "bank"
    assert record["session"] == SESSION
    assert record["notes"] == ["gate.login"]
    assert record["status"] == 303


def test_a_session_that_is_aal2_already_is_asked_once_more(visit: MakeVisitor) -> None:
    """F98: without ``refresh`` Kratos would send the browser straight back."""
    visitor = visit("""
        mfa:
          - {name: fresh, require: {aal: aal2, max_age: 15m}}
    """)
    visitor.sign_in("password", "totp", enrolled=("totp",))
    challenge = visitor.flows.add_login("bank")
    _, query = where(visitor.go("login", challenge))
    assert query == {"aal": "aal2", "refresh": "true", "login_challenge": challenge}


def test_for_another_client_the_same_session_is_accepted_in_kratos_place(
    visit: MakeVisitor,
) -> None:
    """F83: a session kept alive by use is not asked for its password."""
    visitor = visit(SECOND_FACTOR)
    visitor.sign_in("password", "password", left=timedelta(hours=4, milliseconds=500))
    challenge = visitor.flows.add_login("blog")
    assert where(visitor.go("login", challenge))[0] == HYDRA
    assert visitor.answered(challenge) == (
        "accept",
        {
            "subject": ADA,
            "identity_provider_session_id": SESSION,
            "amr": ["password", "password"],
            "remember": True,
            "remember_for": 4 * 3600,
            "extend_session_lifespan": True,
        },
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"prompt": "login"},
        {"prompt": "consent login"},
        {"prompt": "select_account"},
        {"max_age": "3600"},
        {"claims": '{"id_token": {"auth_time": {"essential": true}}}'},
        {"claims": "not JSON"},
        {"request": "eyJhbGciOi"},
        {"request_uri": "https://app.test/request.jwt"},
        {"login_hint": "somebody@else.test"},
    ],
    ids=str,
)
def test_who_may_ask_for_a_new_login_gets_one_from_kratos(
    visit: MakeVisitor, asked: dict[str, str]
) -> None:
    """Settled question 1: accepting sets ``auth_time`` to a login that nobody made (F104)."""
    visitor = visit()
    visitor.sign_in()
    hint = asked.get("login_hint")
    context = {"login_hint": hint} if hint else {}
    challenge = visitor.flows.add_login("blog", oidc_context=context, **asked)
    assert where(visitor.go("login", challenge)) == (LOGIN, {"login_challenge": challenge})
    assert visitor.is_unanswered(challenge)


def test_an_id_token_hint_of_somebody_else_is_for_kratos(visit: MakeVisitor) -> None:
    visitor = visit()
    visitor.sign_in()
    context = {"id_token_hint_claims": {"sub": BOB}}
    challenge = visitor.flows.add_login("blog", oidc_context=context)
    assert where(visitor.go("login", challenge))[0] == LOGIN


@pytest.mark.parametrize(
    "context",
    [{"login_hint": "1@example.org"}, {"id_token_hint_claims": {"sub": ADA}}, {"login_hint": ADA}],
    ids=str,
)
def test_a_hint_that_names_the_person_is_met(
    visit: MakeVisitor, context: dict[str, object]
) -> None:
    visitor = visit()
    visitor.sign_in()
    challenge = visitor.flows.add_login("blog", oidc_context=context)
    assert where(visitor.go("login", challenge))[0] == HYDRA


def test_a_remembered_login_has_met_max_age_and_is_accepted(visit: MakeVisitor) -> None:
    """With ``skip`` Hydra has looked at ``max_age`` itself, and keeps ``auth_time`` (F104)."""
    visitor = visit()
    visitor.sign_in()
    challenge = visitor.flows.add_login("blog", subject=ADA, max_age="3600")
    assert where(visitor.go("login", challenge))[0] == HYDRA


def test_a_remembered_login_of_somebody_else_binds_nothing(visit: MakeVisitor) -> None:
    """F104."""
    visitor = visit(SECOND_FACTOR)
    visitor.sign_in(whose=BOB)
    challenge = visitor.flows.add_login("blog", subject=ADA)
    assert where(visitor.go("login", challenge)) == (LOGIN, {"login_challenge": challenge})
    assert visitor.is_unanswered(challenge)


def test_a_session_in_its_last_second_is_not_accepted(visit: MakeVisitor) -> None:
    """Remembering for 0 seconds would be for ever."""
    visitor = visit()
    visitor.sign_in(left=timedelta(milliseconds=900))
    challenge = visitor.flows.add_login("blog")
    assert where(visitor.go("login", challenge))[0] == LOGIN


def test_who_has_no_second_factor_is_sent_to_enrol_and_back(visit: MakeVisitor) -> None:
    """F62: the page for the second factor would be empty."""
    visitor = visit(SECOND_FACTOR.replace("enrolment: {grace: 7d}", ""))
    visitor.sign_in()
    challenge = visitor.flows.add_login("bank")
    address, query = where(visitor.go("login", challenge))
    assert address == SETTINGS_FLOW
    assert query.keys() == {"return_to"}
    assert query["return_to"].startswith(f"{HYDRA}?client_id=bank&")
    assert query["return_to"].endswith("&step_up=asked")


def test_in_the_grace_nobody_is_sent_anywhere(visit: MakeVisitor) -> None:
    visitor = visit(SECOND_FACTOR.replace("7d", "200d"))
    visitor.sign_in()
    challenge = visitor.flows.add_login("bank")
    assert where(visitor.go("login", challenge))[0] == HYDRA
    assert "mfa.enrolment_grace" in visitor.bench.record()["notes"]


@pytest.mark.parametrize("enrolled", [(), ("totp",)])
def test_who_was_sent_before_and_still_falls_short_is_told_so(
    visit: MakeVisitor, enrolled: tuple[str, ...]
) -> None:
    """Stepping up that cannot satisfy the rule ends on a page, never in a loop."""
    visitor = visit(
        "mfa: [{name: a key, require: {aal: aal2, methods: [webauthn]}, message: Use your key.}]"
    )
    visitor.sign_in("password", enrolled=enrolled)
    challenge = visitor.flows.add_login("bank", step_up="asked", state="xyz")
    page = visitor.go("login", challenge)
    assert page.status_code == 403
    assert "Use your key." in page.text
    assert "step_up" not in page.text
    assert "state=xyz" in page.text
    assert challenge not in page.text


@pytest.mark.parametrize("enrolled", [(), ("totp",)])
def test_silently_nobody_is_shown_a_page(visit: MakeVisitor, enrolled: tuple[str, ...]) -> None:
    """F66: a silent renewal would hang at Kratos' page."""
    visitor = visit(SECOND_FACTOR.replace("7d", "1d"))
    visitor.sign_in(enrolled=enrolled)
    challenge = visitor.flows.add_login("bank", subject=ADA, prompt="none")
    assert where(visitor.go("login", challenge))[0] == HYDRA
    how, body = visitor.answered(challenge)
    assert (how, body["error"]) == ("reject", "interaction_required")
    assert body["error_description"] == "The bank needs your second step."


@pytest.mark.parametrize("whose", [None, BOB])
def test_silently_without_the_persons_session_a_login_is_required(
    visit: MakeVisitor, whose: str | None
) -> None:
    visitor = visit()
    if whose:
        visitor.sign_in(whose=whose)
    challenge = visitor.flows.add_login("blog", subject=ADA, prompt="none")
    visitor.go("login", challenge)
    how, body = visitor.answered(challenge)
    assert (how, body["error"]) == ("reject", "login_required")


def test_silently_a_session_that_satisfies_is_accepted(visit: MakeVisitor) -> None:
    visitor = visit()
    visitor.sign_in()
    challenge = visitor.flows.add_login("blog", subject=ADA, prompt="none")
    visitor.go("login", challenge)
    assert visitor.answered(challenge)[0] == "accept"


def test_whom_a_rule_denies_is_left_to_the_consent_gate(visit: MakeVisitor) -> None:
    """Kratos may still let somebody else sign in, whom nothing denies."""
    visitor = visit("deny: [{name: closed, when: client.id == 'bank'}]")
    visitor.sign_in()
    challenge = visitor.flows.add_login("bank")
    assert where(visitor.go("login", challenge)) == (LOGIN, {"login_challenge": challenge})


def test_a_session_past_its_cap_is_asked_to_sign_in_again_and_ended(visit: MakeVisitor) -> None:
    visitor = visit("sessions: [{name: eight hours, max_age: 8h}]")
    visitor.sign_in()
    challenge = visitor.flows.add_login("blog")
    _, query = where(visitor.go("login", challenge))
    assert query == {"refresh": "true", "login_challenge": challenge}
    kinds = {effect.kind.value for effect in visitor.bench.effects.accepted}
    assert "end_session" in kinds


def test_a_challenge_that_hydra_does_not_know_ends_on_a_page(visit: MakeVisitor) -> None:
    page = visit().go("login", "long-gone")
    assert page.status_code == 410
    assert "no longer valid" in page.text


@pytest.mark.parametrize("query", ["", "login_challenge=", f"login_challenge={'x' * 8001}"])
def test_without_a_challenge_nothing_is_asked_of_hydra(visit: MakeVisitor, query: str) -> None:
    visitor = visit()
    assert visitor.bench.client.get(f"/oauth2/login?{query}").status_code == 410
    assert visitor.bench.calls() == []


def test_an_address_that_somebody_adds_is_not_looked_at(visit: MakeVisitor) -> None:
    visitor = visit()
    challenge = visitor.flows.add_login("blog")
    evil = "https://evil.test/"
    response = visitor.go("login", challenge, return_to=evil, redirect_to=evil)
    assert where(response) == (LOGIN, {"login_challenge": challenge})


def test_while_hydra_is_away_the_page_says_so_and_a_line_is_logged(visit: MakeVisitor) -> None:
    visitor = visit()
    visitor.bench.fail("GET", 503)
    page = visitor.go("login", "any-challenge")
    assert page.status_code == 503
    assert "Reload this page" in page.text
    (line,) = [one for one in visitor.bench.lines() if one["message"] == "a gate got no answer"]
    assert (line["gate"], line["upstream"], line["reason"]) == ("login", "hydra", "upstream.busy")
    assert "any-challenge" not in visitor.bench.log.getvalue().decode()


def test_no_challenge_and_no_cookie_reach_the_log(visit: MakeVisitor) -> None:
    visitor = visit(SECOND_FACTOR)
    visitor.sign_in(enrolled=("totp",))
    challenge = visitor.flows.add_login("bank")
    visitor.go("login", challenge)
    log = visitor.bench.log.getvalue().decode()
    cookie = visitor.bench.client.get_cookie("ory_kratos_session")
    assert cookie is not None
    assert challenge[:40] not in log
    assert cookie.value[:20] not in log


def test_the_same_challenge_has_the_same_key(visit: MakeVisitor) -> None:
    visitor = visit(SECOND_FACTOR)
    visitor.sign_in()
    keys = []
    for challenge in (visitor.flows.add_login("blog"), visitor.flows.add_login("blog")):
        for _ in range(2):
            visitor.go("login", challenge)
            keys.append(visitor.bench.record()["key"])
    assert keys[0] == keys[1] != keys[2] == keys[3]
