"""What waits at Hydra for an answer, as our client reads and answers it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from contract.waiting import CLIENT, CLIENT_NAME, RealWaiting, Waiting, accepted, waiting_in
from contract.worlds import World, deadline

from webhook_service.gates.authorization import read, same_origin
from webhook_service.ory.errors import OryError
from webhook_service.ory.hydra_flows import AcceptedConsent, Refusal

SCOPES = ("openid", "offline")
REFUSAL = Refusal("access_denied", 'Not "you", é.', "(rule.denied)")


@pytest.fixture
def waiting(world: World) -> Iterator[Waiting]:
    with waiting_in(world) as one:
        yield one


def test_a_login_tells_its_client_and_the_address_that_was_asked(waiting: Waiting) -> None:
    challenge = waiting.login(prompt="login", max_age="60", login_hint="ada")
    asked = waiting.world.hydra.flows.login(challenge, deadline())
    assert asked is not None
    assert (asked.client.id, asked.client.name) == (CLIENT, CLIENT_NAME)
    assert asked.scopes == SCOPES
    assert (asked.skip, asked.subject) == (False, "")
    assert (asked.login_hint, asked.hinted_subject) == ("ada", None)
    assert asked.request_url.startswith(f"{waiting.public}/oauth2/auth?")
    request = read(asked.request_url)
    assert request.wants_new_login
    assert request.repeatable


def test_a_remembered_login_tells_whose_it_is(waiting: Waiting) -> None:
    challenge = waiting.remembered_login()
    asked = waiting.world.hydra.flows.login(challenge, deadline())
    assert asked is not None
    assert (asked.skip, asked.subject) == (True, waiting.subject)


def test_a_consent_tells_its_subject_its_client_and_the_address(waiting: Waiting) -> None:
    asked = waiting.world.hydra.flows.consent(waiting.consent(), deadline())
    assert asked is not None
    assert (asked.client.id, asked.subject, asked.scopes) == (CLIENT, waiting.subject, SCOPES)
    assert not asked.skip
    assert not asked.client.skip_consent
    assert asked.request_url.startswith(f"{waiting.public}/oauth2/auth?")


def test_a_client_that_skips_consent_says_so_and_the_consent_does_not(world: World) -> None:
    with waiting_in(world, skip_consent=True) as waiting:
        asked = world.hydra.flows.consent(waiting.consent(), deadline())
    assert asked is not None
    assert asked.client.skip_consent
    assert not asked.skip


def test_a_logout_tells_whose_it_is_and_that_no_client_asked(waiting: Waiting) -> None:
    asked = waiting.world.hydra.flows.logout(waiting.logout(), deadline())
    assert asked is not None
    assert (asked.subject, asked.rp_initiated, asked.client_id) == (waiting.subject, False, None)


@pytest.mark.parametrize("challenge", ["nope", "", "a b&c=d#e", "\ud800"])
def test_an_unknown_challenge_is_none(world: World, challenge: str) -> None:
    flows = world.hydra.flows
    for read_one in (flows.login, flows.consent, flows.logout):
        assert read_one(challenge, deadline()) is None


@pytest.mark.parametrize("challenge", ["nope", ""])
def test_an_unknown_challenge_cannot_be_answered(waiting: Waiting, challenge: str) -> None:
    flows = waiting.world.hydra.flows
    with pytest.raises(OryError):
        flows.accept_login(challenge, accepted(waiting), deadline())
    with pytest.raises(OryError):
        flows.accept_consent(challenge, AcceptedConsent(SCOPES, ()), deadline())
    with pytest.raises(OryError):
        flows.accept_logout(challenge, deadline())
    with pytest.raises(OryError):
        flows.reject("consent", challenge, REFUSAL, deadline())


def test_every_answer_leads_back_to_hydra_and_may_be_given_twice(waiting: Waiting) -> None:
    """So an answer whose connection broke is sent once more."""
    flows = waiting.world.hydra.flows
    login, consent, logout = waiting.login(), waiting.consent(), waiting.logout()
    claims = {"kratos_session_id": "11111111-2222-4333-8444-555555555555"}
    for _ in range(2):
        for address in (
            flows.reject("login", login, REFUSAL, deadline()),
            flows.accept_login(login, accepted(waiting), deadline()),
            flows.reject("consent", consent, REFUSAL, deadline()),
            flows.accept_consent(consent, AcceptedConsent(SCOPES, (), claims), deadline()),
            flows.accept_logout(logout, deadline()),
        ):
            assert same_origin(address, waiting.public)


def test_what_was_answered_is_told_of_as_if_it_were_new(waiting: Waiting) -> None:
    """A back button brings the challenge once more: the second answer ends at the client."""
    flows = waiting.world.hydra.flows
    login, consent = waiting.login(), waiting.consent()
    flows.accept_login(login, accepted(waiting), deadline())
    flows.accept_consent(consent, AcceptedConsent(SCOPES, ()), deadline())
    assert flows.login(login, deadline()) is not None
    assert flows.consent(consent, deadline()) is not None


@pytest.mark.parametrize("kind", ["login", "consent"])
def test_the_client_reads_why_it_was_refused(waiting: Waiting, kind: str) -> None:
    """Only the real Hydra leads on to the client. It makes single quotes of double ones."""
    flows = waiting.world.hydra.flows
    if kind == "login":
        address = flows.reject("login", waiting.login(), REFUSAL, deadline())
    else:
        address = flows.reject("consent", waiting.consent(), REFUSAL, deadline())
    if isinstance(waiting, RealWaiting):
        told = parse_qs(urlsplit(waiting.follow(address)).query)
        assert told["error"] == ["access_denied"]
        assert told["error_description"] == ["Not 'you', é. (rule.denied)"]


def test_a_parameter_that_hydra_does_not_know_comes_back_with_the_address(
    waiting: Waiting,
) -> None:
    """The mark of who was sent to step up already rests on it."""
    asked = waiting.world.hydra.flows.consent(waiting.consent(step_up="asked"), deadline())
    assert asked is not None
    assert read(asked.request_url).asked_already
