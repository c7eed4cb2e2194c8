"""The weights of networks during twenty updates against those of PyTorch, stored as a fixture.

fixtures/make_torch_fixtures.py made them from the specs of fixtures/torch_cases.py. Where PyTorch
deviates:

- its Momentum, ``torch.optim.SGD(momentum=...)``, keeps ``v = momentum v + g`` and multiplies by
  the rate afterwards, which is the same while the rate is constant;
- ``alpha`` of its RMSprop is rho; ``eps`` stands outside the root in all but Adadelta, as here;
- its weight decay would include biases, unlike nncli's: groups of parameters leave them out;
- its losses are reduced by sums here: of its own, it averages over labels where nncli adds them up,
  and divides by the sum of the classes' weights where nncli divides by rows;
- its clipping divides by the norm plus 1e-6;
- it has no Lion and no perceptron's criterion: these are written out with its tensors.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fixtures.small_runs import Data, resolved, trainer
from numpy.typing import NDArray

from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.losses import LOSSES
from nncli.kernels.optimizers import OPTIMIZERS

STORED = np.load(Path(__file__).parent / "fixtures" / "torch_trajectories.npz")
HEADER: dict[str, Any] = json.loads(str(STORED["header"]))
SPECS: dict[str, dict[str, Any]] = HEADER["specs"]
Arrays = dict[str, NDArray[Any]]


def as_data(name: str, task: str) -> Data:
    x, y = STORED[f"{name}/x"], STORED[f"{name}/y"]
    none, everyone = np.arange(0), np.arange(len(x))
    width = x.shape[1]
    outputs = 3 if task == "multiclass" else y.shape[1]
    classes = range({"binary": 2, "multiclass": outputs}.get(task, 0))
    scale = (1.0, 1.0) if task == "regression" else ()
    described = SimpleNamespace(target_scale=scale, classes=classes)
    return Data(
        x, y, everyone, none, none, task, outputs, np.zeros(width), np.ones(width), described
    )


def by_name(case: str, theta: NDArray[Any]) -> Arrays:
    """PyTorch's arrays, flat, by nncli's names."""
    found, start = {}, 0
    for name, size in HEADER["arrays"][case]:
        found[name] = theta[start : start + size]
        start += size
    assert start == theta.size
    return found


@pytest.mark.parametrize("case", SPECS)
def test_weights_after_updates(case: str) -> None:
    options = dict(SPECS[case])
    task, shown = options.pop("task"), HEADER["shown"]
    spec = resolved(task, **options, epochs=shown[-1], batch_size="full")
    training = trainer(spec, as_data(case, task))
    expected = [by_name(case, theta) for theta in STORED[f"{case}/theta"]]
    views = training.model.views(training.theta)
    # PyTorch keeps the numbers of activations that are not learned elsewhere
    assert {name for name in views if not name.endswith("alpha")} <= set(expected[0]) <= set(views)
    for name, values in expected[0].items():
        views[name].reshape(-1)[:] = values
    # roundings of 1e-16 of different sums, in twenty updates; 1e-6 over a norm of 0.1 in clipping
    tolerance = 2e-6 if case == "clipping" else 1e-12
    done = 0
    for updates, arrays in zip(shown, expected, strict=True):
        if updates > done:
            training.advance(updates - done)
        done = updates
        for name, values in arrays.items():
            np.testing.assert_allclose(
                views[name].reshape(-1), values, rtol=0, atol=tolerance, err_msg=name
            )
    assert training.status == "completed"
    for name, values in expected[-1].items():
        assert np.abs(values - expected[0][name]).max() > 1000 * tolerance, f"{name} stands still"


def test_everything_that_pytorch_has_has_been_compared() -> None:
    assert {spec["opt"] for spec in SPECS.values()} == set(OPTIMIZERS.names()) - {"lbfgs"}
    defaults = {"mse", "binary_cross_entropy", "cross_entropy"}
    named = {spec["loss"].partition(":")[0] for spec in SPECS.values() if "loss" in spec}
    assert defaults | named == set(LOSSES.names())
    acts = {text.partition(":")[0] for spec in SPECS.values() for text in spec["act"].split(",")}
    hidden = {name for name in ACTIVATIONS.names() if ACTIVATIONS[name].hidden}
    assert acts == hidden - {"identity", "step"}
    assert HEADER["torch"]
