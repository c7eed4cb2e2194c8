"""Boundaries, confusion matrices and predictions in the terminal."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from picture_tables import COLOR, MODES, NASTY, WIDTHS, check, plain

from nncli.report.pictures.boundary import boundary
from nncli.report.pictures.confusion import confusion
from nncli.report.pictures.predictions import predicted_against_true, thinned_points
from nncli.report.pictures.views import Boundary, Confusion, Predictions

#: Left of 0 is class a, right of it b; the points of class b at (-1, -1) is misread.
HALVES = Boundary(
    title="run 1",
    classes=("a", "b"),
    features=("x1", "x2"),
    x=(-2.0, 2.0),
    y=(-2.0, 2.0),
    codes=np.repeat([[0] * 20 + [1] * 20], 40, axis=0),
    sureness=None,
    points=np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [math.nan, 0.0]]),
    truth=np.array([1, 0, 1, 0]),
    said=np.array([0, 0, 1, 0]),
    training=np.array([True, True, False, True]),
)


def seen(classes: int, *, rows: int = 2000) -> Confusion:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, classes, rows)
    said = np.where(rng.random(rows) < 0.9, truth, rng.integers(0, classes, rows))
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (truth, said), 1)
    return Confusion("run 3, val rows", tuple(f"class {n}" for n in range(classes)), matrix)


def regression(count: int = 500) -> Predictions:
    x = np.random.default_rng(0).normal(size=count)
    return Predictions("run 4, val rows", "price", x, x + 0.1)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("colored", "unicode"), MODES)
def test_they_keep_to_the_terminal(width: int, colored: bool, unicode: bool) -> None:
    options: dict[str, Any] = {"width": width, "colored": colored, "unicode": unicode}
    check(boundary(HALVES, **options), width, colored, unicode)
    check(predicted_against_true(regression(), **options), width, colored, unicode)
    for classes in (2, 3, 10, 26, 200):
        check(confusion(seen(classes), **options), width, colored, unicode)


def test_each_place_is_where_it_belongs() -> None:
    lines = boundary(HALVES, width=44, height=8, colored=False)
    field = [line[3:] for line in lines[1:9]]
    assert len(field[0]) == 41
    middle = field[4]
    assert middle[:20].isspace()
    assert set(middle[21:]) == {"░"}
    rows = {letter: n for n, row in enumerate(field) for letter in "ox" if letter in row}
    assert field[1].index("o") < 20  # (-1, 1) is above and left
    assert field[1].rindex("x") > 20
    assert field[5].index("x") < 20  # the one that is misread
    assert rows == {"o": 1, "x": 5}
    assert lines[1].split()[0] == "2"
    assert lines[8].split()[0] == "-2"
    assert lines[-2:] == ["4 points, 3 trained on; 1 taken for another", "  class"]
    assert "[  ] o a   [░░] x b" in lines


def test_half_blocks_hold_two_places() -> None:
    stripes = replace(
        HALVES, codes=np.repeat([[0], [1]] * 8, 10, axis=1), points=np.empty((0, 2)),
        truth=np.empty(0, np.int64), said=np.empty(0, np.int64), training=np.empty(0, bool),
    )  # fmt: skip
    text = "\n".join(boundary(stripes, width=13, height=8, colored=True))
    assert "\x1b[38;5;215;48;5;75m▀▀▀▀▀▀▀▀▀▀\x1b[0m" in text  # b above a


def test_unsure_ground_is_paler() -> None:
    sure = np.full((40, 40), 0.9)
    sure[:, 18:22] = 0.6
    text = "\n".join(boundary(replace(HALVES, sureness=sure), width=44, colored=True))
    for color in (153, 75, 223, 215):
        assert f"8;5;{color}" in text


def test_many_classes_and_bad_names_of_a_boundary() -> None:
    many = replace(HALVES, classes=tuple(f"{n}{NASTY}" for n in range(12)), features=(NASTY, "y"))
    for unicode in (True, False):
        lines = boundary(many, width=40, colored=False, unicode=unicode)
        check(lines, 40, False, unicode)
        assert "12 classes share 8 signs" in lines


def test_counts_and_shares() -> None:
    matrix = Confusion("run 1", ("cat", "dog"), np.array([[8, 2], [0, 0]]))
    text = plain(confusion(matrix, width=80, colored=False))
    assert "8 80%" in text
    assert "2 20%" in text
    assert "accuracy 0.8000: 8 of 10 rows" in text
    assert "most confused: cat as dog (2)" in text
    precision = next(line for line in text.splitlines() if line.startswith("precision"))
    assert precision.split()[1:] == ["100%", "0%"]
    wide = confusion(seen(10), width=160, colored=False)
    assert "cells: count and share of the true class" in plain(wide)
    narrower = plain(confusion(seen(10), width=80, colored=False))
    assert "cells: share of the true class, in per cent" in narrower
    shades = plain(confusion(seen(26), width=60, colored=False))
    assert "cells: share of the true class, as a shade" in shades


def test_more_classes_than_columns() -> None:
    lines = confusion(seen(200), width=40, colored=False)
    assert "of 200 classes that are confused most" in " ".join(each.strip() for each in lines)
    assert len(lines) < 45


def test_classes_that_look_alike_when_cut_are_numbered() -> None:
    text = plain(confusion(seen(10), width=46, colored=False))
    assert "10 class 9" in text or "10 c" in text


def test_odd_matrices() -> None:
    empty = Confusion("run 1", ("a", "b"), np.zeros((2, 2), np.int64))
    assert "no row of data" in plain(confusion(empty, width=80, colored=False))
    names = Confusion("r", (NASTY, "名前" * 30), np.array([[5, 1], [2, 7]]))
    for unicode in (True, False):
        check(confusion(names, width=40, colored=False, unicode=unicode), 40, False, unicode)
    perfect = Confusion("r", ("a", "b"), np.array([[5, 0], [0, 7]]))
    assert "most confused" not in plain(confusion(perfect, width=80, colored=False))


def test_the_diagonal_and_the_residuals() -> None:
    found = Predictions(
        "run 4", "y", np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0, 5.0])
    )
    summary = found.summary()
    assert (summary["rmse"], summary["mae"], summary["bias"]) == (1.0, 0.5, 0.5)
    assert summary["r2"] == pytest.approx(1 - 4 / 5)  # total: 2.25 + 0.25 + 0.25 + 2.25
    lines = predicted_against_true(found, width=80, colored=False)
    assert "4 rows: rmse 1, mean absolute error 0.5, R2 0.2000" in lines
    assert "•" in lines[1]  # at the top: 5 instead of 3


def test_numbers_that_are_none_are_counted() -> None:
    odd = Predictions("run 4", "y", np.array([0.0, 1.0, 2.0]), np.array([math.nan, 1.0, math.inf]))
    lines = predicted_against_true(odd, width=80, colored=False)
    assert lines[-1] == "2 values not drawn: nan or infinite"
    assert any(line.startswith("1 row: rmse 0") for line in lines)
    none = Predictions("run 4", NASTY, np.array([0.0]), np.array([math.nan]))
    lines = predicted_against_true(none, width=40, colored=False, unicode=False)
    check(lines, 40, False, False)
    assert lines[-1] == "1 value not drawn: nan or infinite"


@pytest.mark.parametrize("value", [0.0, 5.0, 1e300, -1e-300])
def test_constant_values(value: float) -> None:
    same = Predictions("run 4", "y", np.full(5, value), np.full(5, value))
    check(predicted_against_true(same, width=60, colored=False), 60, False, True)
    assert same.summary()["r2"] is None


def test_thinning_keeps_the_extremes() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=100_000)
    y = x + 0.01 * rng.normal(size=100_000)
    y[777] = x[777] + 3.0
    # others that come first in the cells of the extremes, and would stand for them
    x[:2], y[:2] = (x.max() - 1e-6, x.min() + 1e-6), (y[x.argmax()], y[x.argmin()])
    few_x, few_y = thinned_points(x, y, 1000)
    assert len(few_x) < 1100
    assert x.max() in few_x
    assert x.min() in few_x
    assert (few_y - few_x).max() == pytest.approx((y - x).max(), rel=0, abs=0)
    assert len(thinned_points(x[:10], y[:10], 1000)[0]) == 10
    text = plain(predicted_against_true(Predictions("r", "y", x, y), width=80, colored=False))
    assert COLOR.search(text) is None
