"""Heat maps and parallel coordinates in the terminal, and the grid of cells behind them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from picture_tables import MODES, NASTY, WIDTHS, check, plain, sweep_table

from nncli.errors import UsageError
from nncli.report.pictures.grid import grid_of, levels
from nncli.report.pictures.heat import heat_map
from nncli.report.pictures.parallel import parallel
from nncli.tables import Table

METRIC = "val_accuracy:best"


def heat(table: Table, x: str = "lr", y: str = "act", **options: Any) -> list[str]:
    usual: dict[str, Any] = {"width": 80, "colored": False}
    return heat_map(table, x, y, METRIC, **{**usual, **options})


def lines_of_runs(table: Table, **options: Any) -> list[str]:
    usual: dict[str, Any] = {"width": 80, "colored": False}
    return parallel(table, ["act", "lr", "seed"], METRIC, **{**usual, **options})


def test_the_mean_of_each_cell() -> None:
    grid = grid_of(sweep_table(), "lr", "act", METRIC, most=(20, 20))
    assert grid.x.labels == ("0.001", "0.01", "0.1", "1")
    assert grid.y.labels == ("relu", "sigmoid", "tanh")
    assert grid.means[0][1] == pytest.approx(0.895)  # 0.9 and 0.89
    assert grid.means[0][3] is None
    assert grid.failed[0][3] == 2
    assert grid.counts[2] == (2, 2, 2, 2)
    assert grid.best == (0, 1)
    assert grid.notes == ("4 runs that did not end well left out of the means",)


def test_runs_that_broke_off_are_in_no_mean() -> None:
    statuses = ["completed", "early_stopped", "pruned", "running", "diverged", "completed"]
    table = Table(
        {"a": [1, 1, 1, 2, 2, 2], "b": [1, 1, 1, 1, 2, 2], METRIC: [0.5, 0.7, 0.9, 0.9, 0.9, 0.8],
         "status": statuses}
    )  # fmt: skip
    grid = grid_of(table, "a", "b", METRIC, most=(9, 9))
    assert grid.means == ((pytest.approx(0.6), None), (None, 0.8))
    assert grid.failed == ((1, 1), (0, 1))


def test_less_is_better_of_a_loss() -> None:
    table = Table({"a": [1, 1, 2, 2], "b": [1, 2, 1, 2], "val_loss:best": [3.0, 1.0, 2.0, 4.0]})
    assert grid_of(table, "a", "b", "val_loss:best", most=(9, 9)).best == (1, 0)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("colored", "unicode"), MODES)
def test_heat_maps_keep_to_the_terminal(width: int, colored: bool, unicode: bool) -> None:
    for table in (sweep_table(), sweep_table(nan=False)):
        check(heat(table, width=width, colored=colored, unicode=unicode), width, colored, unicode)
        check(
            heat(table, "act", "lr", width=width, colored=colored, unicode=unicode),
            *(width, colored, unicode),
        )


def test_numbers_stand_in_cells_where_there_is_room() -> None:
    wide = plain(heat(sweep_table()))
    assert "0.8950" in wide
    assert "*0.8950" in wide  # the best
    assert "*best: 0.8950 at lr 0.01, act relu" in wide
    assert "x: no run ended well" in wide
    assert "each cell: the mean of 2 runs" in wide
    narrow = plain(heat(sweep_table(), width=30))
    assert "█0.90▓" in narrow  # 0.895, with fewer digits
    assert "0.8950█" not in narrow
    many = Table(
        {
            "a": [n % 20 for n in range(400)],
            "b": [n // 20 for n in range(400)],
            METRIC: [n / 400 for n in range(400)],
        }
    )
    lines = heat(many, "a", "b", width=40)
    check(lines, 40, False, True)
    assert "columns: " in plain(lines)


def test_numbers_are_never_cut() -> None:
    """A column called 0.0001 that is cut to 0.00 would be another column."""
    table = Table(
        {
            "lr": [10.0**-n for n in range(1, 6)] * 2,
            "act": ["a"] * 5 + ["b"] * 5,
            METRIC: [n / 10 for n in range(10)],
        }
    )
    lines = heat(table, width=30)
    assert "columns: 1: 1e-5, 2: 0.0001, 3: 0.001," in " ".join(each.strip() for each in lines)


def test_shades_go_from_low_to_high() -> None:
    table = Table({"a": [1, 1, 2, 2], "b": [1, 2, 1, 2], METRIC: [0.0, 0.3, 0.6, 1.0]})
    text = plain(heat(table, "a", "b"))
    assert "·0.0000·" in text
    assert "█*1.0000" in text
    ascii_text = plain(heat(table, "a", "b", unicode=False))
    assert "'0.0000'" in ascii_text
    colored = "\n".join(heat(table, "a", "b", colored=True))
    assert "48;5;17m 0.0000" in colored
    assert "48;5;227m*1.0000" in colored


def test_many_values_are_gathered() -> None:
    numbers = levels("lr", [10 ** (-n / 25) for n in range(100)], 30)
    assert len(numbers.labels) == 12
    assert numbers.note == "lr in 12 ranges of equal ratio"
    assert set(numbers.place) == set(range(12))
    missing = levels("lr", [*range(100), None], 30)
    assert missing.labels[-1] == "-"
    assert missing.place[-1] == 12
    texts = levels("data", [f"file{n % 50}" for n in range(60)], 5)
    assert texts.note == "the 5 most frequent of 50 values of data"
    assert sum(place is None for place in texts.place) == 50


def test_values_are_in_the_order_of_people() -> None:
    found = levels("x", [None, "b", 10, 9, 2.5, "a", True], 20)
    assert found.labels == ("2.5", "9", "10", "yes", "a", "b", "-")


def test_constant_and_odd_values() -> None:
    same = Table({"a": [1, 2], "b": [1, 2], METRIC: [0.5, 0.5]})
    assert "*" not in plain(heat(same, "a", "b"))  # none is the best
    none = Table({"a": [1, 2], "b": [1, 2], METRIC: [math.nan, None]})
    assert heat(none, "a", "b")[-1] == f"no run has a finite {METRIC}"
    huge = Table({"a": [1, 2], "b": [1, 2], METRIC: [1e-300, 1e300]})
    check(heat(huge, "a", "b", width=40), 40, False, True)
    names = Table({"a": [NASTY, "b" * 200], "b": [1, 2], METRIC: [0.5, 0.7]})
    for unicode in (True, False):
        for x, y in (("a", "b"), ("b", "a")):
            check(heat(names, x, y, width=40, unicode=unicode), 40, False, unicode)


def test_wrong_options_of_a_heat_map() -> None:
    with pytest.raises(UsageError, match="a heat map of lr by itself"):
        heat(sweep_table(), "lr", "lr")
    table = Table({**sweep_table().columns, "opt": ["sgd"] * 24})
    with pytest.raises(UsageError, match="opt is sgd in all runs: a heat map needs two options"):
        heat(table, "lr", "opt")
    with pytest.raises(UsageError, match="lr has no run"):
        heat(sweep_table().take([]))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("colored", "unicode"), MODES)
def test_parallel_coordinates_keep_to_the_terminal(
    width: int, colored: bool, unicode: bool
) -> None:
    lines = lines_of_runs(sweep_table(), width=width, colored=colored, unicode=unicode)
    check(lines, width, colored, unicode)
    text = plain(lines)
    for word in ("act", "lr", "seed", "sigmoid"):
        assert word in text
    assert "4 runs without a finite" in text


def test_every_value_is_marked_on_its_axis() -> None:
    text = plain(lines_of_runs(sweep_table(), width=160, height=24))
    for word in ("relu", "tanh", "0.001", "0.01", "0.1", "0.9000"):
        assert word in text


def test_the_best_runs_stand_out() -> None:
    assert "5 best runs" in plain(lines_of_runs(sweep_table()))
    colored = "\n".join(lines_of_runs(sweep_table(), colored=True))
    assert "worst" in colored
    assert "38;5;208m" in colored  # the best


def test_options_that_do_not_vary_are_words() -> None:
    table = Table({**sweep_table().columns, "opt": ["sgd"] * 24})
    lines = parallel(table, ["opt", "lr"], METRIC, width=80, colored=False)
    assert "the same in all: opt sgd" in lines
    with pytest.raises(UsageError, match="opt: no option varies among the runs"):
        parallel(table, ["opt"], METRIC, width=80, colored=False)


def test_too_many_axes_and_runs_for_the_picture() -> None:
    columns: dict[str, list[Any]] = {f"option{n}": [n, n + 1] * 200 for n in range(12)}
    table = Table({**columns, METRIC: [n / 400 for n in range(400)]})
    lines = parallel(table, list(columns), METRIC, width=40, colored=False)
    check(lines, 40, False, True)
    said = " ".join(line.strip() for line in lines)
    assert "too narrow for option3" in said
    assert "150 of 400 runs are drawn" in said


def test_odd_parallel_coordinates() -> None:
    none = Table({"lr": [0.1, 0.2], METRIC: [math.nan, None]})
    assert parallel(none, ["lr"], METRIC, width=80, colored=False)[-1] == (
        f"2 runs without a finite {METRIC} not drawn"
    )
    same = Table({"lr": [0.1, 0.2, None], "name": [NASTY, None, "名" * 30], METRIC: [0.5] * 3})
    for unicode in (True, False):
        lines = parallel(same, ["lr", "name"], METRIC, width=40, colored=False, unicode=unicode)
        check(lines, 40, False, unicode)
