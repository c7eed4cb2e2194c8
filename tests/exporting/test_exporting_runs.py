"""Which weights of which run are exported; refusals with a reason; trained networks end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import experiment
from nncli.errors import NncliError, StoreError, UsageError
from nncli.exporting.export import export
from nncli.exporting.source import find
from nncli.spec import Spec
from nncli.store import RunStore
from nncli.stored import StoredModel

MOONS = {"data": "moons:n=200", "hidden": "8", "epochs": 6, "lr": 0.05}


@pytest.fixture
def db(tmp_path: Path) -> str:
    return str(tmp_path / "results.db")


def train(db: str, **options: Any) -> int:
    return experiment.train(experiment.plan(Spec.read({**MOONS, **options})), db=db).run


def test_best_weights_and_last_ones(db: str) -> None:
    run = train(db, lr=2.0, opt="sgd", epochs=20)  # so fast that the best epoch is not the last
    with RunStore(db) as runs:
        kept = runs.get_run(run)
        best, last = runs.load_model(run, "best"), runs.load_model(run, "last")
    assert best.epoch == kept.best_epoch != last.epoch == 20
    usual, asked, other = (find("last", db=db, epoch=each) for each in (None, "best", "last"))
    assert (usual.weights, usual.epoch) == (asked.weights, asked.epoch) == ("best", best.epoch)
    assert (other.weights, other.epoch) == ("last", 20)
    np.testing.assert_array_equal(usual.network.theta, asked.network.theta)
    assert (usual.network.theta != other.network.theta).any()


def test_a_run_that_keeps_the_last_weights_alone(db: str) -> None:
    run = train(db, save="last")
    found = find(str(run), db=db)
    assert (found.weights, found.epoch) == ("last", 6)
    with pytest.raises(StoreError, match=f"run {run} has no model 'best': it keeps last"):
        find(str(run), db=db, epoch="best")


@pytest.mark.parametrize("epoch", [None, "best", "last"])
def test_a_run_without_weights(db: str, epoch: str | None) -> None:
    run = train(db, save="none")
    with pytest.raises(StoreError, match=f"run {run} has no model '.*': it keeps none"):
        find(str(run), db=db, epoch=epoch)


def test_a_run_that_is_not_there(db: str) -> None:
    train(db)
    with pytest.raises(StoreError, match="99"):
        export("99", db=db)
    with pytest.raises(StoreError):
        export("last", db=f"{db}.other")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("interrupted", "was interrupted after 6 of 6 epochs: nncli train --resume 1"),
        ("diverged", "diverged after 6 of 6 epochs: train again with a smaller --lr"),
        ("failed", "failed after 6 of 6 epochs: nncli report 1 says why"),
        ("pruned", "was given up by its sweep"),
        ("stale", "lost its process"),
        ("running", "is still running"),
    ],
)
def test_a_run_that_did_not_come_to_its_end(
    db: str, status: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(db)
    whole = RunStore.find_run

    def ended_otherwise(store: RunStore, reference: str | int) -> Any:
        from dataclasses import replace

        return replace(whole(store, reference), status=status)

    monkeypatch.setattr(RunStore, "find_run", ended_otherwise)
    with pytest.raises(NncliError, match=words) as caught:
        find("last", db=db)
    assert "--epoch last" in str(caught.value)
    assert find("last", db=db, epoch="best").weights == "best"


def test_a_run_that_really_diverged(db: str) -> None:
    run = train(db, data="linear:n=200", opt="sgd", lr=1e6, epochs=30)
    with RunStore(db) as runs:
        assert runs.get_run(run).status == "diverged"
    with pytest.raises(NncliError, match="diverged after"):
        find("last", db=db)
    with pytest.raises(NncliError, match="but those that it began with"):
        find("last", db=db, epoch="last")


def test_weights_that_are_no_numbers(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    train(db)
    monkeypatch.setattr(StoredModel, "is_finite", lambda network: False)
    with pytest.raises(NncliError, match=r"weights of epoch \d that are no numbers"):
        find("last", db=db, epoch="best")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"form": "onxx"}, "unknown format 'onxx'.*did you mean 'onnx'"),
        ({"epoch": "first"}, "unknown epoch 'first': choose one of best, last"),
        ({"form": "json", "opset": 17}, "--opset belongs to --format onnx"),
        ({"output": "net.pt", "opset": 17}, "--opset belongs to --format onnx, and this is torch"),
    ],
)
def test_options_that_make_no_sense(db: str, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        export("last", db=db, **settings)


@pytest.mark.parametrize(
    ("output", "form", "files"),
    [
        (None, None, ["run_1.onnx"]),
        (None, "json", ["run_1.json"]),
        (None, "torch", ["run_1.pt", "run_1.py"]),
        ("net.safetensors", None, ["net.safetensors"]),
        ("net.pth", None, ["net.pth", "net.py"]),
        ("net.py", None, ["net.pt", "net.py"]),
        ("net.JSON", None, ["net.JSON"]),
        ("net.bin", None, ["net.bin"]),
        ("net.onnx", "json", ["net.onnx"]),
    ],
)
def test_where_it_goes(
    db: str, output: str | None, form: str | None, files: list[str], tmp_path: Path
) -> None:
    train(db, data="iris", hidden="none", epochs=1)
    made = export("last", output, form, db=db)
    assert [str(each) for each in made.files] == files
    assert made.size == sum(map(len, made.files.values()))
    expected = form or {"net.bin": "onnx", None: "onnx"}.get(output)
    assert expected in (None, made.form)
    assert json.dumps(made.to_json())


def test_without_the_package_onnx(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    train(db)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UsageError, match=r"needs the package onnx.* pip install 'nncli\[onnx\]'"):
        export("last", db=db)
    assert export("last", form="json", db=db).size > 0


@pytest.mark.parametrize(
    "options",
    [
        {"data": "digits", "hidden": "32", "bn": "before", "epochs": 3},
        {"data": "sine", "hidden": "16,16", "act": "prelu:0.25:unit", "bn": "after"},
        {"act": "x*sigmoid(1.702*x)", "dropout": 0.2, "bn_input": True, "features": "poly:3"},
        {"loss": "hinge", "dtype": "float64", "act": "gelu,silu", "hidden": "8,8"},
    ],
    ids=str,
)
def test_trained_networks(db: str, options: dict[str, Any]) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    train(db, **options)
    made = export("last", db=db)
    (content,) = made.files.values()
    spec = Spec.read({**MOONS, **options, "features": None})
    rows = np.asarray(experiment.plan(spec).dataset.rows)
    session = onnxruntime.InferenceSession(content)
    found = session.run(None, {"x": rows.astype(made.source.network.dtype)})
    preprocessing = made.source.network.preprocessing
    predictor = experiment.predictor("last", db=db)
    inputs = preprocessing.expand(rows, made.source.network.dtype)
    expected = predictor.predict(inputs)
    if predictor.stored.task == "regression":
        # float32 sums in another order
        np.testing.assert_allclose(found[0], expected, rtol=0, atol=1e-5 * np.abs(expected).max())
        return
    np.testing.assert_array_equal(found[0], expected)
    # the same; shares are at most 1, margins a few
    np.testing.assert_allclose(found[1][:, -1:], predictor.outputs(inputs)[:, -1:], atol=1e-5)
