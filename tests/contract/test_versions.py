"""Where Kratos and Hydra say which version they are."""

from __future__ import annotations

from contract.worlds import World, deadline

from webhook_service.ory.hydra import Hydra
from webhook_service.ory.kratos import Kratos
from webhook_service.ory.versions import ask_version


def test_each_admin_api_tells_a_version(world: World) -> None:
    """Built from its module, a server says "master": so only that there is one is expected."""
    clients: tuple[Kratos | Hydra, ...] = (world.kratos, world.hydra)
    for client in clients:
        told = ask_version(client._transport, deadline())
        assert told.failure is None
        assert told.version


def test_kratos_tells_it_under_admin_only_and_hydra_at_the_top_only(world: World) -> None:
    assert world.ask("kratos", "GET", "/version").status_code == 307
    assert world.ask("hydra", "GET", "/admin/version").status_code == 404
