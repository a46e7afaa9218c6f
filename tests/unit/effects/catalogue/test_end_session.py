"""The end of one session: found, judged, ended with its tokens and logins, and verified."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from unit.effects.catalogue.shop import POLICY, Login, Shop
from unit.workbench import NOW

from webhook_service.effects.effect import Cause, Done, EndSession, Failed, Later, Retry
from webhook_service.policy.loader import load

CAP = NOW + timedelta(hours=8)


def cap(shop: Shop, login: Login, **more: object) -> EndSession:
    args = EndSession(shop.ada, login.session_id, None, Cause.MAX_AGE, "eight hours", CAP, NOW)
    return replace(args, **more)  # type: ignore[arg-type]  # fields of the test's choice


def fresh(shop: Shop, login: Login) -> EndSession:
    return cap(shop, login, session_id=None, signed_in_at=shop.signed_in_at(login))


def test_a_session_ends_with_its_tokens_and_its_login(shop: Shop) -> None:
    laptop, phone = shop.sign_in(), shop.sign_in()
    web, console = shop.consent(laptop), shop.consent(laptop, "console")
    other = shop.consent(phone)
    shop.clock.now = CAP
    assert shop.do(cap(shop, laptop)) == Done("ended; tokens by chain")
    assert not shop.is_live(laptop)
    assert not shop.has_tokens(web)
    assert not shop.has_tokens(console)
    assert not shop.is_remembered(laptop)
    assert shop.is_live(phone)
    assert shop.has_tokens(other)
    assert shop.is_remembered(phone)


def test_where_one_chain_cannot_be_revoked_those_of_its_client_are(old_shop: Shop) -> None:
    """Settled question 2: never all of a person's. It is asked once whether it can."""
    laptop, phone = old_shop.sign_in(), old_shop.sign_in()
    chains = [old_shop.consent(laptop), old_shop.consent(laptop, "console")]
    same_client, other_client = old_shop.consent(phone), old_shop.consent(phone, "mail")
    old_shop.clock.now = CAP
    assert old_shop.do(cap(old_shop, laptop)) == Done("ended; tokens by client")
    assert not any(map(old_shop.has_tokens, [*chains, same_client]))
    assert old_shop.has_tokens(other_client)
    asked = [call for call in old_shop.calls("DELETE") if "consent_request_id" in call]
    assert len(asked) == 1


def test_it_can_be_repeated_without_harm(any_shop: Shop) -> None:
    """E3."""
    laptop, phone = any_shop.sign_in(), any_shop.sign_in()
    any_shop.consent(laptop)
    other = any_shop.consent(phone, "mail")
    any_shop.clock.now = CAP
    any_shop.do(cap(any_shop, laptop))
    assert any_shop.do(cap(any_shop, laptop)) == Done("ended_before; no tokens")
    assert any_shop.is_live(phone)
    assert any_shop.has_tokens(other)


def test_a_session_that_ended_by_itself_leaves_tokens_to_be_ended(any_shop: Shop) -> None:
    """E8, F72."""
    laptop = any_shop.sign_in()
    chain = any_shop.consent(laptop)
    any_shop.fake.kratos.sessions[laptop.session_id].revoked = True
    any_shop.clock.now = CAP
    result = any_shop.do(cap(any_shop, laptop))
    assert isinstance(result, Done)
    assert result.what.startswith("ended_before; tokens by ")
    assert not any_shop.has_tokens(chain)


def test_a_session_that_is_gone_leaves_tokens_to_be_ended(shop: Shop) -> None:
    """F82: of a deleted identity, say."""
    laptop = shop.sign_in()
    chain = shop.consent(laptop)
    del shop.fake.kratos.sessions[laptop.session_id]
    shop.clock.now = CAP
    assert shop.do(cap(shop, laptop)) == Done("ended_before; tokens by chain")
    assert not shop.has_tokens(chain)


def test_an_expired_session_is_ended_as_well(shop: Shop) -> None:
    """F55: an extension would bring it back."""
    laptop = shop.sign_in()
    shop.fake.kratos.sessions[laptop.session_id].expires_at = NOW
    shop.clock.now = CAP
    assert shop.do(cap(shop, laptop)) == Done("ended_before; no tokens")
    assert shop.fake.kratos.sessions[laptop.session_id].revoked


def test_a_disabled_person_s_session_is_ended_as_well(shop: Shop) -> None:
    """F100: it would live on when the identity is enabled again."""
    laptop = shop.sign_in()
    shop.fake.kratos.identities[shop.ada].state = "inactive"
    shop.clock.now = CAP
    shop.do(cap(shop, laptop))
    assert not shop.is_live(laptop)


def test_nothing_is_touched_before_its_time(shop: Shop) -> None:
    laptop = shop.sign_in()
    chain = shop.consent(laptop)
    assert shop.do(cap(shop, laptop)) == Later(at=CAP, args=cap(shop, laptop))
    assert shop.is_live(laptop)
    assert shop.has_tokens(chain)


def test_a_step_up_moves_the_end(shop: Shop) -> None:
    """E8."""
    laptop = shop.sign_in()
    shop.clock.advance(hours=3)
    shop.fake.kratos.add_factor(laptop.session_id, "totp")
    shop.clock.now = CAP
    later = CAP + timedelta(hours=3)
    assert shop.do(cap(shop, laptop)) == Later(at=later, args=cap(shop, laptop, at=later))
    assert shop.is_live(laptop)


def test_a_session_that_has_met_the_rule_stays(shop: Shop) -> None:
    laptop = shop.sign_in("password", "totp")
    window = NOW + timedelta(minutes=10)
    shop.clock.now = window
    args = cap(shop, laptop, cause=Cause.STEP_UP_WITHIN, rule="a second factor", at=window)
    assert shop.do(args) == Done("met")
    assert shop.is_live(laptop)


