"""Hydra's chains of tokens and remembered logins, as our client sees and ends them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from contract.devices import Devices, devices_in, is_active
from contract.worlds import World, deadline

from webhook_service.ory import hydra as client_of_hydra
from webhook_service.ory.consents import Chain

NOBODY = "11111111-2222-4333-8444-555555555555"
LIVE = (True, True)
DEAD = (False, False)


@pytest.fixture
def devices(world: World) -> Iterator[Devices]:
    with devices_in(world) as one_persons:
        yield one_persons


def chains(devices: Devices) -> tuple[Chain, ...]:
    return devices.world.hydra.chains_of(devices.subject, deadline())


def test_each_chain_tells_its_client_its_session_and_its_login(devices: Devices) -> None:
    """F101."""
    one, two = devices.client("one"), devices.client("two")
    laptop, phone = devices.device(), devices.device()
    laptop.sign_in(one)
    laptop.sign_in(two)
    phone.sign_in(one)
    told = chains(devices)
    assert {(chain.client_id, chain.session_id) for chain in told} == {
        (one, laptop.session_id),
        (two, laptop.session_id),
        (one, phone.session_id),
    }
    logins = {chain.login_session_id for chain in told if chain.session_id == laptop.session_id}
    assert len(logins) == 1
    assert None not in logins
    assert len({chain.login_session_id for chain in told}) == 2
    for chain in told:
        assert not chain.remembered
        assert not chain.fades
        assert chain.handled_at is not None
        assert abs(chain.handled_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_somebody_unknown_has_no_chains(world: World) -> None:
    assert world.hydra.chains_of(NOBODY, deadline()) == ()


def test_all_pages_are_read(devices: Devices, monkeypatch: pytest.MonkeyPatch) -> None:
    """The links of 2.3.0 lead past some: its own next page after two begins with the fourth."""
    monkeypatch.setattr(client_of_hydra, "CHAINS_PER_PAGE", 2)
    client, laptop = devices.client("one"), devices.device()
    for _ in range(5):
        laptop.sign_in(client)
    assert len({chain.id for chain in chains(devices)}) == 5


def test_the_tokens_of_one_client_are_revoked(devices: Devices) -> None:
    """F69: on every device, and no other client's."""
    one, two = devices.client("one"), devices.client("two")
    laptop, phone = devices.device(), devices.device()
    first, other, second = laptop.sign_in(one), laptop.sign_in(two), phone.sign_in(one)
    devices.world.hydra.revoke_tokens(devices.subject, deadline(), client_id=one)
    assert is_active(devices, first) == is_active(devices, second) == DEAD
    assert is_active(devices, other) == LIVE
    assert [chain.client_id for chain in chains(devices)] == [two]


def test_all_tokens_of_a_person_are_revoked(devices: Devices) -> None:
    """F69."""
    first = devices.device().sign_in(devices.client("one"))
    second = devices.device().sign_in(devices.client("two"))
    devices.world.hydra.revoke_tokens(devices.subject, deadline())
    assert is_active(devices, first) == is_active(devices, second) == DEAD
    assert chains(devices) == ()


def test_revoking_what_is_not_there_is_no_error(world: World) -> None:
    world.hydra.revoke_tokens(NOBODY, deadline())
    world.hydra.revoke_tokens(NOBODY, deadline(), client_id="nobody's")


def test_2_3_0_cannot_revoke_one_chain(devices: Devices) -> None:
    """F69: it answers 400, which our client keeps in mind."""
    tokens = devices.device().sign_in(devices.client("one"))
    (chain,) = chains(devices)
    assert not devices.world.hydra.revoke_chain(chain.id, deadline())
    assert is_active(devices, tokens) == LIVE


