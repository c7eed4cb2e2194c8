"""Numbers and names as people read them."""

from __future__ import annotations

import math

import pytest

from nncli.report.text import aligned, count, duration, measure, number, shortened, visible


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.0, "0"),
        (0.123456, "0.1235"),
        (1e-7, "1e-7"),
        (123456789.0, "1.235e8"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_number(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (950, "950"), (12345, "12.3k"), (1.25e6, "1.25M"), (3e12, "3000G")],
)
def test_count(value: float, text: str) -> None:
    assert count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.814, "0.81 s"),
        (9.994, "9.99 s"),
        (9.996, "10 s"),
        (59.4, "59 s"),
        (59.6, "1:00"),
        (185, "3:05"),
        (8100, "2:15:00"),
        (math.inf, "-"),
    ],
)
def test_duration(value: float | None, text: str) -> None:
    assert duration(value) == text


def test_measure() -> None:
    assert measure("val_accuracy", 0.98) == "0.9800"
    assert measure("val_accuracy", math.nan) == "nan"
    assert measure("val_loss", 0.98) == "0.98"


def test_shortened() -> None:
    assert shortened("short", 10) == "short"
    assert shortened("abcdefghijkl", 9) == "abc...jkl"
    assert len(shortened("abcdefghijkl", 2)) == 2


def test_visible() -> None:
    assert visible("ä 漢\n") == "ä 漢\n"
    assert visible("\x1b[31m\r\x00\udc80") == "\\x1b[31m\\r\\x00\\udc80"


def test_aligned() -> None:
    assert aligned([["a", "b"], ["cc", "d"]]) == ["a   b", "cc  d"]
    assert aligned([["a", "10"], ["cc", "2"]], right=True) == ["a   10", "cc   2"]
