"""Curves drawn with characters."""

from __future__ import annotations

import math

import pytest

from nncli.report.curve import draw, loss_and_metric, thinned

CURVE = {
    "epoch": list(range(1, 31)),
    "train_loss": [2.0 / epoch**1.5 for epoch in range(1, 31)],
    "val_loss": [2.0 / epoch for epoch in range(1, 31)],
    "val_accuracy": [1 - 0.5 / epoch for epoch in range(1, 31)],
}
BOTH = ["train_loss", "val_loss"]


@pytest.mark.parametrize("width", [30, 40, 80, 100])
def test_size(width: int) -> None:
    lines = draw(CURVE, BOTH, "loss", width=width, height=12, colored=False)
    assert len(lines) == 12
    assert max(map(len, lines)) <= width


def test_plain_has_no_escapes_and_two_markers() -> None:
    text = "\n".join(draw(CURVE, BOTH, "loss", width=60, height=12, colored=False))
    assert "\x1b" not in text
    assert "•" in text
    assert any("\u2800" < c <= "\u28ff" for c in text)
    assert "train_loss" in text
    assert "val_loss" in text
    colored = "\n".join(draw(CURVE, BOTH, "loss", width=60, height=12, colored=True))
    assert "\x1b[" in colored


def test_ascii() -> None:
    lines = draw(CURVE, BOTH, "loss", width=60, height=12, colored=False, unicode=False)
    assert "\n".join(lines).isascii()


def test_the_axis_is_logarithmic_only_for_losses_that_span_much() -> None:
    text = draw(CURVE, BOTH, "loss", width=60, height=12, colored=False)[0]
    assert "logarithmic" in text
    flat = {"epoch": [1, 2], "val_loss": [1.0, 0.5]}
    title = draw(flat, ["val_loss"], "loss", width=60, height=12, colored=False)[0]
    assert "logarithmic" not in title
    zero = {"epoch": [1, 2], "val_loss": [1.0, 0.0]}
    title = draw(zero, ["val_loss"], "loss", width=60, height=12, colored=False)[0]
    assert "logarithmic" not in title


@pytest.mark.parametrize("values", [[1.0], [1.0, 1.0], [1.0, None, 2.0], [1e-300, 1e300]])
def test_odd_curves_are_drawn(values: list[float | None]) -> None:
    curve = {"epoch": list(range(1, len(values) + 1)), "val_loss": values}
    lines = draw(curve, ["val_loss"], "loss", width=40, height=10, colored=False)
    assert len(lines) == 10


def test_what_is_no_number_is_counted() -> None:
    curve = {"epoch": [1, 2, 3], "val_loss": [1.0, math.nan, math.inf]}
    lines = draw(curve, ["val_loss"], "loss", width=40, height=10, colored=False)
    assert lines[-1] == "2 values not drawn: nan or infinite"
    curve = {"epoch": [1], "val_loss": [math.nan]}
    lines = draw(curve, ["val_loss"], "loss", width=40, height=10, colored=False)
    assert lines == ["loss: none of the 1 values is a number"]


def test_thinning_keeps_the_peaks() -> None:
    points = [(float(x), 0.0) for x in range(100_000)]
    points[54_321] = (54_321.0, 9.0)
    kept = thinned(points, 400)
    assert len(kept) <= 402
    assert (54_321.0, 9.0) in kept
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert kept == sorted(kept)


def test_pictures_of_a_curve() -> None:
    assert loss_and_metric(CURVE) == [("loss", BOTH), ("accuracy", ["val_accuracy"])]
    assert loss_and_metric({}) == []
