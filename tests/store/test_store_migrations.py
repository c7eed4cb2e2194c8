"""Migrations from nothing, and from every schema version, lead to what ``create_schema`` makes."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, make_url
from store_samples import a_curve, a_gradcheck, a_model, a_run
from sweep_samples import a_sweep, wanted

from nncli.errors import StoreError
from nncli.store import RunStore, Summary, SweepStore, open, schema
from nncli.store.migrate import configuration, upgrade
from nncli.store.schema import SCHEMA_VERSION, VERSION_TABLE, metadata
from nncli.store.views import create_views, drop_views, view_statements

VERSIONS = [s.revision for s in ScriptDirectory.from_config(configuration()).walk_revisions()][::-1]


def engine_of(path: Path) -> Engine:
    engine = create_engine(make_url("sqlite://").set(database=str(path)))

    @event.listens_for(engine, "connect")
    def plain(connection, record) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def described(path: Path) -> dict[str, str]:
    with sqlite3.connect(path) as connection:
        return dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL"))


def test_versions_are_four_digits_in_a_row() -> None:
    assert [f"{number:04d}" for number in range(1, len(VERSIONS) + 1)] == VERSIONS
    assert VERSIONS[-1] == SCHEMA_VERSION


@pytest.mark.parametrize("start", [None, *VERSIONS])
def test_migrating_leads_to_the_current_schema(tmp_path: Path, start: str | None) -> None:
    migrated, made = tmp_path / "migrated.db", tmp_path / "made.db"
    engine = engine_of(migrated)
    if start:
        upgrade(engine, start)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert context.get_current_revision() == SCHEMA_VERSION
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    with RunStore(made) as store:
        store.create_run(a_run())
    assert described(migrated) == described(made)
    with RunStore(migrated) as store:  # and it is taken as it is
        run_id = store.create_run(a_run())
        store.finish_run(run_id, "completed", a_curve(1, 3), summary=Summary(best_epoch=1))
        assert store.find_run("last").epochs == 3


OLD_GRADCHECK = """
INSERT INTO gradchecks (created, what, run_id, passed, checks, failed, max_relative_error, flags,
    worst, seconds, host, nncli_version, spec, versions, results)
VALUES ('2026-03-01T09:30:00.000Z', 'run', 1, 0, 12, 1, NULL, 1, 'b of layer 2', 1.5, 'h', '0.1.0',
    NULL, '{"numpy": "2.4"}', '[{"error": "nan"}]')
"""


def written_by(path: Path, version: str) -> None:
    """Make a file as a version left it: a diverged run, a killed one, and from 0002 on a check."""
    with sqlite3.connect(path) as connection:
        connection.executescript((Path(__file__).parent / "results_v0001.sql").read_text())
    connection.close()
    if version > "0001":
        engine = engine_of(path)
        upgrade(engine, version)
        engine.dispose()
        with sqlite3.connect(path) as connection:
            connection.execute(OLD_GRADCHECK)
        connection.close()


@pytest.mark.parametrize("version", VERSIONS[:-1])
@pytest.mark.parametrize("call", ["list_runs", "add_gradcheck"])
def test_a_file_that_an_older_version_wrote(path: Path, call: str, version: str) -> None:
    written_by(path, version)
    checks = int(version > "0001")
    with SweepStore(path) as store:
        store.list_runs() if call == "list_runs" else store.add_gradcheck(a_gradcheck(run_id=1))
        assert [(row.name, row.status) for row in store.list_runs()] == [
            ("killed", "stale"),
            ("old", "diverged"),
        ]
        run, curve, layers = store.find_run("old"), store.curve(1), store.layer_stats(1)
        assert (run.tags, run.versions, run.test_loss) == (("a", "b"), {"numpy": "2.4"}, -np.inf)
        np.testing.assert_array_equal(curve["train_loss"], [1.0, np.nan, np.inf])
        assert [layers[name].item() for name in ("epoch", "layer", "dead_frac")] == [2, 1, 0.75]
        assert np.isnan(layers["update_ratio"].item())
        assert layers.measured["update_ratio"].item()
        assert not layers.measured["similarity"].item()
        assert store.load_model(1) == a_model(3, size=2)
        assert store.load_model(1, "best") == a_model(1, size=2)
        old = store.gradchecks()[-checks:] if checks else []
        assert [(check.worst, check.versions) for check in old] == [
            ("b of layer 2", {"numpy": "2.4"})
        ] * checks
        assert len(store.gradchecks()) == checks + int(call == "add_gradcheck")
        assert store.create_run(a_run()) == 3
        assert store.list_sweeps() == []
        sweep, made = store.open_sweep(a_sweep())
        assert made
        (claim,) = store.claim(sweep.id, store.join_sweep(sweep.id), [wanted(0)])
        assert claim.outcome == "mine"
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM nncli_version").fetchall() == [
            (SCHEMA_VERSION,)
        ]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def later_schema(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Pretend that there is a next schema version, which does what ``body`` says."""
    versions = folder / "migrations" / "versions"
    shutil.copytree(Path(open.__file__).parent / "migrations", folder / "migrations")
    (versions / "v9000_next.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision, down_revision = '9000', '{SCHEMA_VERSION}'\n"
        f"def upgrade():\n    {body}\n"
    )
    monkeypatch.setattr("nncli.store.migrate._folder", lambda: str(folder / "migrations"))
    for module in (open, schema):
        monkeypatch.setattr(module, "SCHEMA_VERSION", "9000")


