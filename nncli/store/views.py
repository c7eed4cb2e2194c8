"""SQL views for people: a flat row a run; curves, layers and trials with what tells them apart.

Views hold no data, so they are made anew after every migration. Changing one still needs a new
schema version (with an empty migration), or databases that exist would keep the old view.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table

from nncli.store.nonfinite import EPOCH_FLAGGED, LAYER_FLAGGED, MEANINGS, RUN_FLAGGED
from nncli.store.schema import epochs, layer_stats, runs

SPEC_FIELDS = {
    "hidden": "text",
    "act": "text",
    "out_act": "text",
    "loss": "text",
    "label_smoothing": "number",
    "class_weight": "text",
    "init": "text",
    "bias_init": "text",
    "opt": "text",
    "lr": "number",
    "momentum": "number",
    "rho": "number",
    "beta1": "number",
    "beta2": "number",
    "eps": "number",
    "eps_inside": "flag",
    "bias_correction": "text",
    "batch_size": "text",
    "schedule": "text",
    "warmup": "number",
    "momentum_decay": "number",
    "weight_decay": "number",
    "l1": "number",
    "dropout": "number",
    "bn": "text",
    "bn_input": "flag",
    "bn_momentum": "number",
    "bn_eps": "number",
    "clip_norm": "number",
    "early_stop": "number",
    "target": "text",
    "val": "text",
    "test": "text",
    "scale": "text",
    "features": "text",
}
"""Top-level fields of the spec that become columns of ``runs_flat``, each with its kind. One that
the spec leaves out, since it is off, is NULL; a ``flag`` that is on is 1."""

_BEFORE = (
    *("id", "uuid", "name", "status", "data", "task", "seed", "sweep_id", "epochs"),
    *("epochs_planned", "updates", "parameters"),
)
_HIDDEN = {*_BEFORE, "flags", "pid_started", "pid_space", "spec", "versions", "environment"}
_AFTER = tuple(c.name for c in runs.c if c.name not in _HIDDEN | SPEC_FIELDS.keys())


def view_statements(dialect: str) -> dict[str, str]:
    """Return the SELECT of every view, by name, for ``sqlite`` or ``postgresql``."""
    flat = [f"runs.{name}" for name in _BEFORE]
    flat += [f"{_field(name, kind, dialect)} AS {name}" for name, kind in SPEC_FIELDS.items()]
    flat += [f"runs.{name}" for name in _AFTER]
    flat += [f"{_tags(dialect)} AS tags", f"{_nonfinite('runs', RUN_FLAGGED)} AS nonfinite"]
    return {
        "runs_flat": f"SELECT {_lines(flat)}\nFROM runs",
        "curves": _of_runs(epochs, EPOCH_FLAGGED),
        "layers": _of_runs(layer_stats, LAYER_FLAGGED),
        "sweep_trials": _sweep_trials(),
    }


def _of_runs(table: Table, flagged: Sequence[str]) -> str:
    """Return the SELECT of a table of measurements together with what tells the runs apart."""
    columns = [f"{table.name}.run_id", "runs.name", "runs.status", "runs.data", "runs.seed"]
    columns += [f"{table.name}.{c.name}" for c in table.c if c.name not in ("run_id", "flags")]
    columns += [f"{_nonfinite(table.name, flagged)} AS nonfinite"]
    return f"SELECT {_lines(columns)}\nFROM {table.name} JOIN runs ON runs.id = {table.name}.run_id"


def _sweep_trials() -> str:
    """Return the SELECT of a sweep's trials, each with what came of its run so far."""
    status = "CASE WHEN trials.state = 'dropped' THEN 'dropped' ELSE"
    columns = ["trials.sweep_id", "sweeps.name AS sweep", "trials.number", "trials.seed"]
    columns += ["runs.id AS run_id", f"{status} coalesce(runs.status, trials.state) END AS status"]
    columns += [f"runs.{name}" for name in ("epochs", "best_epoch", *RUN_FLAGGED, "parameters")]
    columns += [
        "runs.seconds_train",
        "trials.params",
        f"{_nonfinite('runs', RUN_FLAGGED)} AS nonfinite",
    ]
    joined = "trials JOIN sweeps ON sweeps.id = trials.sweep_id"
    return f"SELECT {_lines(columns)}\nFROM {joined}\nLEFT JOIN runs ON runs.id = trials.run_id"


def create_views(connection: Connection) -> None:
    """Make all views; they must not exist."""
    for name, select in view_statements(connection.dialect.name).items():
        connection.exec_driver_sql(f"CREATE VIEW {name} AS\n{select}")


def drop_views(connection: Connection) -> None:
    """Remove all views that exist, before the tables under them change."""
    for name in view_statements(connection.dialect.name):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")


def _lines(columns: Sequence[str]) -> str:
    return ",\n  ".join(columns)


def _field(name: str, kind: str, dialect: str) -> str:
    if dialect != "postgresql":
        return f"json_extract(runs.spec, '$.{name}')"
    value = f"(CAST(runs.spec AS jsonb) ->> '{name}')"
    if kind == "flag":
        return f"CAST(CAST({value} AS boolean) AS integer)"
    return f"CAST({value} AS double precision)" if kind == "number" else value


def _tags(dialect: str) -> str:
    if dialect == "postgresql":
        return "(SELECT string_agg(tag, ',' ORDER BY tag) FROM tags WHERE run_id = runs.id)"
    ordered = "SELECT tag FROM tags WHERE run_id = runs.id ORDER BY tag"
    return f"(SELECT group_concat(tag, ',') FROM ({ordered}))"


def _nonfinite(table: str, flagged: Sequence[str]) -> str:
    """Return SQL for text such as ``train_loss=nan val_loss=+inf``, NULL where all is finite."""
    words = []
    for index, column in enumerate(flagged):
        cases = " ".join(f"WHEN {key} THEN '{column}={word} '" for key, word in MEANINGS.items())
        words.append(f"CASE ({table}.flags >> {2 * index}) & 3 {cases} ELSE '' END")
    return f"CASE WHEN {table}.flags <> 0 THEN trim({' || '.join(words)}) END"
