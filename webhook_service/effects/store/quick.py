"""The one question that the token hook asks at each token, without what a statement costs.

SQLAlchemy takes eight times as long over a statement as SQLite over this one, and nearly
always the answer is that there is nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Engine, Select
from sqlalchemy.exc import SQLAlchemyError

_FAILURES: Final = (sqlite3.Error, SQLAlchemyError)


class Nothing:
    """Whether a statement finds nothing in a SQLite database.

    Args:
        engine: whose connections are used.
        statement: is compiled once, here.
    """

    def __init__(self, engine: Engine, statement: Select[Any]) -> None:
        compiled = statement.compile(engine)
        self._engine = engine
        self._text = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        self._fixed = dict(compiled.params)

    def is_found(self, parameters: Mapping[str, Any]) -> bool:
        """Say whether nothing was found for sure: a failure is no answer.

        Who asks then asks in the usual way, which tries again and explains what is wrong.
        """
        told = {**self._fixed, **parameters}
        try:
            connection = self._engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute(self._text, [told[name] for name in self._names])
                return cursor.fetchone() is None
            finally:
                connection.close()
        except _FAILURES:
            return False
