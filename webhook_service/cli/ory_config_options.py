"""The options of ``ory-config``, and what they and the settings say together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from environs import EnvError

from webhook_service import settings as settings_module
from webhook_service.cli.policy_file import read_policy_at
from webhook_service.hooks.table import Caller
from webhook_service.ory_config.jsonnet import Body
from webhook_service.ory_config.jsonnet_file import document
from webhook_service.ory_config.listening import HeaderNames, headers_read
from webhook_service.ory_config.methods import DEFAULT as DEFAULT_METHODS
from webhook_service.ory_config.methods import METHODS as KNOWN_METHODS
from webhook_service.ory_config.plan import HookList, Plan, TokenHook
from webhook_service.ory_config.site import Site, is_network
from webhook_service.policy.model import Policy
from webhook_service.setting_values import base_url
from webhook_service.settings import Settings, SettingsError

F = TypeVar("F", bound=Callable[..., Any])

EXISTING: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


def _address(_ctx: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Take what the settings take for an address."""
    try:
        return base_url(value or "")
    except EnvError as error:
        raise click.BadParameter(str(error)) from None


def _methods(_ctx: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...]:
    named = [word.strip() for word in (value or "").split(",") if word.strip()]
    for word in named:
        if word not in KNOWN_METHODS:
            raise click.BadParameter(f'"{word}" is none of: {", ".join(KNOWN_METHODS)}')
    return tuple(dict.fromkeys(named))


def _all(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    return lambda function: reduce(lambda made, each: each(made), reversed(decorators), function)


COMMON: Final = _all(
    click.option(
        "--policy",
        "policy_file",
        type=EXISTING,
        help="The policy file, instead of the one that POLICY_FILE names.",
    ),
    click.option(
        "--hooks-url",
        callback=_address,
        help="Where Kratos and Hydra reach the service, if not at PUBLIC_URL.",
    ),
    click.option(
        "--no-keys",
        is_flag=True,
        help="Placeholders such as ${KRATOS_HOOK_KEY}, for something else to fill in: Kratos and"
        " Hydra do not.",
    ),
    click.option(
        "--gates",
        is_flag=True,
        help="The service is Hydra's login, consent and logout page as well.",
    ),
)
METHODS: Final = click.option(
    "--methods",
    callback=_methods,
    metavar="NAME,…",
    help=(
        "The methods that people sign in with. Without it those that the file of --merge or"
        f" --kratos switches on; without a file {', '.join(DEFAULT_METHODS)}."
    ),
)
COOKIE: Final = click.option(
    "--pass-session-cookie",
    is_flag=True,
    help=(
        "After a change of settings the hook hands over the session's cookie: before 26.2 Kratos"
        " does not tell the session. A credential: only over https or on one machine."
    ),
)
JSONNET: Final = click.option(
    "--jsonnet",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the hooks' body to this file, instead of into each hook. Kratos must find it"
    " by the same path.",
)
HYDRA_PUBLIC_URL: Final = click.option(
    "--hydra-public-url",
    callback=_address,
    help="Where browsers reach Hydra, for selfservice.allowed_return_urls with --gates.",
)
MERGE: Final = click.option(
    "--merge", type=EXISTING, metavar="FILE", help="Print this file with the hooks worked into it."
)
WRITE: Final = click.option("--write", is_flag=True, help="Write the file instead of printing it.")
KRATOS_FILE: Final = click.option(
    "--kratos", type=EXISTING, metavar="FILE", help="The project's identity configuration."
)
HYDRA_FILE: Final = click.option(
    "--hydra", type=EXISTING, metavar="FILE", help="The project's OAuth2 configuration."
)


@dataclass(frozen=True)
class Asked:
    """What a command was asked, with the settings and the policy that it is about."""

    policy_file: Path | None
    hooks_url: str | None
    no_keys: bool
    gates: bool
    methods: tuple[str, ...] = ()
    pass_session_cookie: bool = False
    jsonnet: Path | None = None
    hydra_public_url: str | None = None
    network: bool = False

    @cached_property
    def settings(self) -> Settings:
        """The settings of the environment."""
        try:
            return settings_module.load(keys_required=not self.no_keys)
        except SettingsError as error:
            raise click.ClickException(str(error)) from None

    @cached_property
    def policy(self) -> Policy:
        """The policy, from the option's file or the setting's."""
        path = self.policy_file or self.settings.policy_file
        try:
            return read_policy_at(path)
        except OSError as error:
            raise click.ClickException(f"POLICY_FILE: {path}: {error.strerror}") from None

    @cached_property
    def site(self) -> Site:
        """What the configuration follows from."""
        settings = self.settings
        hooks_url = self.hooks_url or settings.public_url
        if hooks_url is None:
            raise click.ClickException(
                "PUBLIC_URL is not set: it says where the service is reached, such as"
                " https://hooks.example.org. --hooks-url names an address for Kratos and Hydra"
                " alone."
            )
        if self.gates and settings.public_url is None:
            raise click.ClickException("PUBLIC_URL is not set: --gates sends browsers there.")
        return Site(
            hooks_url=hooks_url,
            kratos_key=self._key(Caller.KRATOS, settings.kratos_hook_keys),
            hydra_key=self._key(Caller.HYDRA, settings.hydra_hook_keys),
            header_names=self._header_names,
            public_url=settings.public_url,
            kratos_admin_url=settings.kratos_admin_url,
            kratos_public_url=settings.kratos_public_url,
            hydra_admin_url=settings.hydra_admin_url,
            hydra_public_url=self.hydra_public_url,
            gates=self.gates,
            network=self.network or is_network(settings.kratos_admin_url, settings.hydra_admin_url),
            passes_session_cookie=self.pass_session_cookie,
        )

    @cached_property
    def body(self) -> Body:
        """The body of Kratos' hooks."""
        return Body(
            document(),
            session_cookie=self.settings.session_cookie,
            pass_session_cookie=self.pass_session_cookie,
            headers=headers_read(self.policy, self._header_names),
        )

    @property
    def body_address(self) -> str:
        """Where a hook finds its body, or the body itself."""
        return self.body.inline if self.jsonnet is None else f"file://{self.jsonnet}"

    def head(self, whose: str) -> str:
        """Return the line that says what this is."""
        keys = "" if self.no_keys else " It holds keys: keep it as you keep them."
        return f"For {whose}, by policy {self.policy.digest}.{keys}"

    @property
    def _header_names(self) -> HeaderNames:
        return HeaderNames(self.settings.client_ip_header, self.settings.country_header)

    def check_key(self, caller: Caller, plan: Plan) -> None:
        """See to it that a caller that is to call has a key.

        Raises:
            ClickException: it has none.
        """
        name = f"{caller.upper()}_HOOK_KEYS"
        keys = {
            Caller.KRATOS: self.settings.kratos_hook_keys,
            Caller.HYDRA: self.settings.hydra_hook_keys,
        }
        calls = any(isinstance(change, HookList | TokenHook) for change in plan.changes)
        if calls and not keys[caller] and not self.no_keys:
            raise click.ClickException(
                f"{name} is not set, and the policy needs the hooks of {caller.capitalize()}."
                " Make a key with: webhook-service keys new; or print placeholders: --no-keys"
            )

    def _key(self, caller: Caller, keys: tuple[bytes, ...]) -> str:
        """Return a caller's first key, or what stands for it."""
        if self.no_keys or not keys:
            return f"${{{caller.upper()}_HOOK_KEY}}"
        return keys[0].decode()
