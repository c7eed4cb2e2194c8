"""MLflow's SQLite store: a call a measurement, as its examples have it, or `log_batch`.

    python -m peers.store_mlflow STORE.db --task write --how log_metric --runs 1
    python -m peers.store_mlflow STORE.db --task list --runs 10000

`epochs` is a `log_batch` an epoch, `whole` one for all. Listing is `mlflow.search_runs`. The runs
to choose from are written into MLflow's tables by its own classes but in bulk, since by its
interface it would take an hour.
"""

from __future__ import annotations

import logging
import os
import uuid
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
logging.disable(logging.WARNING)  # of MLflow's migrations, which are not timed

import mlflow  # noqa: E402
from mlflow.entities import Metric, Param  # noqa: E402

from peers.store_work import PARAMS, accuracy, curve, options, report, sum_of_best  # noqa: E402

EXPERIMENT = "digits"


def main() -> None:
    given = options(("log_metric", "epochs", "whole"))
    is_new = not Path(given.database).exists()
    mlflow.set_tracking_uri(f"sqlite:///{Path(given.database).absolute()}")
    client = mlflow.MlflowClient()
    found = client.get_experiment_by_name(EXPERIMENT)
    folder = Path(given.database).absolute().parent / "artifacts"
    experiment = (
        found.experiment_id
        if found
        else client.create_experiment(EXPERIMENT, artifact_location=folder.as_uri())
    )
    if given.task == "write":
        report(lambda n: write(client, experiment, given.how, n, given.epochs), given.runs)
        return
    if is_new:
        fill(given.database, experiment, given.runs)
    report(lambda _: best_of(experiment, given.best), given.times)


def write(client: Any, experiment: str, how: str, number: int, epochs: int) -> int:
    """A run with its options, its measurements, and its end; at number 0 a short one."""
    epochs = epochs if number else 2
    run = client.create_run(experiment).info.run_id
    params = [Param(name, str(value)) for name, value in PARAMS.items()]
    client.log_batch(run, params=[*params, Param("seed", str(number))])
    values = curve(epochs, number)
    if how == "log_metric":
        for epoch in range(epochs):
            for name, column in values.items():
                client.log_metric(run, name, column[epoch], step=epoch)
    else:
        rows = [
            [Metric(name, column[epoch], 1, epoch) for name, column in values.items()]
            for epoch in range(epochs)
        ]
        if how == "whole":
            rows = [[metric for row in rows for metric in row]]
        for row in rows:
            client.log_batch(run, metrics=row)
    client.set_terminated(run)
    return epochs


def fill(database: str, experiment: str, runs: int) -> None:
    """Store runs with a measurement of each kind and all options."""
    import sqlalchemy
    from mlflow.store.tracking.dbmodels import models

    rows: dict[Any, list[dict[str, Any]]] = {
        table: []
        for table in (models.SqlRun, models.SqlMetric, models.SqlLatestMetric, models.SqlParam)
    }
    for number in range(runs):
        run = uuid.uuid4().hex
        rows[models.SqlRun].append(
            {"run_uuid": run, "name": f"run {number}", "source_type": "LOCAL", "user_id": "user",
             "source_name": "", "entry_point_name": "", "source_version": "", "status": "FINISHED",
             "start_time": number, "end_time": number, "lifecycle_stage": "active",
             "artifact_uri": "", "experiment_id": int(experiment)}
        )  # fmt: skip
        for name, [value] in (
            curve(1, number) | {"val_accuracy": [accuracy(number, runs)]}
        ).items():
            metric = {"key": name, "value": value, "timestamp": 1, "step": 0, "is_nan": False,
                      "run_uuid": run}  # fmt: skip
            rows[models.SqlMetric].append(metric)
            rows[models.SqlLatestMetric].append(metric)
        rows[models.SqlParam] += [
            {"key": name, "value": str(value), "run_uuid": run}
            for name, value in (PARAMS | {"seed": number}).items()
        ]
    engine = sqlalchemy.create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        for table, cells in rows.items():
            connection.execute(sqlalchemy.insert(table), cells)
    engine.dispose()


def best_of(experiment: str, best: int) -> float:
    """List the best runs, as a data frame with all their options and metrics."""
    frame = mlflow.search_runs(
        [experiment], order_by=["metrics.val_accuracy DESC"], max_results=best
    )
    return sum_of_best(frame["metrics.val_accuracy"].tolist())


if __name__ == "__main__":
    main()
