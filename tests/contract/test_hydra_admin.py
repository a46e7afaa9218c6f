"""Hydra's admin API, as our client sees it (F37)."""

from __future__ import annotations

import pytest
from contract.worlds import World, deadline

from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.hydra import OAuthClient

CLIENT_ID = "admin console+ü?#&=%2F"


@pytest.fixture
def client(world: World) -> OAuthClient:
    """A client whose id needs quoting."""
    world.client(
        CLIENT_ID,
        client_name="Admin console",
        owner="platform",
        scope="openid offline billing:write",
        metadata={"tier": 1},
    )
    return OAuthClient(
        id=CLIENT_ID,
        name="Admin console",
        owner="platform",
        scopes=("openid", "offline", "billing:write"),
        metadata={"tier": 1},
    )


def test_a_client_is_read_whatever_its_id(world: World, client: OAuthClient) -> None:
    assert world.hydra.client(CLIENT_ID, deadline()) == client


def test_what_a_client_does_not_state_is_empty(world: World) -> None:
    world.client("plain", scope="openid")
    assert world.hydra.client("plain", deadline()) == OAuthClient(
        id="plain", name="", owner="", scopes=("openid",), metadata={}
    )


@pytest.mark.parametrize("client_id", ["nobody", "", ".", "..", "\ud800", "\x00"])
def test_an_unknown_client_is_none(world: World, client_id: str) -> None:
    assert world.hydra.client(client_id, deadline()) is None


def test_a_client_id_with_a_slash_cannot_be_asked_for(world: World) -> None:
    """Hydra's router takes it for a path, so nothing is known of the client: not "none"."""
    world.client("web/app")
    with pytest.raises(OryError) as caught:
        world.hydra.client("web/app", deadline())
    assert caught.value.reason is UpstreamReason.INVALID


def test_a_login_request_names_its_client_and_scopes(world: World, client: OAuthClient) -> None:
    challenge = world.begin_login(CLIENT_ID, "openid billing:write")
    request = world.hydra.login_request(challenge, deadline())
    assert request is not None
    assert request.client == client
    assert request.requested_scope == ("openid", "billing:write")
    assert not request.skip
    assert request.subject == ""


@pytest.mark.parametrize("challenge", ["nope", "", "a b&c=d#e", "\ud800"])
def test_an_unknown_challenge_is_none(world: World, challenge: str) -> None:
    assert world.hydra.login_request(challenge, deadline()) is None


def test_hydra_says_that_it_is_ready(world: World) -> None:
    world.hydra.ready(deadline())


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/health/ready", 200),
        ("/admin/health/ready", 404),
        ("/admin/clients/nobody", 404),
        ("/admin/oauth2/auth/requests/login", 400),
        ("/admin/oauth2/auth/requests/login?login_challenge=", 400),
        ("/admin/oauth2/auth/requests/login?login_challenge=nope", 404),
        ("/admin/nothing", 404),
    ],
)
def test_both_answer_what_is_not_there_with_the_same_status(
    world: World, target: str, status: int
) -> None:
    assert world.ask("hydra", "GET", target).status_code == status
