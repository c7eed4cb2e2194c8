"""Which runs are found: selectors, age, status, order and limit, and databases without any."""

from __future__ import annotations

import math
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.dialects import sqlite
from store_samples import a_curve, a_gradcheck, a_run, layers_of
from sweep_samples import a_sweep

from nncli.errors import StoreError, UsageError
from nncli.store import NewRun, RunStore, Summary, SweepStore
from nncli.store.finding import Query, ReportStore, arrays, measurements
from nncli.store.finding.choosing import read_since, read_sort
from nncli.store.finding.conditions import condition_of
from nncli.store.finding.operands import Operands
from nncli.store.schema import runs

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def ids(store: ReportStore, *words: str, **more: object) -> list[int]:
    return list(store.find(Query(("run",), words, **more)).table["run"])


@pytest.fixture
def some(reports: ReportStore) -> ReportStore:
    """Runs 1 to 6; of the sweep ``night`` 4 and 5, of a sweep without a name 6."""
    with SweepStore(reports._target.url or reports._target.path) as sweeps:
        named = sweeps.open_sweep(a_sweep(name="night"))[0]
        other = sweeps.open_sweep(a_sweep(definition_hash="definition-2"))[0]
    each_run = [
        a_run(name="a", tags=("good",)),
        a_run(name="2-3", tags=("good", "old")),
        a_run(name="a"),
        a_run(sweep_id=named.id, name="1"),
        a_run(sweep_id=named.id),
        a_run(sweep_id=other.id, name="x' or '1'='1"),
    ]
    for each in each_run:
        reports.add_run(each, "completed")
    return reports


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), [6, 5, 4, 3, 2, 1]),
        (("2",), [2]),
        (("1",), [1]),  # an id before a name
        (("2-4",), [4, 3, 2]),
        (("2-99999999999",), [6, 5, 4, 3, 2]),
        (("last",), [6]),
        (("@good",), [2, 1]),
        (("a",), [3, 1]),
        (("sweep:night",), [5, 4]),
        (("sweep:1",), [5, 4]),
        (("sweep:last",), [6]),
        (("1", "@old", "sweep:1", "5-6"), [6, 5, 4, 2, 1]),
        (("x' or '1'='1",), [6]),
        ((" 3 ",), [3]),
    ],
)
def test_words_mean_runs(some: ReportStore, words: tuple[str, ...], found: list[int]) -> None:
    assert ids(some, *words) == found
    assert some.find(Query(("run",), words, limit=1)).total == len(found)


