"""What tests of the desk share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from webhook_service.effects.store.database import open_engine
from webhook_service.records.store import SqlRecords


@pytest.fixture
def records(sqlite_database: str) -> Iterator[SqlRecords]:
    """A store with no records in it."""
    engine = open_engine(sqlite_database)
    yield SqlRecords(engine)
    engine.dispose()
