"""What ``nncli inspect`` reads out of stored runs, against predictions and plain NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import experiment, inspecting
from nncli.errors import DataError, NncliError, UsageError
from nncli.spec import Spec
from nncli.weight_statistics import ArrayStatistics


@pytest.fixture
def db(tmp_path: Path) -> str:
    return str(tmp_path / "runs.db")


def train(db: str, **options: Any) -> str:
    few = {"data": "iris", "hidden": "6", "epochs": 3, "test": "0.1", "threads": 1}
    plan = experiment.plan(Spec.read({**few, **options}))
    return str(experiment.train(plan, db=db).run)


def test_map_and_jacobian_agree_with_predictions(db: str) -> None:
    run = train(db, hidden="6,5", act="relu,prelu:0.1:unit", bn="before", bn_input=True)
    found = inspecting.inspect_run(run, db=db, linear_map=7, jacobian=7)
    assert found.passed
    assert found.linear_map is not None
    assert found.jacobian is not None
    spec, _ = experiment.spec_of(run, db=db)
    dataset = experiment.plan(spec).dataset
    predictor = experiment.predictor(run, db=db)
    outputs = predictor.outputs(dataset.rows[7:8])[0]
    e = np.exp(found.linear_map.map.z - found.linear_map.map.z.max())
    # predictions are in float32
    np.testing.assert_allclose(e / e.sum(), outputs, rtol=1e-5, atol=1e-6)
    # dp/dz of a softmax by its formula, times dz/dx
    p = e / e.sum()
    expected = (np.diag(p) - np.outer(p, p)) @ found.linear_map.map.weights
    np.testing.assert_allclose(found.jacobian.values, expected, rtol=0, atol=1e-12)
    assert found.outputs == ("setosa", "versicolor", "virginica")
    assert len(found.inputs) == 4
    assert 7 in getattr(dataset, found.linear_map.split)


def test_regions_of_the_splits(db: str) -> None:
    found = inspecting.inspect_run(train(db), db=db, linear_map=0).linear_map
    assert found is not None
    assert list(found.regions) == ["train", "val", "test", "all"]
    assert max(found.regions.values()) == found.regions["all"]
    assert found.regions["all"] <= sum(found.regions.values()) - found.regions["all"]
    assert found.regions["all"] <= 2**6
    linear = inspecting.inspect_run(train(db, hidden="none"), db=db, linear_map=0).linear_map
    assert linear is not None
    assert set(linear.regions.values()) == {1}


def test_rows_count_from_either_end(db: str) -> None:
    run = train(db)
    last = inspecting.inspect_run(run, db=db, jacobian=-1).jacobian
    same = inspecting.inspect_run(run, db=db, jacobian=149).jacobian
    assert last is not None
    assert same is not None
    assert last.row == same.row == 149
    np.testing.assert_array_equal(last.values, same.values)
    for row in (150, -151):
        with pytest.raises(UsageError, match=f"--jacobian is {row}: the data set has 150 rows"):
            inspecting.inspect_run(run, db=db, jacobian=row)


def test_a_curved_network_has_a_jacobian_and_no_map(db: str) -> None:
    run = train(db, hidden="5", act="tanh")
    assert inspecting.inspect_run(run, db=db, jacobian=3).passed
    with pytest.raises(UsageError, match="layer 1 has the activation tanh"):
        inspecting.inspect_run(run, db=db, linear_map=3)


def test_changed_data_are_refused(db: str, tmp_path: Path) -> None:
    path = tmp_path / "line.csv"
    path.write_text("x,y\n" + "".join(f"{i},{2 * i}.5\n" for i in range(30)))
    run = train(db, data=str(path), task="regression")
    assert inspecting.inspect_run(run, db=db, linear_map=0).passed
    path.write_text("x,y\n" + "".join(f"{i},{3 * i}.5\n" for i in range(30)))
    with pytest.raises(DataError, match="have changed since run 1"):
        inspecting.inspect_run(run, db=db, linear_map=0)
    assert inspecting.inspect_run(run, db=db).run == 1  # its arrays need no data


def test_weights_that_are_no_numbers_are_counted(db: str) -> None:
    run = train(db, data="linear", opt="sgd", lr=3e38, save="last")
    found = inspecting.inspect_run(run, db=db)
    assert sum(each.nan + each.infinite for layer in found.layers for each in layer.arrays) > 0
    with pytest.raises(NncliError, match="no numbers"):
        inspecting.inspect_run(run, db=db, linear_map=0)


def test_statistics() -> None:
    values = np.array([[0.0, 3.0, -4.0], [np.nan, np.inf, 0.0]], np.float32)
    found = ArrayStatistics.of("W", values, trained=True)
    some = np.array([0.0, 3.0, -4.0, 0.0])
    assert found.shape == (2, 3)
    assert (found.nan, found.infinite) == (1, 1)
    assert (found.min, found.max, found.norm) == (-4.0, 3.0, 5.0)
    assert found.mean == some.mean()
    assert found.deviation == some.std()
    assert found.zeros == 2 / 6
    none = ArrayStatistics.of("b", np.array([np.nan]), trained=True)
    assert np.isnan(none.mean)


def test_counts_are_those_of_the_model(db: str) -> None:
    run = train(db, hidden="6,5", act="prelu:0.2:unit,leaky_relu", bn="after,none", bn_input=True)
    found = inspecting.inspect_run(run, db=db)
    model = experiment.predictor(run, db=db).stored.model
    assert found.trained == model.parameters
    assert found.trained + found.kept == model.size
    assert [layer.name for layer in found.layers] == ["input", "layer 1", "layer 2", "layer 3"]
    assert found.layers[1].trained == 4 * 6 + 6 + 2 * 6 + 6  # W, b, gamma and beta, alpha
    assert found.layers[1].kept == 2 * 6
    assert found.layers[2].kept == 1  # the slope
    assert found.weights == "best"
