"""Every field there is: by name, and what it brings of a run."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest
from finding_samples import record, samples

from nncli.errors import UsageError
from nncli.metrics import METRICS, read_metric
from nncli.spec import Spec
from nncli.store import RunStore
from nncli.store.finding import FIELDS, Query, ReportStore, check_field
from nncli.store.nonfinite import LAYER_FLAGGED
from nncli.store.schema import runs
from nncli.store.views import SPEC_FIELDS


def same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, float) and math.isnan(wanted):
        return isinstance(found, float) and math.isnan(found)
    return type(found) is type(wanted) and found == wanted


def test_every_option_metric_and_statistic_is_a_field() -> None:
    assert set(Spec().to_json()) <= set(FIELDS)
    assert set(METRICS) <= set(FIELDS)
    assert set(LAYER_FLAGGED) <= set(FIELDS)
    assert set(SPEC_FIELDS) <= set(FIELDS)


def test_every_column_of_runs_is_a_field_but_those_for_machines() -> None:
    last = [check_field(f"{name}:last") for name in METRICS if name.startswith(("val", "train"))]
    columns = {field.column for field in (*FIELDS.values(), *last) if field.source == "runs"}
    machines = {"flags", "pid_started", "pid_space", "spec", "versions", "environment"}
    assert set(runs.c.keys()) - columns == machines


@pytest.mark.parametrize("metric", [name for name in METRICS if name.startswith(("val", "train"))])
@pytest.mark.parametrize("statistic", ["", ":best", ":last", ":min", ":max"])
def test_metrics_are_fields_by_their_labels(metric: str, statistic: str) -> None:
    field = check_field(metric + statistic)
    assert field.label == metric + statistic
    meant = check_field(read_metric(metric + statistic).label)
    assert (meant.source, meant.column, meant.statistic) == (
        field.source, field.column, field.statistic,
    )  # fmt: skip


def test_an_error_s_extremes_are_those_of_the_accuracy_turned_round() -> None:
    assert check_field("val_error:min").statistic == "max"
    assert check_field("val_error:max").statistic == "min"


def test_names_may_have_dashes() -> None:
    assert check_field("batch-size").column == "batch_size"
    assert check_field("batch-size").label == "batch-size"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("val_acuracy", "did you mean 'val_accuracy'"),
        ("optimizer", "did you mean 'opt'"),
        ("", "unknown field ''"),
        ("val_loss:median", "unknown statistic 'median': choose one of best, last, max, min"),
        ("act:best", "act has one value a run, and no statistic: write act"),
        ("flags", "unknown field 'flags'"),
    ],
)
def test_unknown_names(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_field(name)


def test_fields_come_as_they_were_stored(store_of_runs: ReportStore) -> None:
    records = [record(number, each) for number, each in enumerate(samples(), 1)]
    names = tuple(records[0])
    table = store_of_runs.find(Query(names)).table
    assert table.names == names
    for found, wanted in zip(table.records(), reversed(records), strict=True):
        for name in names:
            assert same(found[name], wanted[name]), (name, found["run"], found[name], wanted[name])


def test_every_field_can_be_read_sorted_by_and_asked_for(store_of_runs: ReportStore) -> None:
    table = store_of_runs.find(Query(tuple(FIELDS), limit=3)).table
    assert table.names == tuple(FIELDS)
    for name, field in FIELDS.items():
        value = "night" if field.kind in ("text", "tags") else 3
        condition = f"{name} = {value} or {name} is none or {name} != {value}"
        found = store_of_runs.find(Query(("run",), where=condition, sort=f"-{name}", limit=2))
        assert found.total == len(samples())


def test_mean_of_layers(store_of_runs: ReportStore) -> None:
    """1 and inf, and of both infinities, beside what is finite."""
    found = store_of_runs.find(Query(("run", "grad_norm:mean", "dead_frac:mean"))).table
    means = dict(zip(found["run"], found["grad_norm:mean"], strict=True))
    assert (means[1], math.isnan(means[3]), means[7]) == (3.0, True, None)
    shares = dict(zip(found["run"], found["dead_frac:mean"], strict=True))
    assert (shares[1], math.isnan(shares[3]), math.isnan(shares[5])) == (0.375, True, True)


def test_a_killed_run_is_stale_everywhere(reports: ReportStore, elsewhere: Any) -> None:
    first = elsewhere()
    gone = put_running(first)
    alive = put_running(reports)
    # Another machine's run is gone when its heartbeat is old.
    import datetime

    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    reports._clock = lambda: later
    found = reports.find(Query(("run", "status"), sort="run")).table
    assert list(found.rows()) == [(gone, "stale"), (alive, "running")]
    for query in (
        Query(("run",), statuses=("stale",)),
        Query(("run",), where="status = stale"),
        Query(("run",), where="status ~ st* and status != running"),
    ):
        assert list(reports.find(query).table["run"]) == [gone]
    assert list(reports.find(Query(("run",), statuses=("running",))).table["run"]) == [alive]


def put_running(store: RunStore) -> int:
    from store_samples import a_run

    return store.create_run(a_run())


def test_finding_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom nncli.store.finding import Query, ReportStore, check_field\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert not {"pandas", "scipy", "numba", "alembic", "psycopg"} & set(loaded.split())
    code = (
        "import sys\nimport nncli.store.finding as f\nf.Query\nprint('sqlalchemy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_the_samples_differ_in_every_field() -> None:
    each = [record(number, sample) for number, sample in enumerate(samples(), 1)]
    for name in each[0].keys() - {"status", "no_header", "act_std:max"}:
        assert len({str(values[name]) for values in each}) > 1, name
