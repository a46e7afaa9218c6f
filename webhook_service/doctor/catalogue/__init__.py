"""Everything that the doctor looks for. ``docs/doctor.md`` prints this table."""

from __future__ import annotations

from typing import Final

from webhook_service.doctor.catalogue import files, hooks, installation
from webhook_service.doctor.finding import Kind

KINDS: Final = tuple(
    value
    for part in (installation, hooks, files)
    for value in vars(part).values()
    if isinstance(value, Kind)
)
"""All of them, in the order in which they stand there."""
