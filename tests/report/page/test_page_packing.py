"""Columns as compact JSON, and what comes back of them."""

from __future__ import annotations

import base64
import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.report.page.packing import EXACT, kind_of, pack, pack_table
from nncli.tables import Table

WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def unpacked(packed: Any, rows: int) -> list[Any]:
    """What the page's program makes of a packed column."""
    packed = json.loads(json.dumps(packed, allow_nan=False))
    if isinstance(packed, list):
        return [WORDS.get(v, v) if isinstance(v, str) else v for v in packed]
    if "same" in packed:
        value = packed["same"]
        return [WORDS.get(value, value) if isinstance(value, str) else value] * rows
    if "words" in packed:
        return [packed["words"][place] for place in packed["at"]]
    if "from" in packed:
        return [packed["from"] + row * packed["step"] for row in range(rows)]
    return list(struct.unpack(f"<{rows}f", base64.b64decode(packed["f32"])))


@given(st.lists(st.one_of(st.none(), st.floats()), max_size=12))
def test_numbers_come_back_to_the_bit(values: list[float | None]) -> None:
    def exactly(value: float | None) -> str:
        # The sign of a zero alone is not kept: 0.0 + -0.0 is 0.0.
        return repr(value if value is None else 0.0 + float(value))

    found = unpacked(pack(values), len(values))
    assert list(map(exactly, found)) == list(map(exactly, values))


@given(st.lists(st.floats(allow_nan=True), min_size=1, max_size=12))
def test_short_numbers_are_those_of_float32(values: list[float]) -> None:
    for given_value, found in zip(
        values, unpacked(pack(values, short=True), len(values)), strict=True
    ):
        if math.isfinite(given_value):
            # Half a unit in the last of float32's 24 binary digits.
            assert math.isclose(found, given_value, rel_tol=2**-24)
        else:
            assert repr(float(found)) == repr(given_value)


@given(st.integers(-1000, 1000), st.integers(-5, 5).filter(bool), st.integers(3, 30))
def test_even_steps_take_no_room(first: int, step: int, count: int) -> None:
    values = [first + step * place for place in range(count)]
    packed = pack(values)
    assert packed == {"from": first, "step": step}
    assert unpacked(packed, count) == values


def test_forms() -> None:
    assert pack([]) == []
    assert pack([3, 3]) == {"same": 3}
    assert pack([True, True]) == {"same": True}
    assert pack([1, True]) == [1, True]
    assert pack([None, None]) == {"same": None}
    assert pack([math.nan, math.nan]) == ["nan", "nan"]
    assert pack([("a", "b"), ("a", "b")]) == {"same": ["a", "b"]}
    assert pack([0.5, None, -math.inf], short=True) == [0.5, None, "-inf"]
    assert pack([1e300, 1.0], short=True) == [1e300, 1]
    assert "f32" in pack([0.5, 0.25], short=True)
    assert pack([EXACT + 2, 0]) == [str(EXACT + 2), 0]


@given(st.lists(st.sampled_from(["a", "b", "", "nan", "<"]), max_size=30))
def test_texts_come_back(values: list[str]) -> None:
    found = [
        value if isinstance(value, str) else "nan" for value in unpacked(pack(values), len(values))
    ]
    assert found == values


def test_texts_that_come_again_are_named_once() -> None:
    assert pack(["b", "a"] * 4) == {"words": ["b", "a"], "at": [0, 1] * 4}
    assert pack(["b", "a", "b"]) == ["b", "a", "b"]
    assert pack(["b", "a", None] * 4) == ["b", "a", None] * 4


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("lr", [0.1, None, 3], "number"),
        ("bn_input", [True, None], "flag"),
        ("created", ["2026-03-01T09:30:00.000Z"], "time"),
        ("tags", [("a",), ()], "tags"),
        ("batch_size", [32, "full"], "text"),
        ("note", [None], "text"),
    ],
)
def test_kinds(name: str, values: list[Any], kind: str) -> None:
    assert kind_of(name, values) == kind


def test_a_table() -> None:
    packed = pack_table(Table({"run": [2, 1], "name": ["<b>", None]}))
    assert packed == {
        "rows": 2,
        "columns": [
            {"name": "run", "kind": "number", "values": [2, 1]},
            {"name": "name", "kind": "text", "values": ["<b>", None]},
        ],
    }
