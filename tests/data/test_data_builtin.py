"""Built-in sets: contents, names with parameters, what importing costs."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from sklearn import datasets as sklearn_datasets

from nncli.data import BUILTINS, DataOptions, load
from nncli.data.catalog import canonical, data_names
from nncli.data.generators import GENERATORS
from nncli.errors import DataError, UsageError


def test_importing_the_names_loads_no_numpy() -> None:
    code = "import nncli.data, sys; print([m for m in ('numpy', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_loading_builtin_sets_imports_no_pandas() -> None:
    code = (
        "import nncli.data as d, sys\n"
        "for name in ('digits', 'iris', 'moons'): d.load(d.DataOptions(name))\n"
        "print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_digits_are_those_of_scikit_learn() -> None:
    expected = sklearn_datasets.load_digits()
    found = load(DataOptions("digits"))
    assert found.rows.dtype == np.uint8
    np.testing.assert_array_equal(found.rows, expected.data)
    np.testing.assert_array_equal(found.targets[:, 0], expected.target)
    assert found.preprocessing.image_shape == (8, 8)
    assert set(found.shift.tolist()) == {0.0}
    assert set(found.scale.tolist()) == {1 / 16}
    assert (found.task, found.outputs, found.notes) == ("multiclass", 10, ())


def test_iris_is_that_of_scikit_learn() -> None:
    expected = sklearn_datasets.load_iris()
    found = load(DataOptions("iris", dtype="float64"))
    np.testing.assert_array_equal(found.rows, expected.data)
    np.testing.assert_array_equal(found.targets[:, 0], expected.target)
    assert found.preprocessing.classes == tuple(expected.target_names)


def test_xor_is_not_split_unless_asked() -> None:
    found = load(DataOptions("xor"))
    assert sorted(found.rows.tolist()) == [[0, 0], [0, 1], [1, 0], [1, 1]]
    expected = np.logical_xor(found.rows[:, 0], found.rows[:, 1])
    np.testing.assert_array_equal(found.targets[:, 0], expected)
    assert (len(found.train), len(found.val)) == (4, 0)
    assert any("all 4 rows are trained on" in note for note in found.notes)
    asked = load(DataOptions("xor", val="0.5"))
    assert (len(asked.train), len(asked.val)) == (2, 2)
    many = load(DataOptions("xor:n=100,noise=0.1"))
    assert (len(many.train), len(many.val)) == (80, 20)


def test_gates_are_three_labels_of_the_same_points() -> None:
    found = load(DataOptions("gates"))
    assert (found.task, found.outputs, found.width) == ("multilabel", 3, 2)
    assert found.preprocessing.targets == ("and", "or", "xor")
    a, b = found.rows.astype(bool).T
    assert sorted(found.rows.tolist()) == [[0, 0], [0, 1], [1, 0], [1, 1]]
    expected = [np.logical_and(a, b), np.logical_or(a, b), np.logical_xor(a, b)]
    np.testing.assert_array_equal(found.targets.T, expected)
    assert (len(found.train), len(found.val)) == (4, 0)
    many = load(DataOptions("gates:n=100,noise=0.1"))
    assert (len(many.train), len(many.val)) == (80, 20)


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_generators_are_seeded_by_their_own_parameter(name: str) -> None:
    one = load(DataOptions(f"{name}:n=40,noise=0.1,seed=3", seed=0))
    again = load(DataOptions(f"{name}:noise=0.1,n=40,seed=3", seed=9))
    other = load(DataOptions(f"{name}:n=40,noise=0.1,seed=4"))
    np.testing.assert_array_equal(one.rows, again.rows)
    np.testing.assert_array_equal(one.rows.shape[0], 40)
    assert one.hash == again.hash
    assert one.name == again.name
    assert not np.array_equal(one.rows, other.rows)
    assert one.hash != other.hash
    assert np.isfinite(one.rows).all()


def test_generated_shapes_without_noise() -> None:
    circles = load(DataOptions("circles:noise=0,factor=0.3"))
    radius = np.hypot(*circles.rows.T)
    np.testing.assert_allclose(radius, np.where(circles.targets[:, 0] == 0, 1, 0.3), rtol=1e-6)
    sine = load(DataOptions("sine:noise=0", dtype="float64"))
    p = sine.preprocessing
    y = sine.targets[:, 0] * p.target_scale[0] + p.target_shift[0]
    np.testing.assert_allclose(y, np.sin(np.pi * sine.rows[:, 0]), atol=1e-12)
    assert load(DataOptions("spiral:classes=5")).outputs == 5
    assert load(DataOptions("blobs:classes=4,features=7")).rows.shape == (1000, 7)
    linear = load(DataOptions("linear:noise=0", dtype="float64"))
    design = np.column_stack([linear.rows, np.ones(len(linear.rows))])
    residuals = np.linalg.lstsq(design, linear.targets[:, 0], rcond=None)[1]
    assert residuals[0] < 1e-20


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("moons:nois=1", "did you mean 'noise'?"),
        ("moons:n=ten", "'n=ten' of 'moons': expected a whole number from 2 on"),
        ("moons:noise=-1", "expected a number from 0 on"),
        ("moons:noise=inf", "expected a number"),
        ("digits:n=3", "has no parameters"),
        ("moons:n", "unknown parameter 'n'"),
        ("blobs:n=3,classes=3", "expected n of at least 6"),
    ],
)
def test_wrong_parameters(source: str, part: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(DataOptions(source))
    assert part in str(caught.value)


def test_canonical_names() -> None:
    assert canonical("moons:n=1000,noise=0.3") == "moons:noise=0.3"
    assert canonical("moons:n=1000") == "moons"
    assert data_names() == list(BUILTINS)


def test_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(DataError, match=r"no built-in data set and no file 'digts' \(did you"):
        load(DataOptions("digts"))


def test_columns_of_a_builtin_set() -> None:
    found = load(DataOptions("iris", columns=("petal_width", "1")))
    full = load(DataOptions("iris"))
    np.testing.assert_array_equal(found.rows, full.rows[:, [0, 3]])
    assert found.preprocessing.features == ("sepal_length", "petal_width")
    assert load(DataOptions("iris", drop=("-1",))).width == 3
    with pytest.raises(UsageError, match="has its own target"):
        load(DataOptions("iris", target="petal_width"))


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"task": "regresion"}, "did you mean 'regression'"),
        ({"scale": "std"}, "unknown scale"),
        ({"val": "1.5"}, "--val 1.5"),
        ({"val": "nan"}, "--val nan"),
        ({"val": "0.6", "test": "0.4"}, "leave no rows"),
        ({"seed": -1}, "--seed -1"),
    ],
)
def test_wrong_options(options: dict[str, object], part: str) -> None:
    with pytest.raises(UsageError) as caught:
        DataOptions(**options)  # type: ignore[arg-type]
    assert part in str(caught.value)


def test_a_file_is_no_part_of_a_builtin_set(tmp_path: object) -> None:
    with pytest.raises(DataError, match=r"--val nothing.csv: there is no such file"):
        load(DataOptions("iris", val="nothing.csv"))
