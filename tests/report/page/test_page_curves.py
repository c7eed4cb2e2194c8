"""Curves packed by run, and thinned to what can be seen."""

from __future__ import annotations

import math
import random

from nncli.report.page.curves import (
    FEWEST_ROWS,
    MOST_ROWS,
    pack_curves,
    rows_a_run,
    thinned_rows,
)
from nncli.tables import Table


def test_runs_stand_apart() -> None:
    table = Table(
        {
            "run": [1, 1, 2],
            "epoch": [1, 2, 1],
            "updates": [45, 90, 45],
            "seconds": [0.5, 1.0, 0.25],
            "val_loss": [2.0, None, 3.0],
            "val_rmse": [None, None, None],
        }
    )
    packed = pack_curves(table)
    assert packed["metrics"] == ["val_loss"]
    assert packed["runs"].keys() == {"1", "2"}
    assert packed["runs"]["1"]["val_loss"] == [2, None]
    assert packed["runs"]["1"]["rows"] == 2
    assert "of" not in packed["runs"]["1"]
    assert packed["runs"]["2"]["epoch"] == {"same": 1}


def test_no_curves() -> None:
    empty = Table({name: [] for name in ("run", "epoch", "updates", "seconds", "val_loss")})
    assert pack_curves(empty) == {"metrics": [], "runs": {}}


def test_short_curves_are_kept_whole() -> None:
    assert thinned_rows([[1.0, 2.0, 3.0]], 3, 100) == range(3)


def test_extremes_of_every_metric_are_kept() -> None:
    rng = random.Random(0)
    rows = 20_000
    loss = [rng.random() for _ in range(rows)]
    accuracy = [rng.random() for _ in range(rows)]
    loss[7_777], loss[13_131], accuracy[4_242] = 99.0, -99.0, 50.0
    accuracy[19_000] = math.nan
    kept = thinned_rows([loss, accuracy], rows, 1000)
    assert {0, 7_777, 13_131, 4_242, 19_000, rows - 1} <= set(kept)
    assert list(kept) == sorted(set(kept))
    # A stretch gives two rows a metric, and one more where something is no number.
    assert 900 <= len(kept) <= 1003


def test_a_thinned_run_says_how_many_rows_there_were() -> None:
    rows = MOST_ROWS + 500
    table = Table(
        {
            "run": [1] * rows,
            "epoch": list(range(1, rows + 1)),
            "updates": list(range(1, rows + 1)),
            "seconds": [0.1 * row for row in range(rows)],
            "val_loss": [math.sin(row) for row in range(rows)],
        }
    )
    packed = pack_curves(table)["runs"]["1"]
    assert packed["of"] == rows
    assert packed["rows"] <= MOST_ROWS + 2


def test_all_runs_share_the_budget() -> None:
    assert rows_a_run(1000, 6, 900_000) == 128  # 100 epochs of 1,000 runs stay as they are
    assert rows_a_run(1, 6, 900_000) == MOST_ROWS
    assert rows_a_run(100_000, 6, 900_000) == FEWEST_ROWS
    assert rows_a_run(0, 0, 900_000) == MOST_ROWS
