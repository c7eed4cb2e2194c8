"""The network layer by layer against the oracle, the native pass and complex steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import oracle
import pytest
from fixtures.small_runs import Data, data, finish, resolved, trainer

from nncli.layerwise import Layerwise
from nncli.spec import Spec

NETWORKS: dict[str, dict[str, Any]] = {
    "plain": {"act": "tanh"},
    "no hidden layer": {"hidden": "none"},
    "normalized input, no hidden layer": {"hidden": "none", "bn_input": True},
    "normalized before and after": {"bn": "before,after", "bn_eps": 0.1, "act": "tanh,silu"},
    "slopes": {"act": "prelu:0.1:unit,prelu", "bn": "after", "bn_input": True},
    "slopes that stay": {"act": "leaky_relu:0.3,elu:0.5", "bn": "before"},
    "all smooth ones": {"act": "gelu,softplus,selu,hard_silu", "hidden": "4,4,4,4"},
}


def trained(name: str, dtype: str = "float64") -> tuple[Spec, Data, Any, Layerwise]:
    options = {"hidden": "5,4", "dropout": 0.2, "dtype": dtype, **NETWORKS[name]}
    spec, dataset = resolved("multiclass", **options), data("multiclass")
    training = trainer(spec, dataset)
    finish(training)
    return spec, dataset, training, Layerwise(training.model, training.theta, spec.bn_eps or 0.0)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_step_is_the_oracle_s(name: str) -> None:
    spec, dataset, training, layers = trained(name)
    _, network, like = oracle.start_of(spec, dataset)
    x, _ = oracle.gathered(dataset, dataset.val)
    done = oracle.forward(network, oracle.unflat(training.theta, like), x)
    steps = layers.forward(x)
    assert len(steps) == len(done.z)
    for step, h, z in zip(steps, done.h, done.z, strict=True):
        # a handful of roundings of numbers of the order of 1
        np.testing.assert_allclose(step.inputs, h, rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(step.z, z, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(steps[-1].fed, done.p, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_computes_what_validation_computes(name: str, dtype: str) -> None:
    _, dataset, training, layers = trained(name, dtype)
    x, y = oracle.gathered(dataset, dataset.val)
    p = layers.forward(x.astype(dtype))[-1].a.astype("float64")
    loss = -np.log((p * y).sum(axis=1)).mean()
    found = training.evaluate(dataset.val, training.theta).loss
    assert loss == pytest.approx(found, rel=50 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_jacobian_by_central_differences(name: str) -> None:
    _, dataset, _, layers = trained(name)
    rows, _ = oracle.gathered(dataset, dataset.val[:3])
    step = 1e-6
    for x in rows:
        numeric = np.empty((3, x.size))
        for i, e in enumerate(np.eye(x.size)):
            above, below = (layers.forward((x + s * e)[None])[-1].fed[0] for s in (step, -step))
            numeric[:, i] = (above - below) / (2 * step)
        assert np.abs(numeric).max() > 1e-3
        # step^2 of third derivatives of up to 100, and 1e-16 / step of rounding
        np.testing.assert_allclose(layers.jacobian(x), numeric, rtol=1e-7, atol=1e-9)
