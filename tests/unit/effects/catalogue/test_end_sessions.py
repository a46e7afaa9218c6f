"""The end of a person's sessions, but for those spared."""

from __future__ import annotations

from datetime import timedelta

import pytest
from unit.effects.catalogue.shop import Login, Shop
from unit.workbench import NOW

from webhook_service.effects.effect import Done, EndSessions, Retry
from webhook_service.ory import kratos as client_of_kratos

EVENT = NOW + timedelta(hours=1)


def all_sessions(shop: Shop) -> EndSessions:
    return EndSessions(shop.ada, None, EVENT)


def others(shop: Shop, own: Login) -> EndSessions:
    return EndSessions(shop.ada, own.session_id, EVENT)


def test_every_other_session_ends(any_shop: Shop) -> None:
    laptop, phone, tablet = any_shop.sign_in(), any_shop.sign_in(), any_shop.sign_in()
    chains = [any_shop.consent(login) for login in (laptop, phone, tablet)]
    any_shop.clock.now = EVENT
    assert any_shop.do(others(any_shop, laptop)) == Done("ended")
    assert [any_shop.is_live(login) for login in (laptop, phone, tablet)] == [True, False, False]
    remembered = [any_shop.is_remembered(login) for login in (laptop, phone, tablet)]
    assert remembered == [True, False, False]
    assert all(map(any_shop.has_tokens, chains))


def test_every_session_ends_and_every_login_is_forgotten(any_shop: Shop) -> None:
    """Also those of which Hydra tells no chain."""
    laptop, phone = any_shop.sign_in(), any_shop.sign_in()
    any_shop.clock.now = EVENT
    assert any_shop.do(all_sessions(any_shop)) == Done("ended")
    assert not any_shop.is_live(laptop)
    assert not any_shop.is_live(phone)
    assert not any_shop.is_remembered(laptop)
    assert not any_shop.is_remembered(phone)


def test_a_login_made_since_the_event_stays(any_shop: Shop) -> None:
    """E3: an effect may come late, after an outage."""
    old = any_shop.sign_in()
    any_shop.consent(old)
    any_shop.clock.now = EVENT + timedelta(hours=3)
    new = any_shop.sign_in()
    any_shop.consent(new)
    assert any_shop.do(all_sessions(any_shop)) == Done("ended")
    assert not any_shop.is_live(old)
    assert any_shop.is_live(new)
    assert not any_shop.is_remembered(old)
    assert any_shop.is_remembered(new)


def test_a_login_whose_chains_name_no_session_is_not_forgotten_beside_a_live_one(
    shop: Shop,
) -> None:
    laptop, phone = shop.sign_in(), shop.sign_in()
    shop.consent(phone, named=False)
    shop.clock.now = EVENT
    assert shop.do(others(shop, laptop)) == Done("ended")
    assert shop.is_remembered(phone)


def test_a_login_that_a_live_session_uses_as_well_is_not_forgotten(shop: Shop) -> None:
    first = shop.sign_in()
    shop.consent(first)
    second = Login(shop.sign_in().session_id, first.login_id)
    shop.consent(second)
    shop.clock.now = EVENT
    assert shop.do(others(shop, second)) == Done("ended")
    assert shop.is_remembered(first)
    assert shop.is_live(second)


def test_another_person_s_sessions_stay(shop: Shop) -> None:
    bob = shop.fake.kratos.add_identity()
    his = shop.sign_in(subject=bob)
    shop.sign_in()
    shop.clock.now = EVENT
    shop.do(all_sessions(shop))
    assert shop.is_live(his)
    assert shop.is_remembered(his)


def test_the_session_that_a_recovery_has_just_made_stays(shop: Shop) -> None:
    """F102."""
    old = shop.sign_in()
    shop.clock.now = EVENT - timedelta(milliseconds=30)
    recovered = shop.sign_in("code_recovery")
    shop.clock.now = EVENT + timedelta(seconds=2)
    args = EndSessions(shop.ada, None, EVENT, spares_recovery=True)
    assert shop.do(args) == Done("ended")
    assert shop.is_live(recovered)
    assert not shop.is_live(old)


