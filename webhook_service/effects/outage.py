"""Says once that the store is away, and once that it is back."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from webhook_service.effects.keeping import StoreUnavailableError


class Outage:
    """What one user of the store makes of its failures in the log.

    Each user has its own: a store that can be read may still not take anything.

    Args:
        hindered: what does not happen meanwhile, in a few words.
    """

    def __init__(
        self,
        hindered: str,
        logger: structlog.typing.FilteringBoundLogger,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hindered = hindered
        self._logger = logger
        self._monotonic = monotonic
        self._since: float | None = None

    def noticed(self, error: Exception) -> None:
        """Say so, unless it is known already."""
        if self._since is None:
            self._since = self._monotonic()
            away = isinstance(error, StoreUnavailableError)
            what = "the store is away" if away else "using the store failed"
            self._logger.error(what, hindered=self._hindered, why=why(error))

    def over(self) -> None:
        """Say that the store is back, if it was away."""
        since = self._since
        if since is not None:
            self._since = None
            seconds = round(self._monotonic() - since, 1)
            self._logger.warning("the store is back", hindered=self._hindered, seconds=seconds)


def why(error: Exception) -> str:
    """Return what may be logged of an error: any text but the store's own may quote secrets."""
    return str(error) if isinstance(error, StoreUnavailableError) else type(error).__name__
