"""Curves keep every float64, NaN and infinities too, and what was not measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_samples import a_curve, a_run

from nncli.errors import StoreError
from nncli.store import Curve, RunStore, Summary
from nncli.store.nonfinite import EPOCH_FLAGGED, RUN_FLAGGED, code_of
from nncli.store.prepared import BLOCK

ODD = (np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, 1.7e308)
CELL = st.none() | st.sampled_from(ODD) | st.floats(width=64)


def test_a_curve_comes_back(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    store.write_epochs(run_id, a_curve(1, 40))
    curve = store.curve(run_id)
    for name, values in a_curve(1, 40).items():
        np.testing.assert_array_equal(curve[name], values)
    assert set(curve.columns) == set(a_curve(1, 2))
    assert not curve.measured["val_rmse"].any()
    assert curve["epoch"].dtype == curve["updates"].dtype == np.int64
    assert len(store.curve(99)) == 0
    assert store.curve(99).columns == ("epoch", "updates", "seconds")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.fixed_dictionaries(dict.fromkeys(EPOCH_FLAGGED, CELL)), min_size=1, max_size=5)
)
def test_any_float_comes_back(store: RunStore, rows: list[dict[str, Any]]) -> None:
    count = len(rows)
    columns: dict[str, Any] = {
        "epoch": np.arange(count),
        "updates": np.arange(count),
        "seconds": np.arange(count),
    }
    for name in EPOCH_FLAGGED:
        cells = [row[name] for row in rows]
        columns[name] = np.ma.MaskedArray(
            [0.0 if c is None else c for c in cells], mask=[c is None for c in cells]
        )
    run_id = store.create_run(a_run())
    store.write_epochs(run_id, columns)
    curve, run = store.curve(run_id), store.get_run(run_id)
    for name in EPOCH_FLAGGED:
        for index, row in enumerate(rows):
            assert curve.measured[name][index] == (row[name] is not None)
            if row[name] is not None:
                assert same(curve[name][index], row[name])
        if name in RUN_FLAGGED:
            last = rows[-1][name]
            stored = getattr(run, name)
            assert stored is None if last is None else same(stored, last)


def same(left: float, right: float) -> bool:
    """Equal, or both NaN. SQLite keeps neither the sign of zero nor the payload of NaN."""
    return left == right or bool(np.isnan(left) and np.isnan(right))


def test_the_documented_bits(store: RunStore, execute) -> None:
    run_id = store.create_run(a_run())
    curve = a_curve(1, 3)
    curve["train_loss"] = [1.0, np.nan, np.inf]  # bits 0 and 1
    curve["grad_norm"] = [-np.inf, 1.0, np.nan]  # the eighth column: bits 14 and 15
    store.write_epochs(run_id, curve)
    rows = execute("SELECT train_loss, grad_norm, flags FROM epochs ORDER BY epoch")
    assert rows == [(1.0, None, 3 << 14), (None, 1.0, 1), (None, None, 2 | 1 << 14)]
    assert execute("SELECT flags FROM runs") == [(2,)]  # grad_norm is not a column of runs


def test_an_update_of_some_columns_leaves_the_flags_of_others(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    store.save(run_id, summary=Summary(train_loss=np.nan, best_val_rmse=-np.inf))
    store.save(run_id, summary=Summary(val_loss=np.inf))
    run = store.get_run(run_id)
    assert run.train_loss is not None
    assert np.isnan(run.train_loss)
    assert (run.val_loss, run.best_val_rmse) == (np.inf, -np.inf)
    for value in (-np.inf, np.inf, 0.5):
        store.save(run_id, summary=Summary(train_loss=value))
        assert store.get_run(run_id).train_loss == value
    (row,) = store.list_runs()
    assert (row.train_loss, row.val_loss, row.best_val_rmse) == (0.5, np.inf, -np.inf)


def test_float32_and_scalars_are_taken(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    loss = np.float32(0.1)
    store.write_epochs(run_id, {"epoch": 1, "updates": 5, "seconds": 0.5, "train_loss": loss})
    assert store.curve(run_id)["train_loss"].tolist() == [float(loss)]
    assert store.get_run(run_id).train_loss == float(loss)


def test_a_curve_read_can_be_written_again(store: RunStore) -> None:
    first, second = store.create_run(a_run()), store.create_run(a_run())
    columns = a_curve(1, 5)
    columns["val_loss"] = np.ma.MaskedArray([1, np.nan, 3, np.inf, 5.0], mask=[1, 0, 0, 0, 1])
    store.write_epochs(first, columns)
    store.write_epochs(second, store.curve(first))
    one, two = store.curve(first), store.curve(second)
    for name in Curve.names():
        np.testing.assert_array_equal(one[name], two[name])
    assert two.measured["val_loss"].tolist() == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"epoch": [1], "updates": [1], "seconds": [1.0], "loss": [1.0]},
            "a curve has no column 'loss'",
        ),
        ({"epoch": [1], "updates": [1]}, "needs the column seconds"),
        ({"epoch": [1], "updates": [1], "seconds": [1.0], "lr": [1.0, 2.0]}, "lr has 2 rows"),
    ],
)
def test_wrong_columns_are_refused(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Curve.of(columns)


def test_no_rows_are_no_error(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    store.write_epochs(run_id, a_curve(1, 0))
    assert len(store.curve(run_id)) == 0


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK])
def test_the_cells_are_what_a_row_at_a_time_would_store(
    store: RunStore, execute: Callable[[str], list[tuple[Any, ...]]], count: int
) -> None:
    rng = np.random.default_rng(count)
    columns: dict[str, Any] = {
        "epoch": np.arange(1, count + 1),
        "updates": 7 * np.arange(1, count + 1),
        "seconds": rng.random(count),
        "train_loss": rng.normal(size=count),
        "val_loss": rng.choice([np.nan, np.inf, -np.inf, 0.5], count),
        "train_accuracy": np.full(count, np.nan),  # measured, and not one is a number
        "val_accuracy": np.ma.masked_all(count),  # as if it had not been given
        "grad_norm": np.ma.MaskedArray(
            rng.choice([np.nan, 2.0], count), mask=rng.random(count) < 0.5
        ),
    }
    run_id = store.create_run(a_run())
    store.write_epochs(run_id, columns)
    expected = []
    for row in range(count):
        cells: list[Any] = [run_id, row + 1, 7 * (row + 1), columns["seconds"][row]]
        flags = 0
        for index, name in enumerate(EPOCH_FLAGGED):
            value = columns[name][row] if name in columns else np.ma.masked
            code = 0 if value is np.ma.masked else code_of(value)
            cells.append(None if value is np.ma.masked or code else value)
            flags |= code << 2 * index
        expected.append((*cells, flags))
    found = execute("SELECT * FROM epochs ORDER BY epoch")
    assert found == expected
    kinds = [type(cell) for cell in found[0]]
    assert [kinds[0], kinds[1], kinds[2], kinds[-1]] == [int] * 4


def test_a_refused_row_takes_all_others_with_it(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    store.write_epochs(run_id, a_curve(1, 1))
    curve = a_curve(2, BLOCK + 10)
    curve["epoch"][-1] = 1  # there already, and in the second statement
    with pytest.raises(StoreError, match="refused a row"):
        store.write_epochs(run_id, curve)
    assert store.curve(run_id)["epoch"].tolist() == [1]
    assert store.get_run(run_id).epochs == 1
    store.write_epochs(run_id, a_curve(2, BLOCK + 10))
    assert len(store.curve(run_id)) == BLOCK + 10


def test_what_columns_hold_is_in_every_statement(store: RunStore) -> None:
    """Runs that measure different things, one after the other: no statement is another's."""
    names = [("train_loss",), ("val_loss", "lr"), (), ("train_rmse",), ("train_loss",)]
    for measured in names:
        run_id = store.create_run(a_run())
        columns = {"epoch": [1, 2], "updates": [1, 2], "seconds": [0.5, 1.0]}
        store.write_epochs(run_id, columns | {name: [3.0, np.nan] for name in measured})
        assert store.curve(run_id).columns == ("epoch", "updates", "seconds", *measured)