def test_a_disabled_person_s_sessions_end_as_well(shop: Shop) -> None:
    """F100: they would be there again when the identity is enabled."""
    laptop = shop.sign_in()
    shop.fake.kratos.identities[shop.ada].state = "inactive"
    shop.clock.now = EVENT
    assert shop.do(all_sessions(shop)) == Done("ended")
    assert not shop.is_live(laptop)


def test_the_last_of_several_pages_ends_too(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_of_kratos, "PAGE_SIZE", 3)
    logins = [shop.sign_in() for _ in range(8)]
    shop.clock.now = EVENT
    assert shop.do(all_sessions(shop)) == Done("ended")
    assert not any(map(shop.is_live, logins))


def test_where_nothing_is_left_to_end_nothing_is_called_but_to_forget(shop: Shop) -> None:
    laptop = shop.sign_in()
    shop.fake.kratos.sessions[laptop.session_id].revoked = True
    shop.clock.now = EVENT
    assert shop.do(all_sessions(shop)) == Done("ended_before")
    assert [call.split("?")[0] for call in shop.calls("DELETE")] == [
        "DELETE /admin/oauth2/auth/sessions/login"
    ]


def test_a_session_that_does_not_end_is_tried_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop = shop.sign_in()
    shop.clock.now = EVENT
    monkeypatch.setattr(shop.kratos, "end", lambda *_: None)
    assert shop.do(all_sessions(shop)) == Retry("session.still_active")
    assert shop.is_remembered(laptop)


def test_a_session_that_goes_away_meanwhile_has_ended(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sign_in()
    shop.clock.now = EVENT
    shop.let_sessions_go_before_their_end(monkeypatch)
    assert shop.do(all_sessions(shop)) == Done("ended")


def test_a_list_that_cannot_be_read_to_its_end_is_tried_again_after_what_it_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try ends as many as it can see."""
    monkeypatch.setattr(client_of_kratos, "PAGE_SIZE", 2)
    logins = [shop.sign_in() for _ in range(5)]
    shop.clock.now = EVENT
    handle = shop.fake.kratos.handle

    def always_the_first_page(method: str, target: str, body: bytes = b"") -> object:
        for number in range(9):
            target = target.replace(f"page={number}&", "page=0&")
        return handle(method, target, body)

    monkeypatch.setattr(shop.fake.kratos, "handle", always_the_first_page)
    assert shop.do(all_sessions(shop)) == Retry("session.still_active")
    assert sum(map(shop.is_live, logins)) == 3
    assert shop.do(all_sessions(shop)) == Retry("session.still_active")
    assert shop.do(all_sessions(shop)) == Done("ended")
    assert not any(map(shop.is_live, logins))


def test_without_hydra_the_sessions_end_alone(shop: Shop) -> None:
    laptop = shop.sign_in()
    shop.hydra = None
    shop.clock.now = EVENT
    assert shop.do(all_sessions(shop)) == Done("ended")
    assert not shop.is_live(laptop)


@pytest.mark.parametrize("calls", range(9))
def test_wherever_ory_goes_away_the_rest_is_done_later(any_shop: Shop, calls: int) -> None:
    laptop, phone = any_shop.sign_in(), any_shop.sign_in()
    any_shop.consent(laptop)
    any_shop.consent(phone)
    any_shop.clock.now = EVENT
    any_shop.go_away_after(calls)
    any_shop.do(others(any_shop, laptop))
    any_shop.come_back()
    assert isinstance(any_shop.do(others(any_shop, laptop)), Done)
    assert any_shop.is_live(laptop)
    assert any_shop.is_remembered(laptop)
    assert not any_shop.is_live(phone)
    assert not any_shop.is_remembered(phone)
