"""ONNX models in onnxruntime, an outsider, against nncli's own predictions."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from exporting_samples import (
    BLOBS,
    FORMULAS,
    LOSSES,
    SMALL,
    TASKS,
    VARIANTS,
    Sample,
    assert_close,
    sample,
)

from nncli.errors import NncliError, UsageError
from nncli.exporting.activations import activation_tree
from nncli.exporting.onnx_model import OLDEST, USUAL, onnx_model
from nncli.exporting.trees import ACTIVATIONS as TREES
from nncli.kernels.activations import ACTIVATIONS

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

#: The newest opset that onnxruntime 1.20 takes; a later one says a warning or refuses.
NEWEST = 21


def session(content: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def run(made: Sample, opset: int | None = None) -> dict[str, Any]:
    """Return what onnxruntime makes of a sample's rows, by the names of the outputs."""
    model = onnx_model(made.source, opset)
    onnx.checker.check_model(onnx.load_from_string(model.content), full_check=True)
    at = session(model.content)
    return dict(zip(model.outputs, at.run(None, {"x": made.raw}), strict=True))


def assert_same(made: Sample, found: dict[str, Any]) -> None:
    if made.source.network.task == "regression":
        assert list(found) == ["prediction"]
        assert_close(found["prediction"], made.decoded)
        return
    name = "probabilities" if made.source.gives_probabilities else "scores"
    assert list(found) == ["label", name]
    outputs = made.outputs
    if made.source.network.task == "binary" and name == "probabilities":
        outputs = np.hstack([1 - outputs, outputs])
    assert_close(found[name], outputs)
    np.testing.assert_array_equal(found["label"], made.decoded)
    if made.source.network.task != "multilabel":
        assert len(set(found["label"])) > 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants(variant: str) -> None:
    made = sample(**VARIANTS[variant])
    assert_same(made, run(made))


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS.names() if ACTIVATIONS[name].hidden])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_hidden_activation(name: str, dtype: str) -> None:
    made = sample(data=BLOBS, hidden="16,8", act=name, dtype=dtype)
    assert_same(made, run(made))


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_formulas(formula: str, dtype: str) -> None:
    made = sample(data="linear:n=200", hidden="8,8", act=formula, dtype=dtype)
    assert_same(made, run(made))


@pytest.mark.parametrize(("task", "loss", "output"), LOSSES)
def test_every_loss_with_every_task_and_output(task: str, loss: str, output: str) -> None:
    made = sample(data=TASKS[task], loss=loss, out_act=output)
    assert_same(made, run(made))


@pytest.mark.parametrize("opset", range(OLDEST, NEWEST + 1))
def test_every_opset(opset: int) -> None:
    made = sample(data=SMALL, hidden="8,8", act="hard_silu,gelu", bn="before", features="poly:2")
    assert_same(made, run(made, opset))


@pytest.mark.parametrize("opset", [OLDEST - 1, 10_000])
def test_an_opset_that_is_unknown(opset: int) -> None:
    with pytest.raises(UsageError, match=rf"--opset {opset}: expected {OLDEST} to \d+"):
        onnx_model(sample(data=SMALL).source, opset)


def test_the_usual_opset_is_read_by_old_programs() -> None:
    model = onnx.load_from_string(onnx_model(sample(data=SMALL).source).content)
    assert [(each.domain, each.version) for each in model.opset_import] == [("", USUAL)]
    assert model.ir_version == 8


def test_every_activation_of_the_catalogue_has_a_tree() -> None:
    assert list(TREES) == ACTIVATIONS.names()


def test_an_activation_without_a_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    part = replace(ACTIVATIONS["relu"], name="bent")
    monkeypatch.setattr(ACTIVATIONS, "parts", {**ACTIVATIONS.parts, "bent": part})
    with pytest.raises(NncliError, match="'bent' cannot be exported: expected one of identity"):
        activation_tree("bent")


def test_float64_networks_keep_their_digits() -> None:
    made = sample(data="linear:n=200", dtype="float64", hidden="8,8", act="softplus,selu")
    (prediction,) = run(made).values()
    # roundings of float64, a few hundred of them: had anything been float32, it would be 1e-7
    assert_close(prediction, made.decoded, close=1e-13)


def test_any_number_of_rows() -> None:
    made = sample(data="digits")
    at = session(onnx_model(made.source).content)
    assert [each.shape for each in at.get_inputs()] == [["n", 64]]
    assert [each.shape for each in at.get_outputs()] == [["n"], ["n", 10]]
    rows, whole = made.raw, run(made)["probabilities"]
    for count in (0, 1, 2, 65):
        label, probabilities = at.run(None, {"x": rows[:count]})
        assert label.shape == (count,)
        # a row among others is summed in another order than alone
        np.testing.assert_allclose(probabilities, whole[:count], rtol=0, atol=1e-6)


def test_the_model_says_where_it_is_from() -> None:
    made = sample(data="iris")
    model = onnx.load_from_string(onnx_model(made.source).content)
    found = {each.key: each.value for each in model.metadata_props}
    assert found["run"] == made.source.run.uuid
    assert found["spec_hash"] == made.source.run.spec_hash
    assert json.loads(found["classes"]) == ["setosa", "versicolor", "virginica"]
    assert json.loads(found["columns"])[0] == "sepal_length"
    assert found["nncli_version"] == model.producer_version
    assert (found["weights"], found["epoch"], found["task"]) == ("best", "7", "multiclass")


def test_equal_networks_give_equal_bytes() -> None:
    first, second = (onnx_model(sample(data="iris").source).content for _ in range(2))
    assert first == second


def test_nan_is_not_turned_into_a_number() -> None:
    made = sample(data="linear:n=200", act="relu")
    at = session(onnx_model(made.source).content)
    rows = made.raw
    rows[1, 0] = np.nan
    (prediction,) = at.run(None, {"x": rows})
    assert np.isnan(prediction[1]).all()
    assert np.isfinite(np.delete(prediction, 1, axis=0)).all()
