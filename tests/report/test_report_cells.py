"""Values as people read them in tables."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.report.cells import cell, is_numeric


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("lr", None, "-"),
        ("lr", 1e-5, "1e-5"),
        ("val_accuracy:best", 0.5, "0.5000"),
        ("val_loss:min", math.nan, "nan"),
        ("val_loss:min", -math.inf, "-inf"),
        ("val_accuracy:best", math.inf, "inf"),
        ("seed", 12, "12"),
        ("parameters", 19210, "19.2k"),
        ("samples_per_second", 375359.6, "375k"),
        ("seconds_train", 0.25, "0.25 s"),
        ("seconds_to_target", 75.0, "1:15"),
        ("seconds_train", -0.001, "0.00 s"),
        ("seconds_train", math.nan, "-"),
        ("bn_input", True, "yes"),
        ("reached", False, "no"),
        ("tags", ("a", "b"), "a,b"),
        ("tags", (), "-"),
        ("created", "2026-03-01T09:30:00.000Z", "2026-03-01 09:30"),
        ("data", "/home/me/houses.csv", "houses.csv"),
        ("hidden", "64,32", "64,32"),
        ("name", "a\nb\x1b[2J", "a\\nb\\x1b[2J"),
        ("tags", ("a\nb",), "a\\nb"),
    ],
)
def test_cell(name: str, value: Any, shown: str) -> None:
    assert cell(name, value) == shown


def test_columns_of_a_metric_are_shown_as_it_is() -> None:
    assert cell("mean", 0.5, {"mean": "val_accuracy"}) == "0.5000"
    assert cell("mean", 0.5, {"mean": "val_loss"}) == "0.5"


@given(st.text())
def test_no_text_leaves_its_line_or_steers_the_terminal(text: str) -> None:
    assert cell("name", text).isprintable()


def test_numbers_alone_end_together() -> None:
    assert is_numeric([1, None, 2.5])
    assert not is_numeric([1, "full"])
    assert not is_numeric([True, False])
    assert not is_numeric([None, None])
