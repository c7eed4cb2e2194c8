"""Networks to export, made without training: random weights over real preprocessing.

What training would give is of no interest here, and what it would seldom give is there: running
statistics far from 0 and 1, different slopes, and outputs on both sides of every line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli import choices, stored
from nncli.arrays import scaled_rows
from nncli.data import Dataset, load
from nncli.exporting.source import Source
from nncli.inference import Predictor
from nncli.kernels.losses import LOSSES as CATALOGUE
from nncli.layerwise import Layerwise
from nncli.planning import data_options, plan
from nncli.spec import Spec
from nncli.store import Checkpoint, arrays_to_bytes
from nncli.stored import StoredModel

Array = NDArray[Any]

#: Of the largest value: sums of up to some hundred float32 products, each rounded by 6e-8, in
#: another order than nncli's own, through a few layers that may double an error.
CLOSE = 1e-5


@dataclass(frozen=True)
class Sample:
    """A network with its data, and what nncli itself says of them."""

    source: Source
    dataset: Dataset
    unexpanded: Dataset

    @property
    def raw(self) -> Array:
        """Return the same rows without products of inputs, as numbers of the network's type."""
        rows = np.asarray(self.unexpanded.rows)
        return rows[:: max(1, len(rows) // 300)].astype(self.source.network.dtype)

    @property
    def rows(self) -> Array:
        """Return up to 300 rows as the data set stores them."""
        return np.asarray(self.dataset.rows[:: max(1, len(self.dataset.rows) // 300)])

    @property
    def outputs(self) -> Array:
        """Return what the native forward pass makes of them."""
        return Predictor(self.source.network).outputs(self.rows)

    @property
    def decoded(self) -> Array:
        """Return what ``nncli predict`` says of them."""
        return Predictor(self.source.network).predict(self.rows)


def sample(seed: int = 0, **options: Any) -> Sample:
    """Return a network of some options of a spec."""
    prepared = plan(Spec.read({"hidden": "12", **options}))
    model, spec, dataset = prepared.model, prepared.spec, prepared.dataset
    rng = np.random.default_rng(seed)
    theta = model.initialize(rng, "auto", spec.dtype)
    for name, view in model.views(theta).items():
        kind = name.rpartition(" ")[2]
        if kind in ("b", "beta", "running_mean"):
            view[:] = rng.normal(0, 0.5, view.shape)
        elif kind in ("gamma", "running_var"):
            view[:] = rng.uniform(0.3, 2, view.shape)
        elif kind == "alpha" and "prelu" in model.layers[0].activation:
            view[:] = rng.uniform(0.05, 0.6, view.shape)
    # around the lines between the classes, so that there are rows on all sides of them
    inputs, _ = scaled_rows(dataset, np.arange(0, len(dataset.rows), len(dataset.rows) // 30))
    last = Layerwise(model, theta.astype(np.float64), spec.bn_eps or 0.0).forward(inputs)[-1]
    model.views(theta)[f"layer {len(model.layers)} b"] -= last.z.mean(axis=0)
    if (
        spec.out_act in ("identity", "tanh")
        and CATALOGUE[choices.loss(spec.loss).part.name].threshold
    ):
        model.views(theta)[f"layer {len(model.layers)} b"] += 0.5
    kept = Checkpoint(
        epoch=7,
        weights=arrays_to_bytes(model.views(theta)),
        info=stored.description(spec, model, dataset),
    )
    run: Any = SimpleNamespace(
        id=3,
        uuid="00000000-0000-4000-8000-000000000003",
        name="a run",
        status="completed",
        spec=json.dumps(spec.to_json()),
        spec_hash=spec.hash(),
        data=str(spec.data),
        data_hash=dataset.hash,
    )
    unexpanded = load(replace(data_options(spec), features=None))
    return Sample(Source(run, "best", 7, StoredModel.of(kept)), dataset, unexpanded)


def assert_close(found: Any, expected: Any, close: float = CLOSE) -> None:
    """Compare numbers, ``close`` being of the largest one; texts and whole numbers are equal."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    if found.dtype.kind in "fc":
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found, expected, rtol=0, atol=close * np.abs(expected).max())
    else:
        np.testing.assert_array_equal(found.astype(expected.dtype), expected)


#: Networks that differ in one thing each; what all formats are tried on.
SMALL = "moons:n=200"
BLOBS = "blobs:n=200"
VARIANTS: dict[str, dict[str, Any]] = {
    "linear": {"data": "linear:n=200", "hidden": "none"},
    "deep": {"data": BLOBS, "hidden": "16,8,4", "act": "relu,tanh,gelu"},
    "pixels": {"data": "digits"},
    "several labels": {"data": "gates:n=64,noise=0.1"},
    "unscaled": {"data": BLOBS, "scale": "none"},
    "minmax": {"data": BLOBS, "scale": "minmax"},
    "quadratic": {"data": "blobs:n=200,features=4", "features": "quadratic"},
    "quadratic of pixels": {"data": "digits", "features": "quadratic"},
    "poly": {"data": SMALL, "features": "poly:4"},
    "poly unscaled": {"data": SMALL, "features": "poly:3", "scale": "none"},
    "bn before": {"data": SMALL, "hidden": "8,6", "bn": "before"},
    "bn after": {"data": SMALL, "hidden": "8,6", "bn": "after", "bn_eps": 0.1},
    "bn in one layer": {"data": SMALL, "hidden": "8,6", "bn": "before,none"},
    "bn at the input": {"data": SMALL, "bn_input": True},
    "bn everywhere": {"data": "digits", "bn": "after", "bn_input": True, "features": None},
    "bn at the input alone": {"data": BLOBS, "bn_input": True, "hidden": "none"},
    "prelu a unit": {"data": SMALL, "act": "prelu:0.25:unit"},
    "prelu fixed": {"data": SMALL, "act": "prelu:0.3:fixed"},
    "float64": {"data": SMALL, "dtype": "float64", "hidden": "8,8", "act": "gelu,softplus"},
    "dropout": {"data": SMALL, "dropout": 0.5},
}
FORMULAS = (
    "x*sigmoid(1.702*x)",
    "log(1+exp(x))",
    "log(cosh(x))",
    "1/(1+exp(-x))",
    "max(x,0.1*x)-min(x,2)",
    "where(-1<x<=1,x**2,abs(x))",
    "where(x>0,x,expm1(x))",
    "where(x>0,1,-1)*sqrt(1+x**2)",
    "x**5/100-x**3+2**x/(1+abs(x))",
    "sin(pi*x)*cos(x)+tan(x/9)",
    "sinh(x/3)-cosh(x/3)+tanh(x)+atan(x)",
    "x*(1+erf(x/sqrt(2)))/2+log1p(x**2)",
    "softplus(x)-relu(-x)*sign(x)+e**(-x**2)",
    "(x**2)**1.25",
)
#: A data set of each task.
TASKS = {
    "regression": "linear:n=200",
    "binary": SMALL,
    "multiclass": BLOBS,
    "multilabel": "gates:n=64,noise=0.1",
}

#: Every loss with every task and output activation that it takes, and a formula.
LOSSES = [
    *(
        (task, part.name, output)
        for part in CATALOGUE.parts.values()
        for task, outputs in part.outputs.items()
        for output in outputs
    ),
    ("regression", "log(cosh(p-y))", "identity"),
]
