"""Alembic's entry: runs migrations on the connection and transaction that ``migrate.py`` opened."""

from __future__ import annotations

from alembic import context

from nncli.store.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    transactional_ddl=False,  # the transaction round all of it is ours
)
context.run_migrations()
