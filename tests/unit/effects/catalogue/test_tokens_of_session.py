"""Which tokens end with a session, and which login of Hydra's is forgotten for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from unit.effects.catalogue.shop import Login, Shop
from unit.workbench import NOW

from webhook_service.effects.effect import Cause, Done, EndSession, Result
from webhook_service.ory import kratos as client_of_kratos


def end(shop: Shop, login: Login) -> Result:
    """End a session whose cap has come."""
    shop.clock.advance(hours=8)
    return shop.do(
        EndSession(
            shop.ada, login.session_id, None, Cause.MAX_AGE, "eight hours", shop.clock.now, NOW
        )
    )


def test_a_chain_that_names_no_session_is_known_by_its_login(shop: Shop) -> None:
    laptop, phone = shop.sign_in(), shop.sign_in()
    shop.consent(laptop)
    nameless = shop.consent(laptop, "mail", named=False)
    others = [shop.consent(phone), shop.consent(phone, "mail", named=False)]
    assert end(shop, laptop) == Done("ended; tokens by chain")
    assert not shop.has_tokens(nameless)
    assert all(map(shop.has_tokens, others))


def test_a_chain_that_names_no_session_is_known_by_its_time_where_only_one_was_there(
    shop: Shop,
) -> None:
    yesterday = shop.sign_in()
    of_yesterday = shop.consent(yesterday, named=False)
    shop.fake.kratos.sessions[yesterday.session_id].expires_at = NOW + timedelta(hours=1)
    shop.clock.advance(hours=2)
    laptop = shop.sign_in()
    shop.clock.advance(hours=1)
    of_today = shop.consent(laptop, named=False)
    assert end(shop, laptop) == Done("ended; tokens by chain")
    assert not shop.has_tokens(of_today)
    assert shop.has_tokens(of_yesterday)
    assert not shop.is_remembered(laptop)


def test_a_chain_that_may_be_of_two_sessions_is_left_alone_and_told(shop: Shop) -> None:
    """Never guess."""
    laptop, phone = shop.sign_in(), shop.sign_in()
    nameless = [shop.consent(laptop, named=False), shop.consent(phone, named=False)]
    assert end(shop, laptop) == Done("ended; no tokens, some unknown")
    assert all(map(shop.has_tokens, nameless))


def test_of_more_sessions_than_a_page_nobody_knows_which_was_there(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_of_kratos, "PAGE_SIZE", 1)
    laptop = shop.sign_in()
    nameless = shop.consent(laptop, named=False)
    assert end(shop, laptop) == Done("ended; no tokens, some unknown")
    assert shop.has_tokens(nameless)


def test_sessions_are_only_asked_for_where_a_chain_cannot_be_told_otherwise(shop: Shop) -> None:
    laptop = shop.sign_in()
    shop.consent(laptop)
    shop.consent(laptop, "mail", named=False)
    end(shop, laptop)
    assert not [call for call in shop.calls() if "/identities/" in call]


def test_a_login_that_another_session_uses_is_not_forgotten(shop: Shop) -> None:
    """F68: Hydra remembers a login longer than its Kratos session lives."""
    first = shop.sign_in()
    shop.consent(first)
    second = Login(shop.sign_in().session_id, first.login_id)
    chain = shop.consent(second, "mail")
    nameless = shop.consent(second, "console", named=False)
    assert end(shop, first) == Done("ended; tokens by chain, some unknown")
    assert shop.is_remembered(first)
    assert shop.has_tokens(chain)
    assert shop.has_tokens(nameless)
    assert shop.is_live(second)


def test_all_of_a_client_s_tokens_end_where_its_consent_was_remembered(shop: Shop) -> None:
    """Hydra tells nothing of the sign-ins that followed: any may have been in the session."""
    laptop, phone = shop.sign_in(), shop.sign_in()
    told = shop.consent(laptop, remember=True)
    hidden = shop.consent(phone, skip=True)
    other = shop.consent(laptop, "mail")
    assert end(shop, phone) == Done("ended; tokens by client")
    assert not shop.has_tokens(hidden)
    assert not shop.has_tokens(told)
    assert shop.has_tokens(other)
    assert shop.is_live(laptop)


def test_a_session_s_chains_of_a_remembered_consent_and_others_end_together(
    any_shop: Shop,
) -> None:
    laptop = any_shop.sign_in()
    chains = [
        any_shop.consent(laptop, remember=True),
        any_shop.consent(laptop, skip=True),
        any_shop.consent(laptop, "mail"),
    ]
    assert end(any_shop, laptop) == Done("ended; tokens by client")
    assert not any(map(any_shop.has_tokens, chains))


def test_where_hydra_tells_of_chains_for_a_while_only_some_may_be_unknown(shop: Shop) -> None:
    laptop = shop.sign_in()
    faded = shop.consent(laptop, remember_for=3600)
    shop.clock.advance(hours=2)
    shop.consent(laptop, "mail", remember_for=3600 * 24)
    assert end(shop, laptop) == Done("ended; tokens by chain, some unknown")
    assert shop.has_tokens(faded)


def test_every_page_of_chains_is_looked_through(any_shop: Shop) -> None:
    laptop = any_shop.sign_in()
    chains = [any_shop.consent(laptop) for _ in range(230)]
    end(any_shop, laptop)
    assert not any(map(any_shop.has_tokens, chains))
