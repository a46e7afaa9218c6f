"""How a process starts: with what was checked, or with a message that says why not."""

from __future__ import annotations

import os

from webhook_service import runtime
from webhook_service import settings as settings_module
from webhook_service.fitness import StartError, missing_upstreams
from webhook_service.opening import UnfitDatabaseError, prepare
from webhook_service.policy.errors import PolicyError
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy
from webhook_service.policy_exchange import Exchange
from webhook_service.policy_in_force import PolicyFile
from webhook_service.records.log import make_logger
from webhook_service.settings import Settings, SettingsError
from webhook_service.wiring import policy_file, read_policy


def checked(settled: bytes | None = None) -> tuple[Settings, Policy]:
    """Read settings and policy, and check that they fit together.

    ``settled`` are the bytes of a policy that was checked already, to be taken instead of
    the file.

    Raises:
        SystemExit: they cannot be used; the text is for the operator.
    """
    try:
        settings = settings_module.load()
        policy = load(settled) if settled is not None else read_policy(settings.policy_file)
    except SettingsError as error:
        raise SystemExit(str(error)) from None
    except PolicyError as error:
        raise SystemExit(f"The service does not start: the policy is wrong.\n{error}") from None
    except StartError as error:
        raise SystemExit(f"The service does not start.\n  {error}") from None
    missing = missing_upstreams(settings, policy)
    if missing:
        raise SystemExit("The service does not start.\n  " + "\n  ".join(missing))
    return settings, policy


def accepted_before() -> bytes | None:
    """Return the policy that this service started with or reloaded since.

    A worker that is made later must not fall over a file that broke in the meantime.
    """
    if runtime.VARIABLE not in os.environ:
        return None
    return Exchange(runtime.runtime_folder()).accepted()


def settle(settings: Settings) -> None:
    """Let this service's processes begin with the file as it is now."""
    Exchange(runtime.runtime_folder()).begin(settings.policy_file)


def policy_file_to_offer(settings: Settings) -> PolicyFile:
    """Return the policy file, for a server that is told to reload it (SIGHUP)."""
    return policy_file(settings, make_logger(settings.log_format, settings.log_level))


def see_to_database(settings: Settings) -> str | None:
    """See to it that the tables are there; return what is wrong for now, if anything.

    Raises:
        SystemExit: the database cannot be used; the text is for the operator.
    """
    try:
        return prepare(settings.database_url)
    except UnfitDatabaseError as error:
        raise SystemExit(f"The service does not start.\n  {error}") from None
