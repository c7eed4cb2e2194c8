"""Statistics of layers over epochs, in the terminal."""

from __future__ import annotations

import math
from typing import Any

import pytest
from picture_tables import MODES, WIDTHS, check, plain

from nncli.errors import UsageError
from nncli.report.pictures.layers import layer_history
from nncli.tables import Table

ROWS = [
    (1, epoch, layer, 0.1**layer / epoch, 0.01, 0.0, None if layer == 2 else 0.5)
    for epoch in range(1, 21)
    for layer in (1, 2, 3)
]
TABLE = Table.of_rows(
    ("run", "epoch", "layer", "grad_norm", "update_ratio", "saturated_frac", "dead_frac"), ROWS
)


def draw(table: Table = TABLE, *names: str, **options: Any) -> list[str]:
    usual: dict[str, Any] = {"width": 80, "colored": False}
    return layer_history(table, names or None, **{**usual, **options})


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("colored", "unicode"), MODES)
def test_they_keep_to_the_terminal(width: int, colored: bool, unicode: bool) -> None:
    lines = draw(width=width, colored=colored, unicode=unicode)
    check(lines, width, colored, unicode)
    text = plain(lines)
    assert "grad_norm, norm of the gradient, by epoch, logarithmic" in text.replace("\n  ", " ")
    assert "saturated_frac: 0 in all layers and epochs" in text.replace("\n  ", " ")
    assert "layer 3" in text


def test_statistics_that_were_asked_for() -> None:
    text = plain(draw(TABLE, "dead_frac"))
    assert "grad_norm" not in text
    assert "layer 1" in text
    assert "layer 2" not in text  # it has none that could die
    assert plain(draw(TABLE, "similarity")) == "similarity: no value to draw"
    with pytest.raises(UsageError, match="unknown statistic of layers 'dead'"):
        draw(TABLE, "dead")


def test_several_runs() -> None:
    table = Table({**TABLE.columns, "run": [1 + (row[1] > 10) for row in ROWS]})
    assert "run 2, layer 3" in plain(draw(table, width=160))


def test_numbers_that_are_none_are_counted() -> None:
    values = [math.nan, math.inf] + [row[3] for row in ROWS[2:]]
    assert draw(Table({**TABLE.columns, "grad_norm": values}), "grad_norm")[-1] == (
        "2 values not drawn: nan or infinite"
    )


def test_layers_that_were_not_watched() -> None:
    with pytest.raises(UsageError, match="no layers were watched: train with --diagnose"):
        draw(TABLE.take([]))