COPY_RUNS = (
    "with op.batch_alter_table('runs', recreate='always') as t: "
    "t.add_column(sa.Column('mood', sa.Text))"
)


@pytest.mark.parametrize("call", ["list_runs", "create_run"])
def test_an_older_database_is_migrated_with_its_rows(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    with RunStore(path) as store:
        run_id = store.create_run(a_run(tags=("a",)))
        store.finish_run(run_id, "completed", a_curve(1, 5), last=a_model(5))
    later_schema(tmp_path, monkeypatch, COPY_RUNS)
    with RunStore(path) as store:
        store.list_runs() if call == "list_runs" else store.create_run(a_run())
        # Copying a table with foreign keys enforced would have deleted what refers to it.
        assert len(store.curve(run_id)) == 5
        assert store.load_model(run_id) == a_model(5)
        assert store.get_run(run_id).tags == ("a",)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT mood FROM runs").fetchone() == (None,)
        assert connection.execute("SELECT version_num FROM nncli_version").fetchall() == [("9000",)]
        assert connection.execute("SELECT run_id FROM curves").fetchone() == (run_id,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_migration_that_fails_changes_nothing(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunStore(path) as store:
        store.create_run(a_run())
    before = described(path)
    later_schema(tmp_path, monkeypatch, "op.drop_table('layer_stats'); op.drop_table('nowhere')")
    with RunStore(path) as store, pytest.raises(StoreError, match="nowhere"):
        store.list_runs()
    assert described(path) == before


def test_processes_that_migrate_together(path: Path, tmp_path: Path) -> None:
    with RunStore(path) as store:
        store.create_run(a_run())
    code = f"""
import sys, pathlib, pytest
sys.path.insert(0, {str(Path(__file__).parent)!r})
from store_samples import a_run
from test_store_migrations import COPY_RUNS, later_schema
from nncli.store import RunStore
with pytest.MonkeyPatch.context() as patch:
    later_schema(pathlib.Path(sys.argv[1]), patch, COPY_RUNS)
    with RunStore({str(path)!r}) as store:
        store.create_run(a_run())
"""
    started = [subprocess.Popen([sys.executable, "-c", code, tmp_path / str(k)]) for k in range(4)]
    assert [child.wait() for child in started] == [0] * 4
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(mood IS NULL) FROM runs").fetchone() == (5,)


def test_views_are_made_anew(path: Path) -> None:
    with RunStore(path) as store:
        store.create_run(a_run())
    before = described(path)
    engine = engine_of(path)
    with engine.begin() as connection:
        drop_views(connection)
        assert {n for n, sql in before.items() if "CREATE VIEW" in sql} == {
            "runs_flat",
            "curves",
            "layers",
            "sweep_trials",
        }
        drop_views(connection)  # nothing left: no error
        create_views(connection)
    engine.dispose()
    assert described(path) == before


FINGERPRINTS = {
    "0001": "57bfed5920970928",
    "0002": "dfaa404c9cbf5f9a",
    "0003": "1a8b28a2af3dfd19",
    "0004": "2d30ea2a605b0611",
}
"""Of each version's tables and views, once it is in use: a change needs a new version."""


def test_a_changed_schema_has_a_new_version() -> None:
    columns = [
        (table.name, c.name, type(c.type).__name__, c.nullable, c.primary_key, c.unique, c.index)
        for table in metadata.sorted_tables
        for c in table.columns
    ]
    indexes = sorted(str(index.name) for t in metadata.sorted_tables for index in t.indexes)
    views = [view_statements(dialect) for dialect in ("sqlite", "postgresql")]
    found = hashlib.sha256(repr((columns, indexes, views)).encode()).hexdigest()[:16]
    assert FINGERPRINTS.get(SCHEMA_VERSION) == found, (
        f"tables or views changed: add a migration and a version with the fingerprint {found}"
    )
