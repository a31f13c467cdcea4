"""Runs migrations on the connection, and in the transaction, that migrate.py hands over."""

from __future__ import annotations

from alembic import context

from hub.adapters.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by building it anew
)
context.run_migrations()
