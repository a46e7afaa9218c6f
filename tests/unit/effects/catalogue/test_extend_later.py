"""An extension that failed in the hook, decided anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from unit.effects.catalogue.shop import Login, Shop
from unit.workbench import NOW

from webhook_service.effects.effect import Done, ExtendSession, Failed, Result, Retry
from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.ory.fake import faults
from webhook_service.policy.loader import load

LIFESPAN = timedelta(days=30)
SLIDING = """
version: 1
sessions:
  - name: stays signed in
    when: token.grant == "refresh_token"
    extend: {when_left: 29d}
    max_age: 90d
    on_error: allow
"""


def record(shop: Shop, **more: Any) -> dict[str, Any]:
    """Return what the token hook keeps of a refresh."""
    return {
        "at": "2026-11-25T12:00:00.000000Z",
        "event": "hydra.token",
        "subject": shop.ada,
        "client": "web",
        "session": None,
        "facts": {"token.grant": "refresh_token"},
        "answered": [],
        **more,
    }


def extend(
    shop: Shop,
    login: Login | None,
    *,
    policy: str = SLIDING,
    subject: str | None = None,
    auth_time: datetime | None = None,
    **more: Any,
) -> Result:
    shop.policies.current = load(policy.encode())
    args = ExtendSession(
        subject or shop.ada,
        login and login.session_id,
        auth_time,
        record(shop, **more),
    )
    return shop.do(args)


def left(shop: Shop, login: Login) -> timedelta:
    return shop.fake.kratos.sessions[login.session_id].expires_at - shop.clock()


def extended(shop: Shop) -> bool:
    return bool(shop.calls("PATCH"))


def test_a_session_is_extended_that_the_policy_still_wants_extended(shop: Shop) -> None:
    laptop = shop.sign_in()
    shop.clock.advance(days=10)
    assert extend(shop, laptop) == Done("extended")
    assert left(shop, laptop) == LIFESPAN


def test_a_session_that_the_token_does_not_name_is_found_by_its_time(shop: Shop) -> None:
    """F30."""
    shop.sign_in()
    shop.clock.advance(days=10)
    laptop = shop.sign_in()
    at = shop.clock().replace(microsecond=0)
    shop.clock.advance(days=2)
    assert extend(shop, None, auth_time=at) == Done("extended")
    assert left(shop, laptop) == LIFESPAN


def test_which_session_is_meant_is_never_guessed_and_will_not_be_known_later(shop: Shop) -> None:
    shop.sign_in()
    shop.sign_in()
    shop.clock.advance(days=10)
    assert extend(shop, None, auth_time=NOW) == Failed("session.ambiguous")
    assert not extended(shop)


def test_a_session_that_is_not_due_yet_is_left_alone(shop: Shop) -> None:
    assert extend(shop, shop.sign_in()) == Done("not_due")
    assert not extended(shop)


def test_the_policy_in_force_decides(shop: Shop) -> None:
    """It may not ask for it any more, or only in shadow."""
    laptop = shop.sign_in()
    shop.clock.advance(days=10)
    assert extend(shop, laptop, policy="version: 1") == Done("not_due")
    shop.all_shadow = True
    assert extend(shop, laptop) == Done("not_due")
    assert not extended(shop)


def test_a_session_past_its_limit_is_never_extended(shop: Shop) -> None:
    laptop = shop.sign_in()
    shop.clock.advance(days=29)
    assert extend(shop, laptop, policy=SLIDING.replace("90d", "20d")) == Done("refused")
    assert not extended(shop)


@pytest.mark.parametrize("state", ["expired", "revoked", "disabled", "gone"])
def test_a_session_that_lives_no_more_is_never_extended(shop: Shop, state: str) -> None:
    """F55."""
    laptop = shop.sign_in()
    session = shop.fake.kratos.sessions[laptop.session_id]
    shop.clock.advance(days=10)
    match state:
        case "expired":
            session.expires_at = shop.clock()
        case "revoked":
            session.revoked = True
        case "disabled":
            shop.fake.kratos.identities[shop.ada].state = "inactive"
        case _:
            del shop.fake.kratos.sessions[laptop.session_id]
    assert extend(shop, laptop) == Done("not_due")
    assert not extended(shop)


def test_another_person_s_session_is_never_extended(shop: Shop) -> None:
    his = shop.sign_in(subject=shop.fake.kratos.add_identity())
    shop.clock.advance(days=10)
    assert extend(shop, his) == Done("not_due")
    assert not extended(shop)


def test_a_session_that_is_being_ended_is_not_extended(shop: Shop) -> None:
    """E5: the ending supersedes it."""
    laptop = shop.sign_in()
    shop.clock.advance(days=10)
    shop.ending.add(laptop.session_id)
    assert extend(shop, laptop) == Done("superseded")
    assert shop.is_ending_asked == [shop.ada]
    assert not extended(shop)


def test_it_waits_for_whom_can_tell_what_is_being_ended(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop = shop.sign_in()
    shop.clock.advance(days=10)

    def away(*_: object) -> bool:
        raise StoreUnavailableError("away")

    monkeypatch.setattr(Shop, "is_ending", away)
    assert extend(shop, laptop) == Retry("service.store_unavailable")
    assert not extended(shop)


def test_a_session_that_ends_any_moment_is_left_alone(shop: Shop) -> None:
    """F55: Kratos could handle the call after its end, and bring it back."""
    laptop = shop.sign_in()
    shop.fake.kratos.sessions[laptop.session_id].expires_at = NOW + timedelta(seconds=2)
    assert extend(shop, laptop) == Done("ending")
    shop.fake.kratos.sessions[laptop.session_id].expires_at = NOW + timedelta(seconds=2.1)
    assert extend(shop, laptop) == Done("extended")


def test_while_kratos_cannot_be_asked_it_is_tried_again(shop: Shop) -> None:
    laptop = shop.sign_in()
    shop.clock.advance(days=10)
    shop.fake.break_calls("kratos", faults.says(503))
    assert extend(shop, laptop) == Retry("upstream.busy")
    shop.fake.heal()
    assert extend(shop, laptop) == Done("extended")


def test_while_a_rule_that_would_refuse_cannot_be_decided_it_is_tried_again(shop: Shop) -> None:
    laptop = shop.sign_in()
    shop.clock.advance(days=10)
    policy = f'{SLIDING}\ndeny:\n  - name: partners\n    when: client.owner == "partner"\n'
    shop.fake.break_calls("hydra", faults.says(503))
    assert extend(shop, laptop, policy=policy) == Retry("upstream.busy")
    shop.fake.heal()
    shop.fake.hydra.add_client("web", owner="partner")
    assert extend(shop, laptop, policy=policy) == Done("refused")
    shop.fake.hydra.add_client("web", owner="us")
    assert extend(shop, laptop, policy=policy) == Done("extended")


def test_a_client_that_was_not_recorded_is_not_asked_for(shop: Shop) -> None:
    laptop = shop.sign_in()
    shop.clock.advance(days=10)
    policy = f'{SLIDING}\ndeny:\n  - name: partners\n    when: client.owner == "partner"\n'
    assert extend(shop, laptop, policy=policy, client=None) == Retry("upstream.unreachable")


@pytest.mark.parametrize("on_error", ["allow", "deny"])
def test_what_no_record_holds_is_never_known_again(shop: Shop, on_error: str) -> None:
    """Settled question 3: claims are not kept."""
    laptop = shop.sign_in()
    shop.clock.advance(days=10)
    policy = SLIDING.replace(
        'token.grant == "refresh_token"', 'token.claims.tier == "gold"'
    ).replace("on_error: allow", f"on_error: {on_error}")
    assert extend(shop, laptop, policy=policy) == Failed("policy.unknown")
    assert not extended(shop)


def test_a_record_that_cannot_be_read_fails(shop: Shop) -> None:
    assert extend(shop, shop.sign_in(), event="of another version") == Failed("effect.unreadable")


def test_an_extension_that_kratos_does_not_make_is_done(shop: Shop) -> None:
    """F54: more than ``earliest_possible_extend`` is left."""
    laptop = shop.sign_in()
    shop.clock.advance(days=10)
    shop.fake.kratos.earliest_possible_extend = timedelta(days=1)
    assert extend(shop, laptop) == Done("unchanged")


def test_an_extension_that_fails_is_tried_again(shop: Shop) -> None:
    laptop = shop.sign_in()
    shop.clock.advance(days=10)
    shop.fake.break_calls("kratos", faults.says(503), method="PATCH")
    assert extend(shop, laptop) == Retry("upstream.busy")


def test_a_session_that_ended_meanwhile_is_not_extended(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop = shop.sign_in()
    shop.clock.advance(days=10)
    fake = shop.fake.kratos
    handle = fake.handle

    def ended_first(method: str, target: str, body: bytes = b"") -> object:
        if method == "PATCH":
            fake.sessions[laptop.session_id].revoked = True
        return handle(method, target, body)

    monkeypatch.setattr(fake, "handle", ended_first)
    assert extend(shop, laptop) == Done("session.not_active")
