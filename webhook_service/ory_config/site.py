"""What an installation is: where the service is reached, and how it knows its callers."""

from __future__ import annotations

from dataclasses import dataclass, field

from webhook_service.ory_config.listening import HeaderNames


@dataclass(frozen=True, slots=True)
class Site:
    """The settings and options that a configuration follows from.

    Attributes:
        hooks_url: where Kratos and Hydra reach the service.
        kratos_key: what Kratos sends; a placeholder where no key is to be shown.
        hydra_key: what Hydra sends.
        header_names: the settings that say which header is what.
        public_url: where browsers reach the service.
        kratos_admin_url: where the service reaches Kratos.
        kratos_public_url: where browsers reach Kratos.
        hydra_admin_url: where the service reaches Hydra.
        hydra_public_url: where browsers reach Hydra.
        gates: whether the service is Hydra's login, consent and logout page.
        network: whether both are a project of Ory Network, in which they know each other.
        passes_session_cookie: whether the hooks' body hands the session's cookie over (F33).
    """

    hooks_url: str
    kratos_key: str = field(repr=False)
    hydra_key: str = field(repr=False)
    header_names: HeaderNames
    public_url: str | None = None
    kratos_admin_url: str | None = None
    kratos_public_url: str | None = None
    hydra_admin_url: str | None = None
    hydra_public_url: str | None = None
    gates: bool = False
    network: bool = False
    passes_session_cookie: bool = False

    @property
    def lacking_for_gates(self) -> tuple[str, ...]:
        """The settings without which the service does not serve the gates."""
        needed = {
            "PUBLIC_URL": self.public_url,
            "KRATOS_PUBLIC_URL": self.kratos_public_url,
            "KRATOS_ADMIN_URL": self.kratos_admin_url,
            "HYDRA_ADMIN_URL": self.hydra_admin_url,
        }
        return tuple(name for name, url in needed.items() if url is None)


def is_network(kratos_admin_url: str | None, hydra_admin_url: str | None) -> bool:
    """Whether both are a project of Ory Network: one address is then both admin APIs'."""
    return kratos_admin_url is not None and kratos_admin_url == hydra_admin_url
