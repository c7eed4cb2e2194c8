"""Gathering rows and targets of a mini-batch, from every kind of storage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nncli.kernels.gather import GATHERS, gather_targets

Maker = Callable[[Callable[..., Any]], Any]


@pytest.mark.parametrize("storage", GATHERS)
def test_rows_are_converted_shifted_and_scaled(made: Maker, storage: str, dtype: str) -> None:
    rng = np.random.default_rng(0)
    rows = (100 + 50 * rng.standard_normal((20, 7))).clip(0, 255).astype(storage)
    shift, scale = rows.mean(axis=0).astype(dtype), (1 / (1 + rng.random(7))).astype(dtype)
    stored = rows.view(np.uint8)
    stored.flags.writeable = False
    index = rng.integers(0, 20, 12)
    x = np.full((5, 7), np.nan, dtype)
    made(GATHERS[storage])(stored, index, 3, 1, 4, shift, scale, x)
    expected = (rows[index[4:7]].astype("float64") - shift) * scale.astype("float64")
    # the difference is rounded once, in the narrower type, and the product once
    atol = 2 * float(np.finfo(dtype).eps) * 255
    np.testing.assert_allclose(x[1:4], expected, rtol=0, atol=atol)
    assert np.isnan(x[[0, 4]]).all()


def test_bytes_do_not_wrap_around(made: Maker, dtype: str) -> None:
    stored, x = np.array([[3, 255]], np.uint8), np.empty((1, 2), dtype)
    shift, scale = np.array([5, 0], dtype), np.array([2, 1], dtype)
    made(GATHERS["uint8"])(stored, np.zeros(1, np.int64), 0, 0, 1, shift, scale, x)
    assert x.tolist() == [[-4.0, 255.0]]


def test_targets_are_copied(made: Maker, dtype: str) -> None:
    targets = np.arange(12, dtype=dtype).reshape(6, 2)
    y = np.full((4, 2), np.nan, dtype)
    made(gather_targets)(targets, np.array([5, 0, 3, 2]), 1, 1, 3, y)
    np.testing.assert_array_equal(y[1:3], targets[[3, 2]])
    assert np.isnan(y[[0, 3]]).all()


def test_codes_become_one_hot_rows(made: Maker, dtype: str) -> None:
    codes = np.array([[2], [0], [1]], dtype)
    y = np.full((3, 3), np.nan, dtype)
    made(gather_targets)(codes, np.array([2, 0, 1, 2, 0]), 2, 0, 3, y)
    np.testing.assert_array_equal(y, np.eye(3))
