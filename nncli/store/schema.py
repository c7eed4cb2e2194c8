"""The tables of the store. Their names and columns are an interface: people write SQL against them.

Core tables, not ORM classes: curves are written in bulk, and ``sqlalchemy.orm`` would double the
time to import. Every change here needs a new ``SCHEMA_VERSION``, a migration of that name, and is
checked against it by the tests. Bulky columns come last, since SQLite reads a row from its start.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

from nncli.store.nonfinite import EPOCH_FLAGGED, GRADCHECK_FLAGGED, LAYER_FLAGGED

SCHEMA_VERSION = "0004"
"""The newest migration, four digits; versions compare as text."""

VERSION_TABLE = "nncli_version"
"""Holds the schema version; its presence says that a database is ours."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("name", Text, index=True),
    Column("status", Text, nullable=False, index=True),
    Column("data", Text, nullable=False),
    Column("data_hash", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("spec_hash", Text, nullable=False),
    Column("sweep_id", Integer, index=True),
    Column("parent", Text),
    Column("created", Text, nullable=False),
    Column("started", Text, nullable=False),
    Column("finished", Text),
    Column("heartbeat", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("pid_started", Text),
    Column("pid_space", Text, nullable=False),
    Column("epochs", Integer, nullable=False),
    Column("epochs_planned", Integer),
    Column("updates", BigInteger, nullable=False),
    Column("parameters", BigInteger),
    Column("flags", BigInteger, nullable=False),
    Column("train_loss", Double),
    Column("val_loss", Double),
    Column("train_accuracy", Double),
    Column("val_accuracy", Double),
    Column("train_rmse", Double),
    Column("val_rmse", Double),
    Column("test_loss", Double),
    Column("test_accuracy", Double),
    Column("test_rmse", Double),
    Column("best_epoch", Integer),
    Column("best_train_loss", Double),
    Column("best_val_loss", Double),
    Column("best_train_accuracy", Double),
    Column("best_val_accuracy", Double),
    Column("best_train_rmse", Double),
    Column("best_val_rmse", Double),
    Column("seconds_data", Double),
    Column("seconds_compile", Double),
    Column("seconds_train", Double),
    Column("seconds_total", Double),
    Column("samples_per_second", Double),
    Column("dtype", Text),
    Column("threads", Integer),
    Column("cpu", Text),
    Column("nncli_version", Text),
    Column("git_commit", Text),
    Column("git_dirty", Boolean),
    Column("note", Text),
    Column("error", Text),
    Column("spec", Text, nullable=False),
    Column("versions", Text, nullable=False),
    Column("environment", Text, nullable=False),
    # An id, once told to a person, must never come to mean another run.
    sqlite_autoincrement=True,
)
Index(None, runs.c.spec_hash, runs.c.data_hash)


def _run_id() -> Column[int]:
    """Return the first column of a table whose rows belong to a run and go when it goes."""
    owner = ForeignKey("runs.id", ondelete="CASCADE")
    return Column("run_id", Integer, owner, primary_key=True, autoincrement=False)


tags = Table("tags", metadata, _run_id(), Column("tag", Text, primary_key=True, index=True))

epochs = Table(
    "epochs",
    metadata,
    _run_id(),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("updates", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
    *(Column(name, Double) for name in EPOCH_FLAGGED),
    Column("flags", BigInteger, nullable=False),
    sqlite_with_rowid=False,  # clustered on (run_id, epoch): a curve is one range of pages
)

layer_stats = Table(
    "layer_stats",
    metadata,
    _run_id(),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("layer", Integer, primary_key=True, autoincrement=False),
    *(Column(name, Double) for name in LAYER_FLAGGED),
    Column("flags", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

models = Table(
    "models",
    metadata,
    _run_id(),
    Column("kind", Text, primary_key=True),  # 'last' or 'best'
    Column("epoch", Integer, nullable=False),
    Column("saved", Text, nullable=False),
    Column("info", Text, nullable=False),
    Column("state_info", Text),
    Column("weights", LargeBinary, nullable=False),
    Column("state", LargeBinary),
)

gradchecks = Table(
    "gradchecks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("created", Text, nullable=False),
    Column("what", Text, nullable=False, index=True),  # 'catalogue', 'options' or 'run'
    # Not a foreign key: run ids are never used again, and a proof outlives a run that is deleted.
    Column("run_id", Integer, index=True),
    Column("passed", Boolean, nullable=False),
    Column("checks", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    *(Column(name, Double) for name in GRADCHECK_FLAGGED),
    Column("flags", BigInteger, nullable=False),
    Column("worst", Text),
    Column("seconds", Double, nullable=False),
    Column("host", Text, nullable=False),
    Column("nncli_version", Text),
    Column("spec", Text),
    Column("versions", Text, nullable=False),
    Column("results", Text, nullable=False),
    sqlite_autoincrement=True,
)

sweeps = Table(
    "sweeps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("name", Text, index=True),
    Column("created", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("definition_hash", Text, nullable=False, index=True),  # many, where it was run afresh
    Column("host", Text, nullable=False),
    Column("nncli_version", Text),
    Column("note", Text),
    Column("tags", Text, nullable=False),  # a JSON list: the tags that its runs were given
    Column("definition", Text, nullable=False),  # JSON: space, sampler, pruner, objectives, seeds
    sqlite_autoincrement=True,
)


def _sweep_id(*, key: bool) -> Column[int]:
    """Return the column of a table whose rows belong to a sweep and go when it goes."""
    owner = ForeignKey("sweeps.id", ondelete="CASCADE")
    if key:
        return Column("sweep_id", Integer, owner, primary_key=True, autoincrement=False)
    return Column("sweep_id", Integer, owner, nullable=False, index=True)


# A row for each time that a process began to work on a sweep.
sweep_processes = Table(
    "sweep_processes",
    metadata,
    Column("id", Integer, primary_key=True),
    _sweep_id(key=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("pid_started", Text),
    Column("pid_space", Text, nullable=False),
    Column("started", Text, nullable=False),
    Column("heartbeat", Text, nullable=False),
    Column("ended", Text),  # NULL while it works, and for ever if it was killed
    sqlite_autoincrement=True,
)

# A row for each run that a sweep asks for. Neither id at its end is a foreign key: ids are never
# used again, so one of a run that was deleted finds nothing, and its trial is missing again.
trials = Table(
    "trials",
    metadata,
    _sweep_id(key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # of the configuration
    Column("seed", BigInteger, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),  # 'claimed', 'done' or 'dropped' (never to be run)
    Column("spec_hash", Text, nullable=False),  # empty where another process chose the params
    Column("params", Text, nullable=False),  # JSON: option to value, the same for all its seeds
    Column("process_id", Integer),  # of sweep_processes: who claimed it last
    Column("run_id", Integer),  # of runs, perhaps one that was there before the sweep
    sqlite_with_rowid=False,  # clustered on (sweep_id, number, seed)
)
