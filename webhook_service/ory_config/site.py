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
    passes_session_cookie: bool = False
