"""One transaction, tried again where a kept connection had died."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from webhook_service.effects.store.troubles import explained

T = TypeVar("T")


def done(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Have something done in a transaction; once more where a kept connection had died.

    Raises:
        DatabaseError: it could not be done.
    """
    with explained():
        try:
            return _once(engine, work)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return _once(engine, work)


def _once(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.connect() as connection:
        result = work(connection)
        # Never repeated: a commit that breaks off may have come through.
        with explained():
            connection.commit()
        return result
