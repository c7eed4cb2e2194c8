"""Layer statistics come and go together with the curve they were measured with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from store_samples import a_curve, a_model, a_run, layers_of

from nncli.errors import StoreError
from nncli.store import LayerStats, RunStore
from nncli.store.nonfinite import LAYER_FLAGGED


def test_layer_statistics_come_back(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    store.save(run_id, a_curve(1, 5), layers=layers_of(1, 5))
    store.finish_run(run_id, "completed", a_curve(6, 8), layers=LayerStats.of(layers_of(6, 8)))
    found = store.layer_stats(run_id)
    for name, values in layers_of(1, 8).items():
        np.testing.assert_array_equal(found[name], values)
    assert found["epoch"].dtype == found["layer"].dtype == np.int64
    assert set(found.columns) == {"epoch", "layer", *LAYER_FLAGGED}
    assert len(store.layer_stats(99)) == 0


@pytest.mark.parametrize("name", LAYER_FLAGGED)
def test_what_is_not_finite_or_not_measured_comes_back(store: RunStore, name: str) -> None:
    run_id = store.create_run(a_run())
    cells = np.ma.MaskedArray([np.nan, np.inf, -np.inf, 0.5, 0.0], mask=[0, 0, 0, 0, 1])
    columns: dict[str, Any] = {"epoch": [1] * 5, "layer": np.arange(1, 6), name: cells}
    store.save(run_id, layers=columns)
    found = store.layer_stats(run_id)
    np.testing.assert_array_equal(found[name], [np.nan, np.inf, -np.inf, 0.5, np.nan])
    assert found.measured[name].tolist() == [True, True, True, True, False]
    assert found.columns == ("epoch", "layer", name)


def test_the_documented_bits(store: RunStore, execute) -> None:
    run_id = store.create_run(a_run())
    columns = layers_of(1, 1)
    columns["grad_norm"] = [np.nan, 1.0]  # bits 0 and 1
    columns["similarity"] = [0.5, -np.inf]  # the seventh column: bits 12 and 13
    store.save(run_id, layers=columns)
    rows = execute("SELECT grad_norm, similarity, flags FROM layer_stats ORDER BY layer")
    assert rows == [(None, 0.5, 1), (1.0, None, 3 << 12)]


def test_reopening_drops_layers_after_the_checkpoint(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    store.save(run_id, a_curve(1, 6), layers=layers_of(1, 6), last=a_model(6))
    store.save(run_id, a_curve(7, 9), layers=layers_of(7, 9))
    store.finish_run(run_id, "interrupted")
    assert len(store.layer_stats(run_id)) == 18
    store.reopen_run(run_id)
    assert (
        store.layer_stats(run_id)["epoch"].tolist()
        == store.curve(run_id)["epoch"].repeat(2).tolist()
        == np.arange(1, 7).repeat(2).tolist()
    )
    store.finish_run(run_id, "completed", a_curve(7, 9), layers=layers_of(7, 9))
    np.testing.assert_array_equal(store.layer_stats(run_id)["epoch"], layers_of(1, 9)["epoch"])


def test_layers_curve_and_model_are_stored_together_or_not_at_all(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    store.save(run_id, a_curve(1, 5), layers=layers_of(1, 5), last=a_model(5))
    with pytest.raises(StoreError, match="refused a row"):
        store.save(run_id, a_curve(6, 8), layers=layers_of(5, 8), last=a_model(8))  # 5 again
    assert len(store.curve(run_id)) == 5
    assert len(store.layer_stats(run_id)) == 10
    assert store.load_model(run_id).epoch == 5


def test_layers_go_with_their_run(store: RunStore, execute) -> None:
    run_id = store.create_run(a_run())
    store.save(run_id, layers=layers_of(1, 5))
    execute("DELETE FROM runs")
    assert len(store.layer_stats(run_id)) == 0


def test_wrong_columns_are_refused() -> None:
    with pytest.raises(ValueError, match=r"has no column .act_sd.: .*did you mean .act_std."):
        LayerStats.of({"epoch": [1], "layer": [1], "act_sd": [1.0]})
    with pytest.raises(ValueError, match="needs the column layer"):
        LayerStats.of({"epoch": [1]})
