"""Formulas of the user, vetted before they train: finite on the data, and the derivative right.

The network's first weights are taken through the training data layer by layer. What each formula
is fed there, and as much again on both sides, is where it must be finite and where its derivative
is held against differences.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nncli import choices
from nncli.arrays import scaled_rows, some_rows
from nncli.data import Dataset
from nncli.formulas import check_derivative, check_finite
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.losses import LOSSES
from nncli.layerwise import Layerwise
from nncli.model import Model
from nncli.spec import Spec
from nncli.starting import start

#: Rows that the formulas see.
ROWS = 128


def vet(spec: Spec, dataset: Dataset, model: Model) -> None:
    """Raise UsageError, with the reason, for a formula that the network cannot be trained with."""
    assert spec.loss is not None
    loss = choices.loss(spec.loss).part
    formulas = [layer.choice.part.name in ACTIVATIONS.made for layer in model.layers]
    if not any(formulas) and loss.name not in LOSSES.made:
        return
    x, y = scaled_rows(dataset, some_rows(dataset, ROWS))
    _, theta = start(spec, model, dataset, "float64")
    steps = Layerwise(model, theta, spec.bn_eps or 0.0).forward(x)
    for layer, step, is_formula in zip(model.layers, steps, formulas, strict=True):
        if is_formula:
            low, high = _wider(step.z)
            check_finite(layer.choice.part, low, high, dtype=spec.dtype)
            check_derivative(layer.choice.part, low, high)
    if loss.name in LOSSES.made:
        p = steps[-1].a
        shares = model.layers[-1].activation in ("sigmoid", "softmax")
        low, high = (p.min(), p.max()) if shares else _wider(np.concatenate([p, y]))
        check_finite(loss, float(low), float(high), dtype=spec.dtype)
        check_derivative(loss, float(low), float(high))


def _wider(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = (high - low) / 2
    return low - margin, high + margin
