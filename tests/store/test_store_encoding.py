"""Arrays and small values survive their way through bytes and JSON text."""

from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.errors import StoreError
from nncli.store import arrays_from_bytes, arrays_to_bytes, from_json, to_json


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool", "uint64"])
def test_arrays_keep_shape_dtype_and_bits(dtype: str) -> None:
    generator = np.random.default_rng(1)
    arrays = {
        "matrix": generator.integers(0, 2, (3, 5)).astype(dtype),
        "scalar": np.ones((), dtype=dtype),
        "empty": np.zeros((0, 4), dtype=dtype),
        "turned": generator.integers(0, 2, (4, 6)).astype(dtype).T[::2],
    }
    back = arrays_from_bytes(arrays_to_bytes(arrays))
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert back[name].shape == array.shape
        np.testing.assert_array_equal(back[name], array)


def test_nan_payloads_and_infinities_keep_their_bits() -> None:
    bits = np.array([0x7FF8000000000123, 0xFFF0000000000000, 0x8000000000000000], dtype=np.uint64)
    back = arrays_from_bytes(arrays_to_bytes({"x": bits.view(np.float64)}))["x"]
    np.testing.assert_array_equal(back.view(np.uint64), bits)


@pytest.mark.parametrize("data", [b"", b"junk" * 10, pickle.dumps({"a": 1})])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        arrays_from_bytes(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_json_comes_back(value: object) -> None:
    text = to_json(value)
    json.loads(text, parse_constant=pytest.fail)  # strict JSON: no NaN literal
    assert equal(from_json(text), value)


def equal(left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[k], right[k]) for k in left)
    return type(left) is type(right) and left == right


def test_a_generator_s_state_comes_back() -> None:
    generator = np.random.default_rng(5)
    generator.random(3)
    state = from_json(to_json(generator.bit_generator.state))
    other = np.random.default_rng(0)
    other.bit_generator.state = state
    assert other.random() == generator.random()


def test_numpy_scalars_become_numbers() -> None:
    assert to_json({"b": np.float64("nan"), "a": np.int64(3)}) == '{"a":3,"b":{"$float":"nan"}}'
    with pytest.raises(TypeError):
        to_json({"x": object()})
