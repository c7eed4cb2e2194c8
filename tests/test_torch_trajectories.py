"""The weights after each of twenty updates against those of PyTorch, stored as a fixture.

fixtures/make_torch_fixtures.py made them. Where PyTorch deviates:

- its Momentum, ``torch.optim.SGD(momentum=...)``, keeps ``v = momentum v + g`` and multiplies by
  the rate afterwards, which is the same while the rate is constant;
- ``alpha`` of its RMSprop is rho; ``eps`` stands outside the root in all of them, the default here;
- its weight decay would include biases, unlike nncli's: groups of parameters leave them out;
- its cross-entropies average over labels where nncli adds them up;
- its clipping divides by the norm plus 1e-6.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures.small_runs import Data, resolved, trainer

STORED = np.load(Path(__file__).parent / "fixtures" / "torch_trajectories.npz")
HEADER: dict[str, Any] = json.loads(str(STORED["header"]))
SPECS: dict[str, dict[str, Any]] = HEADER["specs"]


def as_data(name: str, task: str) -> Data:
    x, y = STORED[f"{name}/x"], STORED[f"{name}/y"]
    none, everyone = np.arange(0), np.arange(len(x))
    width = x.shape[1]
    outputs = 3 if task == "multiclass" else y.shape[1]
    return Data(x, y, everyone, none, none, task, outputs, np.zeros(width), np.ones(width))


@pytest.mark.parametrize("name", SPECS)
def test_weights_after_each_update(name: str) -> None:
    options = dict(SPECS[name])
    task, expected = options.pop("task"), STORED[f"{name}/theta"]
    spec = resolved(task, **options, epochs=len(expected) - 1, batch_size="full")
    dataset = as_data(name, task)
    if task == "regression":
        dataset.preprocessing.target_scale = (1.0, 1.0)
    training = trainer(spec, dataset)
    training.theta[:] = expected[0]
    found = [expected[0]]
    for _ in range(len(expected) - 1):
        training.advance(1)
        found.append(training.theta.copy())
    assert training.status == "completed"
    # roundings of 1e-16 of different sums, in twenty updates; 1e-6 over a norm of 0.1 in clipping
    tolerance = 2e-6 if name == "clipping" else 1e-12
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
    assert np.abs(found[-1] - found[0]).max() > 1000 * tolerance


def test_every_optimizer_has_been_compared() -> None:
    assert {spec["opt"] for spec in SPECS.values()} >= {
        *("sgd", "momentum", "adagrad", "rmsprop", "adam")
    }
    assert HEADER["torch"]
