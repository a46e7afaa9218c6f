"""What tests of records share."""

from __future__ import annotations

import pytest
from databases.shelf import Shelf

from webhook_service.records.store import SqlRecords


@pytest.fixture
def records(shelf: Shelf) -> SqlRecords:
    """A store with no records in it, on each database."""
    shelf.execute("DELETE FROM decision_rules")
    shelf.execute("DELETE FROM decisions")
    return SqlRecords(shelf.engine)