def test_the_start_of_a_uuid_means_a_run(some: ReportStore) -> None:
    uuid = some.get_run(3).uuid
    assert ids(some, uuid) == [3]
    assert ids(some, uuid[:13].upper()) == [3]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("77", "no run '77' in .*the latest run is 6"),
        ("b", "no run 'b'"),
        ("aa", "did you mean 'a'"),
        ("@goood", "has the tag 'goood' .did you mean 'good'"),
        ("sweep:nigth", "sweep 'nigth' .*did you mean 'night'"),
        ("70-80", "no run from 70 to 80 in .*: the latest is 6"),
        ("%", "no run '%'"),
        ("____", "no run '____'"),
        ("a\0b", "no run"),
    ],
)
def test_words_that_mean_nothing(some: ReportStore, word: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        ids(some, "1", word)


def test_words_that_cannot_mean_anything(some: ReportStore) -> None:
    with pytest.raises(UsageError, match="its lower end first: 3-5"):
        ids(some, "5-3")
    with pytest.raises(UsageError, match="an empty text selects no runs"):
        ids(some, " ")


def test_words_conditions_and_statuses_are_joined(some: ReportStore) -> None:
    some.add_run(a_run(name="a"), "failed")
    assert ids(some, "a", statuses=("failed",)) == [7]
    assert ids(some, "a", where="run < 3", statuses=("failed", "completed")) == [1]
    assert ids(some, "a", where="run > 50") == []
    with pytest.raises(UsageError, match="unknown status 'done'"):
        ids(some, statuses=("done",))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2d", NOON - timedelta(days=2)),
        ("12h", NOON - timedelta(hours=12)),
        ("30m", NOON - timedelta(minutes=30)),
        ("1.5w", NOON - timedelta(days=10, hours=12)),
        (" 1D ", NOON - timedelta(days=1)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T09:30", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("2026-03-01T09:30Z", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("2026-03-01T09:30+02:00", datetime(2026, 3, 1, 7, 30, tzinfo=UTC)),
        ("9999999w", datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_since(text: str, moment: datetime) -> None:
    assert read_since(text, NOON) == moment


@pytest.mark.parametrize("text", ["", "2", "2y", "-1d", "yesterday", "2026-13-01", "1e3d"])
def test_since_what(text: str) -> None:
    with pytest.raises(UsageError, match="expected an age such as 30m, 12h, 2d or 1w, or a date"):
        read_since(text, NOON)


def test_runs_since(target: str | Path) -> None:
    moments = [NOON - timedelta(days=3), NOON - timedelta(hours=30), NOON]
    for moment in moments:
        with RunStore(target, clock=lambda moment=moment: moment) as store:
            store.add_run(a_run(), "completed")
    with ReportStore(target, clock=lambda: NOON) as store:
        assert ids(store, since="2d") == [3, 2]
        assert ids(store, since="30h") == [3, 2]
        assert ids(store, since="1d") == [3]
        assert ids(store, since="2026-03-07") == [3, 2, 1]
        assert ids(store, since="2026-03-11") == []
        assert ids(store, since="9999999w") == [3, 2, 1]


LOSSES = [0.5, math.nan, None, -math.inf, 0.25, math.inf, 0.5]


@pytest.fixture
def with_losses(reports: ReportStore) -> ReportStore:
    """Runs whose best validation losses are LOSSES."""
    for position, loss in enumerate(LOSSES):
        spec = '{"batch_size": %s}' % (["8", '"full"', "16", "null"][position % 4],)  # noqa: UP031
        run = a_run(name=["b", None, "B", "é"][position % 4], spec=spec, tags=("ab"[position % 2],))
        reports.add_run(run, "completed", summary=Summary(best_val_loss=loss))
    return reports


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        (None, [7, 6, 5, 4, 3, 2, 1]),
        ("val_loss", [4, 5, 7, 1, 6, 2, 3]),  # equal ones newest first, then NaN, then missing
        ("-val_loss", [6, 7, 1, 5, 4, 2, 3]),
        ("val_loss:best:desc", [6, 7, 1, 5, 4, 2, 3]),
        ("val_loss:asc", [4, 5, 7, 1, 6, 2, 3]),
        ("-val_loss:desc", [4, 5, 7, 1, 6, 2, 3]),
        ("name", [7, 3, 5, 1, 4, 6, 2]),
        ("-name", [4, 5, 1, 7, 3, 6, 2]),
        ("batch_size", [5, 1, 7, 3, 6, 2, 4]),
        ("tags", [7, 5, 3, 1, 6, 4, 2]),
        ("run", [1, 2, 3, 4, 5, 6, 7]),
        ("val_loss:min", [7, 6, 5, 4, 3, 2, 1]),
    ],
)
def test_order(with_losses: ReportStore, sort: str | None, found: list[int]) -> None:
    assert ids(with_losses, sort=sort) == found
    for limit in (1, 3, 100):
        for where in (None, "run > 0"):
            part = with_losses.find(Query(("run",), sort=sort, limit=limit, where=where))
            assert list(part.table["run"]) == found[:limit]
            assert part.total == len(found)


def test_many_runs_within_a_limit(reports: ReportStore) -> None:
    """More than are named one by one."""
    with reports.transaction():
        for _ in range(700):
            reports.add_run(a_run(tags=("t",)), "completed")
    query = Query(("run", "tags"), where="tags = t and run > 50", limit=600)
    found = reports.find(query)
    assert (found.total, list(found.table["run"])) == (650, list(range(700, 100, -1)))
    assert set(found.table["tags"]) == {("t",)}


def test_sorting_by_nothing() -> None:
    assert read_sort("-val_loss:last")[0].label == "val_loss:last"
    with pytest.raises(UsageError, match="unknown field 'speed'"):
        read_sort("-speed")
    with pytest.raises(UsageError, match="unknown statistic 'down'"):
        read_sort("val_loss:down")


def test_an_empty_database(reports: ReportStore) -> None:
    reports.add_gradcheck(a_gradcheck())
    found = reports.find(Query(("run", "act", "val_loss:max", "tags"), where="lr < 1"))
    assert (len(found.table), found.total) == (0, 0)
    assert found.table.names == ("run", "act", "val_loss:max", "tags")
    assert reports.measured(Query(())) == set()
    assert len(reports.curves_of([], ["val_loss"])) == 0
    assert len(reports.layer_stats_of([1, 2])) == 0
    with pytest.raises(StoreError, match=r"no run '1': .* has no runs yet: nncli train"):
        ids(reports, "1")


def test_a_missing_database(tmp_path: Path) -> None:
    with ReportStore(tmp_path / "results.db") as store:
        with pytest.raises(StoreError, match=r"no database at .*: train something first"):
            store.find(Query(("run",)))
        with pytest.raises(UsageError, match="unknown field 'actt'"):  # told before
            store.find(Query(("run",), where="actt=relu"))
    assert not (tmp_path / "results.db").exists()


def test_a_database_that_is_written_at_the_moment(path: Path) -> None:
    """A transaction that is open keeps nobody from reading what was there before it."""
    with RunStore(path) as writer, ReportStore(path, timeout=1) as reader:
        writer.add_run(a_run(), "completed")
        begun, read = threading.Event(), threading.Event()

        def write() -> None:
            with writer.transaction():
                writer.add_run(a_run(), "completed")
                begun.set()
                assert read.wait(30)

        thread = threading.Thread(target=write)
        thread.start()
        assert begun.wait(30)
        assert ids(reader) == [1]
        read.set()
        thread.join()
        assert ids(reader) == [2, 1]


def put(store: RunStore, new: NewRun, curve: dict, layers: dict | None = None) -> None:
    store.add_run(new, "completed", curve, layers=layers)


def test_curves_of_runs(reports: ReportStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurements, "FEW", 1)  # a statement a run
    first, second, third = a_curve(1, 2), a_curve(1, 3), a_curve(1, 1)
    first["val_accuracy"] = [0.25, np.nan]
    first["grad_norm"] = np.ma.masked_array([1.0, np.inf], [True, False])
    for each in (first, second, third):
        put(reports, a_run(), each)
    table = reports.curves_of([2, 1, 2], ["val_error", "grad_norm", "val_accuracy", "val_rmse"])
    assert table.names == (
        *("run", "epoch", "updates", "seconds"),
        *("val_error", "grad_norm", "val_accuracy", "val_rmse"),
    )
    assert table["run"] == [1, 1, 2, 2, 2]
    assert table["epoch"] == [1, 2, 1, 2, 3]
    assert table["updates"] == [45, 90, 45, 90, 135]
    assert table["val_accuracy"][0] == 0.25
    assert math.isnan(table["val_accuracy"][1])
    assert table["val_error"][0] == 0.75
    assert math.isnan(table["val_error"][1])
    assert table["grad_norm"][:3] == [None, math.inf, 2.0]
    assert table["val_rmse"] == [None] * 5
    with pytest.raises(UsageError, match=r"unknown column of curves 'val_los'.*'val_loss'"):
        reports.curves_of([1], ["val_los"])


def test_all_curves_as_arrays(reports: ReportStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "BLOCK", 2)
    first = {**a_curve(1, 3), "val_loss": [np.nan, np.inf, 1.0]}
    put(reports, a_run(), first, layers_of(1, 2))
    put(reports, a_run(), {**a_curve(1, 2), "val_loss": [-np.inf, 2.0]})
    columns = reports.all_curves(Query(()))
    assert columns["run_id"].tolist() == [1, 1, 1, 2, 2]
    assert columns["epoch"].tolist() == [1, 2, 3, 1, 2]
    assert str(columns["val_loss"].tolist()) == "[nan, inf, 1.0, -inf, 2.0]"
    assert np.isnan(columns["val_rmse"]).all()
    assert reports.all_curves(Query((), limit=1))["run_id"].tolist() == [2, 2]
    assert reports.all_curves(Query((), where="run = 1"))["updates"].tolist() == [45, 90, 135]
    assert len(reports.all_curves(Query((), where="run = 9"))["epoch"]) == 0
    assert reports.all_layer_stats(Query(()))["layer"].tolist() == [1, 2, 1, 2]


def test_layers_of_runs(reports: ReportStore) -> None:
    layers = layers_of(1, 2)
    layers["dead_frac"] = [0.5, np.nan, np.inf, -np.inf]
    put(reports, a_run(), a_curve(1, 2), layers)
    put(reports, a_run(), a_curve(1, 2))
    table = reports.layer_stats_of([1, 2])
    assert (table["run"], table["epoch"], table["layer"]) == ([1] * 4, [1, 1, 2, 2], [1, 2, 1, 2])
    assert str(table["dead_frac"]) == "[0.5, nan, inf, -inf]"
    assert table["similarity"] == [0.25] * 4


def test_what_was_measured(reports: ReportStore) -> None:
    summary = Summary(test_loss=math.nan, seconds_train=1.0)
    reports.add_run(a_run(), "completed", summary=summary)
    put(reports, a_run(name="n"), {**a_curve(1, 1), "val_loss": [math.inf]})
    always = {"epochs", "updates"}
    curve = {"train_loss", "val_loss", "train_accuracy", "val_accuracy"}
    errors = {"train_error", "val_error"}
    assert reports.measured(Query((), runs=("1",))) == always | {"test_loss", "seconds_train"}
    assert reports.measured(Query((), limit=1)) == always | curve | errors
    assert reports.measured(Query((), where="name is none", limit=5)) == always | {
        "test_loss", "seconds_train",
    }  # fmt: skip
    assert reports.measured(Query((), where="name = x")) == set()


def test_a_curve_s_extremes_are_found_by_its_own_rows(reports: ReportStore, path: Path) -> None:
    """Not by reading the rows of all runs for each of them."""
    put(reports, a_run(), a_curve(1, 1))
    condition = condition_of("val_loss:max > 0.5 and dead_frac < 1", Operands("sqlite"))
    wanted = select(runs.c.id).where(condition)
    compiled = wanted.compile(dialect=sqlite.dialect(paramstyle="named"))
    with closing(sqlite3.connect(path)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {compiled}", compiled.params).fetchall()
    details = " ".join(step[-1] for step in plan)
    assert "SEARCH epochs USING PRIMARY KEY (run_id=?)" in details
    assert "SEARCH layer_stats USING PRIMARY KEY (run_id=? AND epoch=?)" in details
