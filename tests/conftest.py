"""What every test folder shares."""

from __future__ import annotations

import sys
from pathlib import Path

# The modules of tests/ory and tests/databases are used by tests in other folders too; they are
# found as ``ory.…`` and ``databases.…`` however pytest imports test files.
sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = ["databases.fixtures", "ory.fixtures"]
