"""The end of a person's tokens, but for those of later sign-ins where they can be told apart."""

from __future__ import annotations

from datetime import timedelta

import pytest
from unit.effects.catalogue.shop import Shop
from unit.workbench import NOW

from webhook_service.effects.effect import Done, Retry, RevokeTokens

EVENT = NOW + timedelta(hours=1)
LATE = EVENT + timedelta(hours=3)


def tokens(shop: Shop, client_id: str | None = None) -> RevokeTokens:
    return RevokeTokens(shop.ada, client_id, EVENT)


def test_every_token_of_a_person_is_revoked_in_one_call(any_shop: Shop) -> None:
    """Also of chains that Hydra does not tell of."""
    laptop = any_shop.sign_in()
    chains = [
        any_shop.consent(laptop),
        any_shop.consent(laptop, "mail", skip=True),
        any_shop.consent(laptop, "console", remember_for=1),
    ]
    any_shop.clock.now = EVENT
    assert any_shop.do(tokens(any_shop)) == Done("revoked")
    assert not any(map(any_shop.has_tokens, chains))
    assert len(any_shop.calls("DELETE")) == 1
    assert any_shop.is_live(laptop)


def test_the_tokens_of_one_client_are_revoked_alone(any_shop: Shop) -> None:
    laptop = any_shop.sign_in()
    web, mail = any_shop.consent(laptop), any_shop.consent(laptop, "mail")
    any_shop.clock.now = EVENT
    assert any_shop.do(tokens(any_shop, "web")) == Done("revoked")
    assert not any_shop.has_tokens(web)
    assert any_shop.has_tokens(mail)


def test_another_person_s_tokens_stay(shop: Shop) -> None:
    his = shop.consent(shop.sign_in(subject=shop.fake.kratos.add_identity()))
    shop.clock.now = EVENT
    shop.do(tokens(shop))
    assert shop.has_tokens(his)


def test_what_a_later_sign_in_got_stays(shop: Shop) -> None:
    """E3."""
    old = shop.sign_in()
    older = [shop.consent(old), shop.consent(old, "mail")]
    shop.clock.now = EVENT
    new = shop.sign_in()
    newer = [shop.consent(new), shop.consent(new, "console")]
    shop.clock.now = LATE
    assert shop.do(tokens(shop)) == Done("revoked")
    assert not any(map(shop.has_tokens, older))
    assert all(map(shop.has_tokens, newer))


def test_where_one_chain_cannot_be_revoked_only_other_clients_keep_what_is_newer(
    old_shop: Shop,
) -> None:
    old = old_shop.sign_in()
    older = [old_shop.consent(old), old_shop.consent(old, "mail")]
    old_shop.clock.now = EVENT
    new = old_shop.sign_in()
    same_client, other_client = old_shop.consent(new), old_shop.consent(new, "console")
    assert old_shop.do(tokens(old_shop)) == Done("revoked; newer ones too")
    assert not any(map(old_shop.has_tokens, [*older, same_client]))
    assert old_shop.has_tokens(other_client)


def test_newer_tokens_of_other_clients_need_no_care_where_one_client_is_meant(
    any_shop: Shop,
) -> None:
    old = any_shop.sign_in()
    older = any_shop.consent(old)
    any_shop.clock.now = EVENT
    newer = any_shop.consent(any_shop.sign_in(), "mail")
    assert any_shop.do(tokens(any_shop, "web")) == Done("revoked")
    assert not any_shop.has_tokens(older)
    assert any_shop.has_tokens(newer)


def test_of_a_client_whose_consent_was_remembered_newer_ones_end_too(shop: Shop) -> None:
    """Hydra tells nothing of the old sign-ins without a new consent."""
    old = shop.sign_in()
    shop.consent(old, remember=True)
    hidden = shop.consent(old, skip=True)
    shop.clock.now = EVENT
    new = shop.sign_in()
    newer, other_client = shop.consent(new), shop.consent(new, "mail")
    assert shop.do(tokens(shop)) == Done("revoked; newer ones too")
    assert not shop.has_tokens(hidden)
    assert not shop.has_tokens(newer)
    assert shop.has_tokens(other_client)


def test_everything_ends_where_hydra_tells_of_chains_for_a_while_only(any_shop: Shop) -> None:
    """Any of the person's clients may have tokens that it does not tell of any more."""
    old = any_shop.sign_in()
    faded = any_shop.consent(old, "mail", remember_for=1)
    any_shop.clock.now = EVENT
    newer = any_shop.consent(any_shop.sign_in(), remember_for=3600 * 24)
    assert any_shop.do(tokens(any_shop)) == Done("revoked; newer ones too")
    assert not any_shop.has_tokens(faded)
    assert not any_shop.has_tokens(newer)


def test_a_chain_without_a_time_counts_as_older(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhook_service.ory.fake.consents.rfc3339", lambda _: None)
    chain = shop.consent(shop.sign_in())
    assert shop.do(tokens(shop)) == Done("revoked")
    assert not shop.has_tokens(chain)


def test_tokens_that_are_still_there_are_tried_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.consent(shop.sign_in())
    shop.clock.now = EVENT
    monkeypatch.setattr(shop.hydra, "revoke_tokens", lambda *_, **__: None)
    assert shop.do(tokens(shop)) == Retry("tokens.still_listed")


def test_it_can_be_repeated_without_harm(any_shop: Shop) -> None:
    any_shop.consent(any_shop.sign_in())
    any_shop.clock.now = EVENT
    any_shop.do(tokens(any_shop))
    newer = any_shop.consent(any_shop.sign_in())
    assert any_shop.do(tokens(any_shop)) == Done("revoked")
    assert any_shop.has_tokens(newer)


def test_without_hydra_it_waits_for_one(shop: Shop) -> None:
    shop.hydra = None
    assert shop.do(tokens(shop)) == Retry("upstream.unreachable")
