"""Alembic's environment: the migrations of the store, one file a schema version."""
