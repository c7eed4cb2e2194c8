"""Statistics and scaling against NumPy and scikit-learn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from nncli.data import DataOptions, Dataset, load
from nncli.data import scaling as module
from nncli.data.scaling import statistics

Scaled = Callable[[Dataset, NDArray[np.int64]], NDArray[np.float64]]


def test_statistics_in_blocks_agree_with_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 28)  # blocks of 7 rows
    rng = np.random.default_rng(0)
    matrix = rng.normal([0, 1e6, 3, 7], [1, 1e-1, 1e3, 0], (101, 4))
    matrix[rng.random((101, 4)) < 0.2] = np.nan
    matrix[:, 0] = rng.random(101)
    index = np.sort(rng.permutation(101)[:60])
    found = statistics(matrix, index)
    chosen = matrix[index]
    np.testing.assert_array_equal(found.count, (~np.isnan(chosen)).sum(axis=0))
    np.testing.assert_allclose(found.mean, np.nanmean(chosen, axis=0), rtol=1e-13)
    # the spread of the second column is 1e-7 of its mean: a plain sum of squares loses it all
    np.testing.assert_allclose(found.std[:3], np.nanstd(chosen, axis=0)[:3], rtol=1e-8)
    assert found.std[3] == 0
    np.testing.assert_array_equal(found.minimum, np.nanmin(chosen, axis=0))
    np.testing.assert_array_equal(found.maximum, np.nanmax(chosen, axis=0))


def test_a_column_without_values_has_none_counted() -> None:
    found = statistics(np.array([[np.nan, 1.0], [np.nan, 3.0]]), np.arange(2))
    assert found.count.tolist() == [0, 2]
    assert found.std.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("scale", "scaler"), [("standard", StandardScaler()), ("minmax", MinMaxScaler())]
)
def test_scaling_is_learned_on_training_rows_alone(
    scale: str, scaler: StandardScaler | MinMaxScaler, scaled: Scaled
) -> None:
    found = load(DataOptions("iris", scale=scale, dtype="float64"))
    scaler.fit(found.rows[found.train])
    # both compute in float64; what differs is the order of the sums
    for part in (found.train, found.val):
        np.testing.assert_allclose(scaled(found, part), scaler.transform(found.rows[part]), 1e-12)


def test_auto_and_none() -> None:
    assert load(DataOptions("digits")).scale[0] == 1 / 16
    assert load(DataOptions("digits", scale="none")).scale[0] == 1
    table = load(DataOptions("iris"))
    np.testing.assert_allclose(table.scale, load(DataOptions("iris", scale="standard")).scale)
    assert load(DataOptions("iris", scale="none")).shift.tolist() == [0, 0, 0, 0]


def test_a_constant_pixel_is_only_shifted(scaled: Scaled) -> None:
    found = load(DataOptions("digits", scale="standard"))
    inputs = scaled(found, found.train)
    assert (inputs[:, 0] == 0).all()  # the first pixel is always 0
    assert np.isfinite(inputs).all()


def test_regression_targets_are_standardised_by_training_rows() -> None:
    found = load(DataOptions("linear", dtype="float64"))
    p = found.preprocessing
    assert abs(found.targets[found.train].mean()) < 1e-12
    np.testing.assert_allclose(found.targets[found.train].std(), 1, rtol=1e-12)
    assert abs(found.targets[found.val].mean()) > 1e-6
    assert len(p.target_shift) == len(p.target_scale) == 1


def test_a_narrow_column_is_warned_of_in_float32(write: Callable[..., str]) -> None:
    lines = "\n".join(f"{1_600_000_000 + 60 * (each * 7 % 50)},{each % 2}" for each in range(50))
    path = write("t.csv", f"when,y\n{lines}\n")
    assert any("lose digits" in note for note in load(DataOptions(path)).notes)
    assert not any("lose digits" in n for n in load(DataOptions(path, dtype="float64")).notes)
