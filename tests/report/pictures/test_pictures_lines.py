"""Smoothing, and the mean of runs with its band, against NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from picture_tables import curve_table
from scipy import stats

from nncli.report.pictures.lines import lines_of, smoothed, thinned
from nncli.tables import Table


def test_smoothing_by_its_definition() -> None:
    """The weighted mean with weights s^(t - i), which is what the bias correction comes to."""
    values, weight = [3.0, -1.0, 4.0, 1.0, -5.0], 0.7
    for t in range(1, len(values) + 1):
        weights = weight ** np.arange(t)[::-1]
        expected = np.average(values[:t], weights=weights)
        # a few roundings of numbers near 1
        assert smoothed(values, weight)[t - 1] == pytest.approx(expected, rel=1e-13)
    assert smoothed([2.0] * 4, 0.99) == pytest.approx([2.0] * 4, rel=1e-13)
    assert smoothed(values, 0.0) == values


def group(table: Table, **options: object) -> tuple[list[float], ...]:
    labels = {run: str(run) for run in set(table["run"])}
    groups = dict.fromkeys(labels, "all")
    found = lines_of(table, labels, "val_loss", groups=groups, log_y=False, **options)  # type: ignore[arg-type]
    (line,) = found.lines
    assert line.low is not None
    assert line.high is not None
    return line.x, line.y, line.low, line.high, list(line.runs)


@pytest.mark.parametrize("band", ["range", "std", "interval"])
def test_mean_and_band(band: str) -> None:
    values = np.random.default_rng(0).normal(size=(4, 6))
    table = curve_table(runs=4, epochs=6, val_loss=values.ravel().tolist())
    x, mean, low, high, runs = group(table, band=band)
    assert x == [1, 2, 3, 4, 5, 6]
    assert runs == [4] * 6
    std = values.std(axis=0, ddof=1)
    room = {
        "range": (
            values.mean(axis=0) - values.min(axis=0),
            values.max(axis=0) - values.mean(axis=0),
        ),
        "std": (std, std),
        "interval": (std / 2 * stats.t.ppf(0.975, 3),) * 2,
    }[band]
    # sums of four numbers near 1, in another order
    np.testing.assert_allclose(mean, values.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(low, values.mean(axis=0) - room[0], atol=1e-12)
    np.testing.assert_allclose(high, values.mean(axis=0) + room[1], atol=1e-12)


def test_runs_of_different_seconds_meet_on_straight_lines() -> None:
    table = Table.of_rows(
        ("run", "epoch", "updates", "seconds", "val_loss"),
        [(1, 1, 1, 0.0, 0.0), (1, 2, 2, 2.0, 2.0), (2, 1, 1, 1.0, 5.0), (2, 2, 2, 3.0, 5.0)],
    )
    x, mean, low, high, runs = group(table, x="seconds")
    assert x == [0.0, 1.0, 2.0, 3.0]
    assert mean == [0.0, 3.0, 3.5, 5.0]
    assert (low, high) == ([0.0, 1.0, 2.0, 5.0], [0.0, 5.0, 5.0, 5.0])
    assert runs == [1, 2, 2, 1]


def test_runs_that_end_early_are_told() -> None:
    table = curve_table(runs=2, epochs=4, val_loss=[4.0, 3.0, 2.0, 1.0, 4.0, 2.0, None, None])
    labels = {1: "a", 2: "b"}
    found = lines_of(table, labels, "val_loss", groups={1: "g", 2: "g"}, log_y=False)
    assert found.lines[0].y == [4.0, 2.5, 2.0, 1.0]
    assert found.notes == ("g: the mean of 2 runs, of 1 at the end",)


def test_many_places_are_thinned_to_the_ends() -> None:
    table = curve_table(runs=2, epochs=3000)
    x, *_ = group(table)
    assert len(x) == 500
    assert (x[0], x[-1]) == (1, 3000)


def test_a_band_stays_on_a_logarithmic_axis() -> None:
    table = curve_table(runs=2, epochs=2, val_loss=[1.0, 1.0, 100.0, 100.0])
    labels = {1: "a", 2: "b"}
    groups = dict.fromkeys(labels, "g")
    found = lines_of(table, labels, "val_loss", groups=groups, log_y=True, band="std")
    assert found.lines[0].low == [1.0, 1.0]  # not 50.5 - 70


def test_huge_values_have_a_deviation() -> None:
    table = curve_table(runs=2, epochs=1, val_loss=[1e200, 3e200])
    *_, low, high, _ = group(table, band="std")
    # sqrt(2) times 1e200, to the rounding of a hypotenuse
    assert high[0] - low[0] == pytest.approx(2**1.5 * 1e200, rel=1e-12)


def test_thinning_keeps_the_peaks() -> None:
    points = [(float(x), 0.0) for x in range(100_000)]
    points[54_321] = (54_321.0, 9.0)
    kept = thinned(points, 400)
    assert len(kept) <= 402
    assert (54_321.0, 9.0) in kept
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert kept == sorted(kept)
