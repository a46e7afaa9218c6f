"""What every test folder shares."""

from __future__ import annotations

import sys
from pathlib import Path

# The modules of tests/ory are used by its own tests and by tests/contract; they are found
# as ``ory.…`` however pytest imports test files.
sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = ["ory.fixtures"]