def test_a_forgotten_login_takes_its_kratos_session_along_and_leaves_the_tokens(
    devices: Devices,
) -> None:
    """F31, F71. Its chains do not tell any more that they were its."""
    client, laptop, phone = devices.client("one"), devices.device(), devices.device()
    tokens = laptop.sign_in(client)
    phone.sign_in(client)
    (login,) = {
        chain.login_session_id for chain in chains(devices) if chain.session_id == laptop.session_id
    }
    assert login is not None
    devices.world.hydra.forget_login(login, deadline())
    live = devices.world.kratos.live_sessions_of(devices.subject, deadline())
    assert [session.id for session in live.items] == [phone.session_id]
    assert is_active(devices, tokens) == LIVE
    after = {chain.session_id: chain.login_session_id for chain in chains(devices)}
    assert after[laptop.session_id] is None
    assert after[phone.session_id] is not None


def test_forgetting_all_logins_of_a_person_ends_no_session(devices: Devices) -> None:
    """F71."""
    laptop = devices.device()
    tokens = laptop.sign_in(devices.client("one"))
    devices.world.hydra.forget_logins(devices.subject, deadline())
    session = devices.world.kratos.session(laptop.session_id, deadline())
    assert session is not None
    assert session.active
    assert is_active(devices, tokens) == LIVE
    assert [chain.login_session_id for chain in chains(devices)] == [None]


def test_forgetting_what_is_not_there_is_no_error(world: World) -> None:
    world.hydra.forget_login(NOBODY, deadline())
    world.hydra.forget_logins(NOBODY, deadline())


def test_a_chain_of_a_remembered_consent_is_not_told(devices: Devices) -> None:
    """Only revoking by client reaches it: the consent that was remembered names the client."""
    client, laptop, phone = devices.client("one"), devices.device(), devices.device()
    laptop.sign_in(client, remember=True)
    hidden = phone.sign_in(client, remember=True)
    (told,) = chains(devices)
    assert (told.session_id, told.remembered) == (laptop.session_id, True)
    devices.world.hydra.revoke_tokens(devices.subject, deadline(), client_id=client)
    assert is_active(devices, hidden) == DEAD


def test_a_chain_whose_consent_was_to_be_remembered_for_a_time_is_told_for_that_time(
    devices: Devices,
) -> None:
    """Whether the consent was remembered or not; its tokens live on."""
    client, laptop = devices.client("one"), devices.device()
    faded = laptop.sign_in(client)
    devices.let_consents_fade()
    laptop.sign_in(client)
    assert len(chains(devices)) == 1
    assert is_active(devices, faded) == LIVE
    devices.world.hydra.revoke_tokens(devices.subject, deadline(), client_id=client)
    assert is_active(devices, faded) == DEAD


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/admin/oauth2/auth/sessions/consent", 400),
        ("GET", f"/admin/oauth2/auth/sessions/consent?subject={NOBODY}", 200),
        ("DELETE", "/admin/oauth2/auth/sessions/consent", 400),
        ("DELETE", f"/admin/oauth2/auth/sessions/consent?subject={NOBODY}", 400),
        ("DELETE", f"/admin/oauth2/auth/sessions/consent?consent_request_id={NOBODY}", 400),
        ("DELETE", "/admin/oauth2/auth/sessions/login", 400),
        ("DELETE", f"/admin/oauth2/auth/sessions/login?sid={NOBODY}", 204),
    ],
)
def test_both_answer_what_is_not_well_asked_with_the_same_status(
    world: World, method: str, target: str, status: int
) -> None:
    assert world.ask("hydra", method, target).status_code == status


def test_an_access_token_tells_whose_it_is_and_from_which_session(devices: Devices) -> None:
    """F28: a refresh token is active as well, and is none."""
    client, laptop = devices.client("one"), devices.device()
    before = datetime.now(UTC) - timedelta(seconds=1)
    tokens = laptop.sign_in(client)
    hydra = devices.world.hydra
    told = hydra.introspect(tokens.access, deadline())
    assert told is not None
    assert (told.subject, told.client_id) == (devices.subject, client)
    assert told.session_id == laptop.session_id
    assert told.issued_at is not None
    assert before <= told.issued_at <= datetime.now(UTC)
    assert hydra.introspect(tokens.refresh, deadline()) is None
    assert hydra.introspect("ory_at_of_nobody", deadline()) is None
    hydra.revoke_tokens(devices.subject, deadline())
    assert hydra.introspect(tokens.access, deadline()) is None
