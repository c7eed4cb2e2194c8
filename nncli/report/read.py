"""One run out of the store, in full, as the summary that renderers take."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from nncli.diagnosis import Finding, findings
from nncli.errors import StoreError
from nncli.report.summaries import METRICS, PHASES, SPLITS, Layer, RunDetail, RunSummary
from nncli.store import Curve, LayerStats, Run, RunRow, RunStore

#: Columns of a run that say where and with what it was trained.
ENVIRONMENT = (
    *("host", "cpu", "threads", "dtype", "nncli_version", "git_commit", "git_dirty"),
    *("data_hash", "spec_hash", "parent", "started"),
)


def one_run(store: RunStore, reference: str) -> RunDetail:
    """Return the run that an id, a name, ``last`` or the start of a uuid means.

    Raises StoreError for an unknown one.
    """
    run = store.find_run(reference)
    curve, statistics, layers = store.curve(run.id), store.layer_stats(run.id), _layers(store, run)
    return RunDetail(
        summary=summary_of(run),
        environment=_environment(run),
        note=run.note,
        error=run.error,
        layers=layers,
        curve=_lists(curve, curve.columns),
        statistics=_lists(statistics, statistics.names()),
        diagnosis=_diagnosis(run, curve, statistics, layers),
    )


def summary_of(run: RunRow) -> RunSummary:
    """Return what is stored of a run, in short; ``left_open`` is known of a whole :class:`Run`."""
    names = [f"{split}_{metric}" for split in SPLITS[:2] for metric in METRICS]
    left_open = run.environment.get("left_open") if isinstance(run, Run) else None
    return RunSummary(
        run=run.id,
        uuid=run.uuid,
        name=run.name,
        tags=run.tags,
        status=run.status,
        data=run.data,
        task=run.task,
        seed=run.seed,
        spec=json.loads(run.spec),
        left_open=tuple(left_open) if isinstance(left_open, list) else (),
        epochs=run.epochs,
        epochs_planned=run.epochs_planned,
        parameters=run.parameters,
        last=_measured(run, {name: name for name in names}),
        best=_measured(run, {name: f"best_{name}" for name in names}),
        best_epoch=run.best_epoch,
        test=_measured(run, {f"test_{metric}": f"test_{metric}" for metric in METRICS}),
        seconds=_measured(run, {phase: f"seconds_{phase}" for phase in PHASES}),
        samples_per_second=run.samples_per_second,
        created=run.created,
        finished=run.finished,
    )


def _measured(run: RunRow, columns: dict[str, str]) -> dict[str, float]:
    values = {name: getattr(run, column) for name, column in columns.items()}
    return {name: value for name, value in values.items() if value is not None}


def _environment(run: Run) -> dict[str, Any]:
    found = {name: getattr(run, name) for name in ENVIRONMENT}
    found |= {f"{name} version": version for name, version in run.versions.items()}
    found |= {n: v for n, v in run.environment.items() if n != "left_open"}
    return {name: value for name, value in found.items() if value is not None}


def _lists(columns: Curve | LayerStats, names: Sequence[str]) -> dict[str, list[Any]]:
    """Return columns as lists, with None for what was not measured; none of no rows."""
    found = {}
    for name in names if len(columns) else ():
        values = columns[name].tolist()
        if name in columns.measured:
            measured = columns.measured[name].tolist()
            values = [v if m else None for v, m in zip(values, measured, strict=True)]
        found[name] = values
    return found


def _diagnosis(
    run: Run, curve: Curve, statistics: LayerStats, layers: tuple[Layer, ...]
) -> tuple[Finding, ...] | None:
    if not len(statistics):
        return None
    return findings(statistics.values, curve.values, layers, json.loads(run.spec))


def _layers(store: RunStore, run: Run) -> tuple[Layer, ...]:
    """Return the layers as they are described beside the weights; none without stored weights."""
    try:
        info = json.loads(store.load_model(run.id).info)
    except StoreError:
        return ()
    return tuple(
        Layer(number, each["fan_in"], each["fan_out"], each["activation"])
        for number, each in enumerate(info.get("layers", ()), 1)
    )
