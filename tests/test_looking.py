"""What stored networks say of their data, against the metrics that the run itself measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import experiment, looking
from nncli.errors import DataError, StoreError, UsageError
from nncli.report.pictures.boundary import boundary as draw_boundary
from nncli.spec import Spec
from nncli.store import RunStore

CSV = "a,b,label\n" + "".join(
    f"{n % 7},{n % 5},{'yes' if n % 7 > 3 else 'no'}\n" for n in range(60)
)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("looking") / "runs.db")


def train(db: str, **options: Any) -> str:
    few = {"hidden": "8", "epochs": 3, "threads": 1}
    plan = experiment.plan(Spec.read({**few, **options}))
    return str(experiment.train(plan, db=db).run)


def stored(db: str, run: str) -> Any:
    with RunStore(db) as runs:
        return runs.find_run(run)


@pytest.fixture(scope="module")
def moons(db: str) -> str:
    return train(db, data="moons:n=300", epochs=20, test="0.2", lr=0.02)


def test_the_grid_is_what_the_network_predicts(db: str, moons: str) -> None:
    (seen,) = looking.boundary(moons, db=db, resolution=(7, 5))
    assert seen.codes.shape == (5, 7)
    assert seen.sureness is not None
    assert seen.features == ("x1", "x2")
    # the middles of equal parts, from the lowest y to the highest
    xs = seen.x[0] + (np.arange(7) + 0.5) / 7 * (seen.x[1] - seen.x[0])
    ys = seen.y[0] + (np.arange(5) + 0.5) / 5 * (seen.y[1] - seen.y[0])
    predictor = experiment.predictor(moons, db=db)
    for row, column in ((0, 0), (4, 6), (2, 3), (1, 5)):
        place = np.array([[xs[column], ys[row]]], np.float32)
        assert predictor.predict(place)[0] == seen.classes[seen.codes[row, column]]
        share = float(predictor.outputs(place)[0, 0])
        # the same network on the same float32 numbers
        assert seen.sureness[row, column] == pytest.approx(max(share, 1 - share), rel=1e-6)


def test_the_points_are_those_of_the_data(db: str, moons: str) -> None:
    (seen,) = looking.boundary(moons, db=db)
    run = stored(db, moons)
    assert len(seen.points) == 300
    assert seen.training.sum() == 180
    assert seen.x[0] < seen.points[:, 0].min() < seen.points[:, 0].max() < seen.x[1]
    # the validation and test rows, counted by the run itself: one row is 1/60 of a split
    wrong = seen.wrong[~seen.training].sum() / 60
    assert wrong == pytest.approx(2 - run.best_val_accuracy - run.test_accuracy, abs=1e-6)
    assert seen.title == f"run {moons}"
    assert "300 points, 180 trained on" in "\n".join(draw_boundary(seen, width=80, colored=False))


def test_features_that_are_multiplied_are_still_two(db: str) -> None:
    for scale in ("none", "standard"):
        options = {"hidden": "none", "features": "quadratic", "lr": 0.1, "epochs": 300}
        run = train(db, data="xor", scale=scale, **options)
        (seen,) = looking.boundary(run, db=db, resolution=(20, 20))
        np.testing.assert_allclose(np.unique(seen.points), [0, 1], atol=1e-6)
        assert not seen.wrong.any()
        # exclusive or: opposite corners are alike
        corners = seen.codes[[1, 1, 18, 18], [1, 18, 1, 18]]
        assert corners.tolist() == [0, 1, 1, 0]


def test_several_labels_have_a_boundary_and_a_matrix_each(db: str) -> None:
    run = train(db, data="gates", hidden="4", act="tanh", lr=0.05, epochs=400)
    found = looking.boundary(run, db=db, resolution=(10, 10))
    assert [each.title for each in found] == [f"run {run}, {gate}" for gate in ("and", "or", "xor")]
    assert [each.truth.sum() for each in found] == [1, 3, 2]
    assert not any(each.wrong.any() for each in found)
    assert found[0].classes == ("not and", "and")
    matrices = looking.confusion(run, db=db)
    assert [each.matrix.tolist() for each in matrices] == [
        [[3, 0], [0, 1]],
        [[1, 0], [0, 3]],
        [[2, 0], [0, 2]],
    ]
    assert matrices[0].title == f"run {run}, and, train rows"  # nothing was kept apart


def test_margins_have_no_probability(db: str) -> None:
    run = train(db, data="moons:n=100", loss="hinge", epochs=5)
    (seen,) = looking.boundary(run, db=db, resolution=(5, 5))
    assert seen.sureness is None
    accuracy = stored(db, run).best_val_accuracy
    (matrix,) = looking.confusion(run, db=db)
    assert matrix.right / matrix.total == pytest.approx(accuracy, abs=1e-6)


@pytest.fixture(scope="module")
def digits(db: str) -> str:
    return train(db, data="digits", test="0.1")


@pytest.mark.parametrize("split", ["train", "val", "test", None])
def test_a_matrix_has_the_accuracy_of_the_run(db: str, digits: str, split: str | None) -> None:
    (seen,) = looking.confusion(digits, db=db, split=split)
    kept = stored(db, digits)
    assert seen.matrix.shape == (10, 10)
    assert seen.classes == tuple("0123456789")
    assert seen.title == f"run {digits}, {split or 'val'} rows"
    if split == "train":  # the run measures it before each update
        return
    expected = kept.test_accuracy if split == "test" else kept.best_val_accuracy
    assert seen.right / seen.total == pytest.approx(expected, abs=1e-6)  # stored in float32


def test_rows_are_true_and_columns_predicted(db: str) -> None:
    run = train(db, data="iris", epochs=1, seed=3)
    (seen,) = looking.confusion(run, db=db, split="train")
    dataset = experiment.plan(experiment.spec_of(run, db=db)[0]).dataset
    truth = dataset.targets[dataset.train, 0].astype(int)
    assert seen.matrix.sum(axis=1).tolist() == np.bincount(truth).tolist()
    said = experiment.predictor(run, db=db).predict(dataset.rows[dataset.train])
    counts = [int((said == name).sum()) for name in seen.classes]
    assert seen.matrix.sum(axis=0).tolist() == counts


def test_predictions_have_the_rmse_of_the_run(db: str) -> None:
    run = train(db, data="linear:n=200", epochs=10, test="0.2")
    kept = stored(db, run)
    for split, expected in (("val", kept.best_val_rmse), ("test", kept.test_rmse)):
        (seen,) = looking.predictions(run, db=db, split=split)
        assert seen.target == "y"
        # the run's is computed in float32
        assert seen.summary()["rmse"] == pytest.approx(expected, rel=1e-4)
    (default,) = looking.predictions(run, db=db)
    assert default.title == f"run {run}, val rows"


def test_several_targets_are_in_their_own_units(db: str, tmp_path: Path) -> None:
    file = tmp_path / "two.csv"
    rows = (f"{n / 50},{1000 + n},{n / 1000}" for n in range(100))
    file.write_text("x,big,small\n" + "\n".join(rows) + "\n")
    run = train(db, data=str(file), target="big,small", epochs=2)
    big, small = looking.predictions(run, db=db, split="train")
    assert (big.target, small.target) == ("big", "small")
    assert set(np.round(big.truth)) <= set(range(1000, 1100))
    assert small.truth.max() < 0.1


@pytest.mark.parametrize(
    ("look", "data", "message"),
    [
        (looking.boundary, "digits", "has 64 features: .* of 2 numbers; train on two with"),
        (looking.boundary, "sine", "is a regression: a decision boundary needs classes"),
        (looking.confusion, "sine", "is a regression: a confusion matrix needs classes"),
        (looking.predictions, "moons", "is a binary task: .* --confusion"),
    ],
)
def test_wrong_tasks(db: str, look: Any, data: str, message: str) -> None:
    run = train(db, data=data, epochs=1)
    with pytest.raises(UsageError, match=message):
        look(run, db=db)


def test_a_feature_that_is_no_number_makes_no_plane(db: str, tmp_path: Path) -> None:
    file = tmp_path / "color.csv"
    file.write_text("color,label\n" + "red,yes\nblue,no\n" * 20)
    run = train(db, data=str(file), epochs=1)
    with pytest.raises(UsageError, match=f"run {run} has 2 features: .* --confusion"):
        looking.boundary(run, db=db)


def test_splits_that_are_not_there(db: str, moons: str) -> None:
    with pytest.raises(UsageError, match=r"unknown split 'valid'.*did you mean 'val'"):
        looking.confusion(moons, db=db, split="valid")
    run = train(db, data="iris", epochs=1)
    with pytest.raises(UsageError, match=r"has no test rows: expected one of train \(120\), val"):
        looking.confusion(run, db=db, split="test")


def test_data_that_changed_or_vanished(db: str, tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text(CSV)
    run = train(db, data=str(file), epochs=1)
    digest = stored(db, run).data_hash[:12]
    looking.boundary(run, db=db, resolution=(3, 3))
    file.write_text(CSV + "1,1,yes\n")
    for look in (looking.boundary, looking.confusion):
        with pytest.raises(
            DataError, match=f"changed since run {run}: .*SHA-256 {digest}"
        ) as error:
            look(run, db=db)
        assert f"nncli train --from {run}" in str(error.value)
    file.write_text("a,b\n1,2\n3,4\n")  # the target is gone
    with pytest.raises(DataError, match="SHA-256"):
        looking.boundary(run, db=db)
    file.unlink()
    with pytest.raises(
        DataError, match=f"SHA-256 {digest}.*cannot be read as they were: there is no"
    ):
        looking.boundary(run, db=db)


def test_runs_that_are_not_there_or_keep_no_weights(db: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run '9999'"):
        looking.boundary("9999", db=db)
    with pytest.raises(StoreError, match="train something first"):
        looking.confusion("1", db=str(tmp_path / "none.db"))
    run = train(db, data="moons:n=100", epochs=1, save="none")
    with pytest.raises(StoreError, match="has no model"):
        looking.boundary(run, db=db)