def test_a_session_that_has_not_met_the_rule_ends(shop: Shop) -> None:
    laptop = shop.sign_in()
    window = NOW + timedelta(minutes=10)
    shop.clock.now = window
    args = cap(shop, laptop, cause=Cause.STEP_UP_WITHIN, rule="a second factor", at=window)
    assert shop.do(args) == Done("ended; no tokens")


@pytest.mark.parametrize("all_shadow", [True, False])
def test_a_rule_that_counts_no_more_ends_nothing(shop: Shop, *, all_shadow: bool) -> None:
    """Settled question 4."""
    laptop = shop.sign_in()
    shop.clock.now = CAP
    shop.all_shadow = all_shadow
    if not all_shadow:
        shop.policies.current = load(POLICY.replace("eight hours", "another").encode())
    assert shop.do(cap(shop, laptop)) == Done("rule_gone")
    assert shop.is_live(laptop)


def test_another_person_s_session_is_never_touched(shop: Shop) -> None:
    bob = shop.fake.kratos.add_identity()
    his = shop.sign_in(subject=bob)
    shop.clock.now = CAP
    assert shop.do(cap(shop, his)) == Failed("session.not_the_subjects")
    assert shop.is_live(his)


def test_a_fresh_login_s_session_is_found_and_waits_for_its_time(shop: Shop) -> None:
    """F35: its id is known from then on."""
    shop.sign_in()
    shop.clock.advance(seconds=1)
    laptop = shop.sign_in()
    shop.clock.advance(milliseconds=500)
    args = fresh(shop, laptop)
    found = replace(args, session_id=laptop.session_id)
    assert shop.do(args) == Later(at=CAP, args=found)
    shop.clock.now = CAP + timedelta(seconds=1)
    assert shop.do(found) == Done("ended; no tokens")
    assert not shop.is_live(laptop)


def test_a_fresh_login_s_session_that_is_found_late_ends_at_once(shop: Shop) -> None:
    laptop = shop.sign_in()
    shop.clock.now = CAP
    assert shop.do(fresh(shop, laptop)) == Done("ended; no tokens")
    assert not shop.is_live(laptop)


def test_a_session_that_is_not_stored_yet_is_looked_for_again(shop: Shop) -> None:
    """F46: it is stored after the answer."""
    laptop = shop.sign_in()
    later = replace(fresh(shop, laptop), signed_in_at=NOW + timedelta(milliseconds=700))
    assert shop.do(later) == Retry("session.not_found")


def test_which_of_two_sessions_is_meant_is_never_guessed(shop: Shop) -> None:
    """F30."""
    one, two = shop.sign_in(), shop.sign_in()
    shop.clock.now = CAP
    assert shop.do(fresh(shop, one)) == Retry("session.ambiguous")
    assert shop.is_live(one)
    assert shop.is_live(two)


def test_a_login_that_told_no_time_is_never_found(shop: Shop) -> None:
    laptop = shop.sign_in()
    args = cap(shop, laptop, session_id=None, signed_in_at=None)
    assert shop.do(args) == Failed("session.not_found")


def test_a_session_that_does_not_end_is_tried_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kratos says 204, and a login that was under way stores the session once more (F46)."""
    laptop = shop.sign_in()
    chain = shop.consent(laptop)
    shop.clock.now = CAP
    monkeypatch.setattr(shop.kratos, "end", lambda *_: None)
    assert shop.do(cap(shop, laptop)) == Retry("session.still_active")
    assert shop.has_tokens(chain)


def test_a_session_that_goes_away_meanwhile_has_ended(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop = shop.sign_in()
    shop.clock.now = CAP
    shop.let_sessions_go_before_their_end(monkeypatch)
    assert shop.do(cap(shop, laptop)) == Done("ended; no tokens")


def test_tokens_that_are_still_there_are_tried_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop = shop.sign_in()
    shop.consent(laptop)
    shop.clock.now = CAP
    monkeypatch.setattr(shop.hydra, "revoke_chain", lambda *_: True)
    assert shop.do(cap(shop, laptop)) == Retry("tokens.still_listed")
    monkeypatch.undo()
    assert shop.do(cap(shop, laptop)) == Done("ended_before; tokens by chain")


def test_without_hydra_the_session_ends_alone(shop: Shop) -> None:
    laptop = shop.sign_in()
    shop.hydra = None
    shop.clock.now = CAP
    assert shop.do(cap(shop, laptop)) == Done("ended; Hydra is not configured")


def test_without_kratos_it_waits_for_one(shop: Shop) -> None:
    laptop = shop.sign_in()
    shop.kratos = None
    assert shop.do(cap(shop, laptop)) == Retry("upstream.unreachable")
    assert shop.do(fresh(shop, laptop)) == Retry("upstream.unreachable")


@pytest.mark.parametrize("calls", range(12))
def test_wherever_ory_goes_away_the_rest_is_done_later(any_shop: Shop, calls: int) -> None:
    """E3: what was done before is found done, and hides nothing of what was not."""
    laptop = any_shop.sign_in()
    named, nameless = any_shop.consent(laptop), any_shop.consent(laptop, "mail", named=False)
    any_shop.clock.now = CAP
    any_shop.go_away_after(calls)
    any_shop.do(cap(any_shop, laptop))
    any_shop.come_back()
    assert isinstance(any_shop.do(cap(any_shop, laptop)), Done)
    assert not any_shop.is_live(laptop)
    assert not any_shop.has_tokens(named)
    assert not any_shop.has_tokens(nameless)
    assert not any_shop.is_remembered(laptop)
