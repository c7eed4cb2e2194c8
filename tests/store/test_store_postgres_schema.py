"""Migrations on PostgreSQL lead from every version to what is made at once, and keep the rows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from postgres_server import PostgresServer
from sqlalchemy import create_engine
from store_samples import a_curve, a_model, a_run
from test_store_migrations import VERSIONS, later_schema

from nncli.errors import StoreError
from nncli.store import RunStore
from nncli.store.migrate import configuration, upgrade
from nncli.store.schema import SCHEMA_VERSION, VERSION_TABLE, metadata

ADD_COLUMN = "op.add_column('runs', sa.Column('mood', sa.Text))"

OLD_RUN = {
    "uuid": "0123abcd",
    "name": "old",
    "status": "completed",
    "data": "digits",
    "data_hash": "d",
    "task": "multiclass",
    "seed": 1,
    "spec_hash": "s",
    "created": "2026-03-01T09:30:00.000Z",
    "started": "2026-03-01T09:30:00.000Z",
    "heartbeat": "2026-03-01T09:30:00.000Z",
    "host": "h",
    "pid": 1,
    "pid_space": "p",
    "epochs": 3,
    "updates": 9,
    "flags": 1,
    "spec": '{"act":"relu"}',
    "versions": "{}",
    "environment": "{}",
}
"""A run as the first version of the schema took it."""


def described(server: PostgresServer, database: str) -> dict[str, Any]:
    """Columns, indexes, constraints and views. A column that was added later stands last."""
    questions = {
        "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default "
        "FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
        "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM "
        "pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
        "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public' ORDER BY 1",
    }
    return {what: server.execute(sql, database) for what, sql in questions.items()}


def make_version(url: str, version: str) -> None:
    """Make the tables of a version. Its views are not known any more; they hold nothing."""
    engine = create_engine(url)
    with engine.begin() as connection:
        command.upgrade(configuration(connection), version)
    engine.dispose()


@pytest.mark.parametrize("start", [None, *VERSIONS])
def test_migrating_leads_to_the_current_schema(
    server: PostgresServer, database: str, url: str, start: str | None
) -> None:
    if start:
        make_version(url, start)
    engine = create_engine(url)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert context.get_current_revision() == SCHEMA_VERSION
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    made = server.new_database()
    with RunStore(server.url(made)) as store:
        store.create_run(a_run())
    assert described(server, database) == described(server, made)
    server.drop_database(made)
    with RunStore(url) as store:  # and it is taken as it is
        run_id = store.create_run(a_run())
        store.finish_run(run_id, "completed", a_curve(1, 3), last=a_model(3))
        assert store.find_run("last").epochs == 3


@pytest.mark.parametrize("write", [False, True])
def test_a_database_of_the_first_version(url: str, execute, write: bool) -> None:
    make_version(url, VERSIONS[0])
    values = ", ".join(f"'{value}'" for value in OLD_RUN.values())
    execute(f"INSERT INTO runs ({', '.join(OLD_RUN)}) VALUES ({values})")
    with RunStore(url) as store:
        if write:
            store.create_run(a_run())
        run = store.list_runs()[-1]
        assert (run.name, run.spec, str(run.train_loss)) == ("old", OLD_RUN["spec"], "nan")
        assert store.gradchecks() == []
    assert execute("SELECT version_num FROM nncli_version") == [(SCHEMA_VERSION,)]
    assert execute("SELECT act, nonfinite FROM runs_flat WHERE id = 1") == [
        ("relu", "train_loss=nan")
    ]


def test_one_who_may_not_migrate(
    server: PostgresServer, database: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunStore(url) as store:
        store.create_run(a_run())
    server.execute("CREATE ROLE reader LOGIN")
    server.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", database)
    try:
        later_schema(tmp_path, monkeypatch, ADD_COLUMN)
        with (
            RunStore(server.url(database, "reader")) as store,
            pytest.raises(StoreError, match=r"must be migrated to 9000 .* but .* too little"),
        ):
            store.list_runs()
    finally:
        server.execute("DROP OWNED BY reader", database)
        server.execute("DROP ROLE reader")


def test_a_migration_that_fails_changes_nothing(
    server: PostgresServer,
    database: str,
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with RunStore(url) as store:
        store.create_run(a_run())
    before = described(server, database)
    later_schema(tmp_path, monkeypatch, "op.drop_table('layer_stats'); op.drop_table('nowhere')")
    with RunStore(url) as store, pytest.raises(StoreError, match="nowhere"):
        store.list_runs()
    assert described(server, database) == before


def test_processes_that_migrate_together(url: str, execute, tmp_path: Path) -> None:
    with RunStore(url) as store:
        store.create_run(a_run())
    code = f"""
import sys, pathlib, pytest
sys.path.insert(0, {str(Path(__file__).parent)!r})
from store_samples import a_run
from test_store_migrations import later_schema
from nncli.store import RunStore
with pytest.MonkeyPatch.context() as patch:
    later_schema(pathlib.Path(sys.argv[1]), patch, {ADD_COLUMN!r})
    with RunStore({url!r}) as store:
        store.create_run(a_run())
"""
    started = [subprocess.Popen([sys.executable, "-c", code, tmp_path / str(k)]) for k in range(4)]
    assert [child.wait() for child in started] == [0] * 4
    assert execute("SELECT count(*) FROM runs WHERE mood IS NULL") == [(5,)]
