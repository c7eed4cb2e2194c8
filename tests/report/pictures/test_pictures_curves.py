"""Curves of several runs in the terminal."""

from __future__ import annotations

import math
from typing import Any

import plotext
import pytest
from picture_tables import COLOR, MODES, NASTY, WIDTHS, check, curve_table, plain

from nncli.errors import UsageError
from nncli.report.pictures.curves import curves
from nncli.tables import Table

LABELS = {1: "run 1", 2: "run 2", 3: "run 3"}


def draw(table: Table, names: list[str] | None = None, **options: Any) -> list[str]:
    usual: dict[str, Any] = {"width": 80, "colored": False}
    labels = options.pop("labels", LABELS)
    return curves(table, labels, names or ["val_loss"], **{**usual, **options})


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("colored", "unicode"), MODES)
@pytest.mark.parametrize("smooth", [0.0, 0.9])
def test_widths_and_characters(width: int, colored: bool, unicode: bool, smooth: float) -> None:
    lines = draw(curve_table(), width=width, colored=colored, unicode=unicode, smooth=smooth)
    check(lines, width, colored, unicode)
    assert lines[0] == "val_loss by epoch, logarithmic"
    assert colored == any(COLOR.search(line) for line in lines)
    assert "run 3" in plain(lines)


def test_height_is_that_of_the_field() -> None:
    lines = draw(curve_table(), height=12)
    assert len(lines) == 1 + 12 + 1  # the title, the field, and the legend


def test_the_field_does_not_depend_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """plotext limits pictures to the terminal of the process, which a file has none of."""
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("LINES", "5")
    lines = draw(curve_table(), width=160, height=20)
    assert max(map(len, lines)) == 160
    assert len(lines) == 22


def test_nothing_of_plotext_is_shared() -> None:
    """A figure that somebody prepares is neither drawn nor lost."""
    plotext.clear_figure()
    plotext.plot([1, 2], [1, 2], label="theirs")
    first = draw(curve_table())
    assert "theirs" not in plain(first)
    assert draw(curve_table()) == first
    assert "theirs" in plotext.uncolorize(plotext.build())
    plotext.clear_figure()


def test_axes_and_what_curves_run_over() -> None:
    assert draw(curve_table(), log_y=False)[0] == "val_loss by epoch"
    assert draw(curve_table(), x="updates")[0] == "val_loss by updates, logarithmic"
    assert (
        draw(curve_table(), x="seconds", log_x=True)[0] == "val_loss by seconds, both logarithmic"
    )
    assert "1350" in plain(draw(curve_table(), x="updates", width=160)) or "1200" in plain(
        draw(curve_table(), x="updates", width=160)
    )


def test_whole_epochs_are_marked() -> None:
    lines = draw(curve_table(epochs=3), width=160)
    assert plain(lines).splitlines()[-2].split() == ["1", "2", "3"]


def test_the_raw_line_is_kept_behind_the_smoothed_one() -> None:
    noisy = [1.0 + (0.5 if epoch % 2 else -0.5) for epoch in range(30)]
    table = curve_table(runs=1, val_loss=noisy)
    lines = draw(table, labels={1: "run 1"}, smooth=0.9)
    said = " ".join(line.strip() for line in lines)
    assert "smoothed by an exponential moving average of weight 0.9, bias-corrected" in said
    assert "dimmed: the raw values" in said
    assert any("·" in line for line in lines)
    colored = "\n".join(draw(table, labels={1: "run 1"}, smooth=0.9, colored=True))
    assert "38;5;67m" in colored  # dimmed blue
    assert "38;5;33m" in colored  # blue


def test_what_is_no_number_is_counted() -> None:
    values = [math.nan, math.inf, -math.inf, 1e301, None] + [1.0 / e for e in range(1, 26)]
    lines = draw(curve_table(runs=1, val_loss=values), labels={1: "run 1"})
    assert lines[-1] == "4 values not drawn: nan or infinite"
    nothing = draw(curve_table(runs=1, val_loss=[math.nan] * 30), labels={1: "run 1"})
    assert nothing == ["val_loss by epoch", "30 values not drawn: nan or infinite"]


def test_values_without_a_place_on_a_logarithmic_axis_are_counted() -> None:
    values = [0.0, -1.0] + [1.0] * 28
    lines = draw(curve_table(runs=1, val_loss=values), labels={1: "run 1"}, log_y=True)
    assert lines[-1] == "2 values not drawn: not above 0, on a logarithmic axis"


