"""The Python API, as a notebook would use it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nncli
from nncli.errors import DataError, UsageError


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    kind = np.where(x[:, 0] + x[:, 1] > 0, "up", "down")
    colour = rng.choice(["red", "green"], 300)
    lines = [f"{a:.4f},{b:.4f},{c},{k}" for (a, b), c, k in zip(x, colour, kind, strict=True)]
    path = tmp_path / "table.csv"
    path.write_text("a,b,colour,kind\n" + "\n".join(lines) + "\n")
    return path


def test_train_returns_the_run_and_its_curve(tmp_path: Path) -> None:
    db = str(tmp_path / "results.db")
    run = nncli.train("iris", act="tanh", opt="rmsprop", epochs=20, hidden=(8, 4), db=db)
    assert run.status == "completed"
    assert list(run.curve.columns[:2]) == ["epoch", "train_loss"]
    assert len(run.curve) == 20
    assert run.curve["val_accuracy"].iloc[-1] == run.metrics["val_accuracy"]
    assert {"layer 1 W", "layer 3 b"} <= set(run.model.weights)
    assert run.model.weights["layer 2 W"].shape == (8, 4)
    assert "completed" in repr(run)


def test_files_frames_and_arrays_give_the_same_predictions(table: Path, tmp_path: Path) -> None:
    import pandas as pd

    db = str(tmp_path / "results.db")
    run = nncli.train(table, target="kind", epochs=60, db=db)
    model = nncli.load(run.id, db=db)
    frame = pd.read_csv(table)
    by_file = model.predict(table)
    assert set(by_file) == {"up", "down"}
    assert (by_file == frame["kind"]).mean() > 0.9
    assert (model.predict(frame) == by_file).all()
    shares = model.predict_proba(table)
    assert shares.shape == (300, 2)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    assert (np.array(["down", "up"])[shares.argmax(axis=1)] == by_file).all()

    strange = frame.assign(colour="violet")  # a category that training has not seen
    assert len(model.predict(strange)) == 300


def test_a_regression_predicts_in_the_targets_own_units(tmp_path: Path) -> None:
    db = str(tmp_path / "results.db")
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, 3)).astype(np.float32)
    y = 1e5 + 2e4 * x[:, 0] - 1e4 * x[:, 1]
    path = tmp_path / "data.npz"
    np.savez(path, X=x, y=y)
    run = nncli.train(path, hidden="none", epochs=200, lr=0.01, db=db)
    predicted = run.model.predict(x)[:, 0]
    # the truth is linear, so what is left is what Adam has not yet descended
    assert np.sqrt(np.mean((predicted - y) ** 2)) < 300
    assert run.metrics["val_rmse"] < 300
    with pytest.raises(DataError, match="no probabilities"):
        run.model.predict_proba(x)
    with pytest.raises(DataError, match="3 inputs"):
        run.model.predict(x[:, :2])


def test_frames_and_arrays_train_like_the_files_that_they_are(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pandas as pd

    monkeypatch.setenv("NNCLI_CACHE", str(tmp_path / "cache"))
    db = str(tmp_path / "results.db")
    options = {"hidden": "4", "epochs": 3, "db": db}
    frame = pd.read_csv(table)
    by_file = nncli.train(table, target="kind", **options)
    by_frame = nncli.train(frame, target="kind", **options)
    assert by_frame.metrics == by_file.metrics

    x, y = frame[["a", "b"]].to_numpy(), frame["kind"].to_numpy(object)
    by_arrays = nncli.train((x, y), **options)
    assert set(by_arrays.model.predict(x)) <= {"up", "down"}
    again = nncli.train((x, y), **options)
    assert again.spec.data == by_arrays.spec.data  # one file for one content
    assert again.metrics == by_arrays.metrics
    with pytest.raises(UsageError, match="a pair of arrays"):
        nncli.train(3)  # type: ignore[arg-type]


def test_wrong_options_are_the_commands_errors() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'opt'"):
        nncli.train("iris", optt="adam")
    with pytest.raises(UsageError, match=r"did you mean 'relu'"):
        nncli.train("iris", act="rel")


def test_importing_nncli_loads_nothing_heavy() -> None:
    code = (
        "import sys, nncli; "
        "print([m for m in ('numpy', 'numba', 'pandas', 'sqlalchemy') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_network_is_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = nncli.train("iris", epochs=2, hidden=4)
    (path,) = nncli.export(run.id, tmp_path / "iris.json")
    assert json.loads(path.read_text())["run_id"] == run.id
    with pytest.raises(UsageError, match="exists"):
        nncli.export(run.id, path)
    nncli.export(run.id, path, force=True)
