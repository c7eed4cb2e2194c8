"""Quadratic and polynomial features against scikit-learn, and that predictions repeat them."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from nncli.data import DataOptions, Dataset, Preprocessing, class_counts, load, read_inputs
from nncli.data import expansion as module
from nncli.data.expansion import Expansion, columns_of
from nncli.errors import DataError, UsageError

Write = Callable[..., str]
Scaled = Callable[[Dataset, NDArray[np.int64]], NDArray[np.float64]]


def test_exclusive_or_becomes_linearly_separable() -> None:
    """The literal map (x1, x2, x1 x2), in which x1 + x2 - 2 x1 x2 is the answer."""
    found = load(DataOptions("xor", features="quadratic", scale="none"))
    assert found.rows.tolist() == [[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 1]]
    assert (found.shift.tolist(), found.scale.tolist()) == ([0, 0, 0], [1, 1, 1])
    np.testing.assert_array_equal(found.rows @ [1, 1, -2], found.targets[:, 0])
    assert found.preprocessing.features == ("x1", "x2", "x1 x2")
    assert "features: 2 inputs become 3" in found.notes


def polynomial(features: str) -> PolynomialFeatures:
    quadratic = features == "quadratic"
    degree = 2 if quadratic else int(features.removeprefix("poly:"))
    return PolynomialFeatures(degree, interaction_only=quadratic, include_bias=False)


@pytest.mark.parametrize("features", ["quadratic", "poly:2", "poly:3", "poly:5"])
def test_columns_are_those_of_scikit_learn(
    features: str, monkeypatch: pytest.MonkeyPatch, scaled: Scaled
) -> None:
    monkeypatch.setattr(module, "_BLOCK", 1000)  # many blocks, the last one short
    found = load(DataOptions("iris", features=features, dtype="float64"))
    plain = load(DataOptions("iris", dtype="float64"))
    outsider = polynomial(features)
    standard = StandardScaler().fit(plain.rows[plain.train])
    expanded = outsider.fit_transform(standard.transform(plain.rows))
    # a product is a few roundings of a standardised number
    np.testing.assert_allclose(found.rows, expanded, rtol=1e-12, atol=1e-13)
    expected = StandardScaler().fit(expanded[found.train]).transform(expanded)
    everything = np.arange(len(found.rows))
    # high powers have a large spread against their difference from the mean
    np.testing.assert_allclose(scaled(found, everything), expected, rtol=1e-9, atol=1e-11)
    named = outsider.get_feature_names_out(plain.preprocessing.features)
    assert found.preprocessing.features == tuple(named)
    assert found.width == columns_of(features, 4) == len(named)


def test_inputs_keep_their_scaling_and_products_are_standardised(scaled: Scaled) -> None:
    found = load(DataOptions("digits", features="quadratic", dtype="float64"))
    plain = load(DataOptions("digits", dtype="float64"))
    inputs = scaled(found, found.train)
    np.testing.assert_array_equal(inputs[:, :64], scaled(plain, plain.train))
    products = inputs[:, 64:]
    np.testing.assert_allclose(products.mean(axis=0), 0, atol=1e-12)
    # a product with a pixel that is always 0 is always 0
    spread = products.std(axis=0)
    np.testing.assert_allclose(spread[spread > 0], 1, rtol=1e-9)
    assert found.rows.dtype == np.float64
    assert found.preprocessing.image_shape is None
    assert found.hash == plain.hash


def test_scaling_is_learned_on_training_rows_alone() -> None:
    one = load(DataOptions("moons:n=100", features="poly:2", seed=0, dtype="float64"))
    other = load(DataOptions("moons:n=100", features="poly:2", seed=1, dtype="float64"))
    assert not np.array_equal(one.scale, other.scale)
    np.testing.assert_allclose(((one.rows[one.train] - one.shift) * one.scale).std(axis=0), 1)


ROWS = "".join(f"{i}.5,{'abc'[i % 3]},{i * i % 7},{'uv'[i % 2]}\n" for i in range(30))


def stored(preprocessing: Preprocessing) -> Preprocessing:
    """Return what comes back out of the database."""
    again = Preprocessing.from_json(json.loads(json.dumps(preprocessing.to_json())))
    assert again == preprocessing
    return again


@pytest.mark.parametrize("features", ["quadratic", "poly:3"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predictions_see_the_columns_of_training(write: Write, features: str, dtype: str) -> None:
    path = write("t.csv", "n,c,m,y\n" + ROWS)
    trained = load(DataOptions(path, features=features, dtype=dtype))
    again = stored(trained.preprocessing)
    found = read_inputs(path, again, dtype=dtype)
    np.testing.assert_array_equal(found.rows, trained.rows)  # the very bits
    assert found.rows.dtype == dtype
    assert found.rows.flags.c_contiguous
    few = write("few.csv", "m,c,n\n" + "".join(f"{i * i % 7},{'abc'[i]},{i}.5\n" for i in range(3)))
    np.testing.assert_array_equal(read_inputs(few, again, dtype=dtype).rows, trained.rows[:3])
    assert (again.width, again.encoded_width) == (trained.width, 5)
    encoded = load(DataOptions(path, dtype=dtype)).rows
    np.testing.assert_array_equal(again.expand(encoded, dtype), trained.rows)


def test_predictions_of_a_matrix() -> None:
    trained = load(DataOptions("digits", features="quadratic"))
    found = read_inputs("digits", stored(trained.preprocessing), dtype="float32")
    np.testing.assert_array_equal(found.rows, trained.rows)
    with pytest.raises(DataError, match="has 2 inputs, expected 64"):
        read_inputs("moons", trained.preprocessing, dtype="float32")


def test_models_without_features_are_stored_as_before() -> None:
    plain = load(DataOptions("iris")).preprocessing
    assert "expansion" not in plain.to_json()
    assert stored(plain).expansion is None
    assert plain.width == plain.encoded_width == 4


@pytest.mark.parametrize(
    "text", ["cubic", "poly", "poly:1", "poly:33", "poly:x", "poly:2.5", "poly:²", ""]
)
def test_wrong_features(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected quadratic, or poly:D with a degree from 2 to"):
        DataOptions(features=text)


def test_too_many_columns_are_counted_and_refused() -> None:
    with pytest.raises(DataError, match="poly:9 makes 97082021464 columns of 64: expected at most"):
        load(DataOptions("digits", features="poly:9"))
    with pytest.raises(DataError, match="makes 307720 columns of 784"):
        columns_of("quadratic", 784)


def test_memory_is_asked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(need: int, what: str) -> None:
        asked.append((need, what))
        raise DataError("no")

    monkeypatch.setattr(module, "require_memory", refuse)
    with pytest.raises(DataError, match="no"):
        Expansion("poly:2", (0.0,) * 3, (1.0,) * 3).expand(np.zeros((10, 3)), "float32")
    assert asked[0][0] == 10 * 9 * 4
    assert "makes 9 columns of 3" in asked[0][1]


def test_a_product_beyond_float32_is_refused() -> None:
    expansion = Expansion("poly:4", (0.0,), (1.0,))
    rows = np.array([[1.0], [1e10]])
    with pytest.raises(DataError, match="a product is too large for float32"):
        expansion.expand(rows, "float32")
    assert expansion.expand(rows, "float64")[1].tolist() == [1e10, 1e20, 1e30, 1e40]


def test_classes_are_counted_in_the_order_of_their_codes(write: Write) -> None:
    path = write("t.csv", "a,y\n" + "".join(f"{i},{'zxy'[min(i % 5, 2)]}\n" for i in range(50)))
    found = load(DataOptions(path))
    counts = class_counts(found)
    assert tuple(counts) == found.preprocessing.classes == ("x", "y", "z")
    codes = found.targets[found.train, 0]
    assert list(counts.values()) == [int((codes == code).sum()) for code in range(3)]
    assert sum(counts.values()) == len(found.train)
    assert class_counts(load(DataOptions("xor"))) == {"0": 2, "1": 2}
    for name in ("sine", "gates"):
        with pytest.raises(UsageError, match="expected a binary or multiclass one"):
            class_counts(load(DataOptions(name)))
