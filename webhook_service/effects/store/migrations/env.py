"""Runs migrations within the transaction that ``schema.upgrade`` has begun."""

from __future__ import annotations

from alembic import context

from webhook_service.effects.store.schema import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