def test_runs_without_the_metric_are_named() -> None:
    table = curve_table()
    table = Table({**table.columns, "val_accuracy": [0.5] * 30 + [None] * 60})
    lines = draw(table, ["val_accuracy"])
    assert lines[-1] == "2 runs without val_accuracy: 2, 3"
    none = draw(curve_table(), ["val_accuracy"])
    assert none[1] == "3 runs without val_accuracy: 1, 2, 3"
    assert draw(Table.of_rows(curve_table().names, []), labels={})[1] == "no run has a value of it"


@pytest.mark.parametrize(
    "values",
    [[1.0] * 30, [0.0] * 30, [-3.0] * 30, [1e300, -1e300] * 15, [1e-300, 1e300] * 15,
     [5e-324, 1.0] * 15, [1.0, 1.0000000000000002] * 15, [1e9, 1e9 + 1] * 15],
)  # fmt: skip
@pytest.mark.parametrize("log_y", [None, True, False])
def test_odd_values_are_drawn(values: list[float], log_y: bool | None) -> None:
    table = curve_table(runs=1, val_loss=values)
    lines = draw(table, labels={1: "run 1"}, log_y=log_y, height=10, width=60)
    check(lines, 60, False, True)


def test_one_point() -> None:
    lines = draw(curve_table(runs=1, epochs=1), labels={1: "run 1"}, width=40)
    check(lines, 40, False, True)
    assert sum("\u2800" < c <= "\u28ff" for line in lines[:-1] for c in line) == 1


def test_labels_are_shown_and_not_obeyed() -> None:
    for unicode in (True, False):
        lines = draw(curve_table(), labels={1: NASTY, 2: "x" * 300, 3: ""}, unicode=unicode)
        check(lines, 80, False, unicode)
        assert "<script>\\x1b[2J" in plain(lines)


def test_metrics_of_one_kind_share_a_picture_of_a_single_run() -> None:
    table = curve_table(runs=1)
    table = Table(
        {
            **table.columns,
            "train_loss": [v / 2 if v else None for v in table["val_loss"]],
            "val_accuracy": [0.5 + e / 100 for e in table["epoch"]],
        }
    )
    names = ["train_loss", "val_loss", "val_accuracy"]
    alone = draw(table, names, labels={1: "run 1"})
    titles = [line for line in alone if " by epoch" in line]
    assert titles == ["loss by epoch, logarithmic", "val_accuracy by epoch"]
    assert "train_loss" in plain(alone)
    two = curve_table(runs=2, train_loss=list(table["train_loss"]) * 2)
    several = draw(two, ["train_loss", "val_loss"], labels={1: "a", 2: "b"})
    assert [line for line in several if " by epoch" in line] == [
        "train_loss by epoch, logarithmic",
        "val_loss by epoch, logarithmic",
    ]


def test_an_axis_suits_all_metrics_in_a_picture() -> None:
    """One of them may hold zeros, which a logarithmic axis has no place for."""
    table = curve_table(runs=1, train_loss=[0.0] * 30)
    lines = draw(table, ["train_loss", "val_loss"], labels={1: "run 1"})
    assert lines[0] == "loss by epoch"
    assert "not drawn" not in plain(lines)


def test_many_runs() -> None:
    labels = {run: f"run {run}" for run in range(1, 131)}
    lines = draw(curve_table(runs=130, epochs=4), labels=labels)
    check(lines, 80, False, True)
    assert "92 more" in plain(lines)
    assert "the first 100 of 130 lines are drawn" in lines


def test_thousands_of_points_keep_their_peaks() -> None:
    values = [1.0] * 20_000
    values[12_345] = 9.0
    table = Table.of_rows(
        ("run", "epoch", "updates", "seconds", "val_loss"),
        [(1, e + 1, e, float(e), v) for e, v in enumerate(values)],
    )
    lines = draw(table, labels={1: "run 1"}, width=40, log_y=False, height=9)
    assert "⡇" in plain(lines[1:2]) or any("\u2800" < c <= "\u28ff" for c in lines[1])


def test_groups_have_means_and_bands() -> None:
    groups = {1: "act=relu", 2: "act=relu", 3: "act=tanh"}
    lines = draw(curve_table(), groups=groups)
    said = plain(lines)
    assert "act=relu" in said
    assert "lines: means of the runs; dimmed: lowest to highest" in said
    assert "dimmed: 95% interval of the mean" in plain(
        draw(curve_table(), groups=groups, band="interval")
    )
    alone = draw(curve_table(), groups={1: "a", 2: "b", 3: "c"})
    assert "dimmed" not in plain(alone)  # a single run has no band


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": "epochs"}, "unknown x axis 'epochs'.*did you mean 'epoch'"),
        ({"smooth": 1.0}, "smoothing is 1: expected a weight from 0"),
        ({"smooth": math.nan}, "smoothing is nan"),
        ({"band": "sd"}, "unknown band 'sd'"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        draw(curve_table(), **options)
