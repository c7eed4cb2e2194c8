"""A network of two inputs, two hidden units and one output, with every gradient written out.

The names are the document's: ``u_0 = x_0 w1_00 + x_1 w1_10 + b1_0`` and ``h_0 = f(u_0)``,
likewise ``u_1`` and ``h_1``, then ``u_2 = h_0 w2_00 + h_1 w2_10 + b2_0`` and ``y_0 = g(u_2)``.
The loss of one row is ``(y_0 - t)^2``, of several their mean.
"""

from __future__ import annotations

import numpy as np
import pytest

from nncli import choices
from nncli.arrays import no_settings
from nncli.gradcheck.probe import Batch, Probe, Setting
from nncli.model import Layer, Model

#: An activation and its derivative, as the textbook has them.
FUNCTIONS = {
    "identity": (lambda u: u, lambda u: 1.0),
    "sigmoid": (
        lambda u: 1 / (1 + np.exp(-u)),
        lambda u: np.exp(-u) / (1 + np.exp(-u)) ** 2,
    ),
    "tanh": (np.tanh, lambda u: 1 / np.cosh(u) ** 2),
    "relu": (lambda u: max(u, 0.0), lambda u: float(u > 0)),
}


def written_out(
    x: list[float], target: float, w: dict[str, float], hidden: str, output: str
) -> tuple[float, dict[str, float]]:
    """Loss of one row, and the gradient of each weight by the chain rule, factor by factor."""
    f, df = FUNCTIONS[hidden]
    g, dg = FUNCTIONS[output]
    u0 = x[0] * w["w1_00"] + x[1] * w["w1_10"] + w["b1_0"]
    u1 = x[0] * w["w1_01"] + x[1] * w["w1_11"] + w["b1_1"]
    u2 = f(u0) * w["w2_00"] + f(u1) * w["w2_10"] + w["b2_0"]
    dloss = 2 * (g(u2) - target)  # dLoss / dg(u_2)
    return (g(u2) - target) ** 2, {
        "w2_00": dloss * dg(u2) * f(u0),
        "w2_10": dloss * dg(u2) * f(u1),
        "b2_0": dloss * dg(u2) * 1,
        "w1_00": dloss * dg(u2) * w["w2_00"] * df(u0) * x[0],
        "w1_10": dloss * dg(u2) * w["w2_00"] * df(u0) * x[1],
        "b1_0": dloss * dg(u2) * w["w2_00"] * df(u0) * 1,
        "w1_01": dloss * dg(u2) * w["w2_10"] * df(u1) * x[0],
        "w1_11": dloss * dg(u2) * w["w2_10"] * df(u1) * x[1],
        "b1_1": dloss * dg(u2) * w["w2_10"] * df(u1) * 1,
    }


#: The order of the weights in theta: W (fan_in, fan_out) by rows, then b, layer after layer.
ORDER = ["w1_00", "w1_01", "w1_10", "w1_11", "b1_0", "b1_1", "w2_00", "w2_10", "b2_0"]


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("output", FUNCTIONS)
@pytest.mark.parametrize("hidden", FUNCTIONS)
@pytest.mark.parametrize("native", [False, True])
def test_gradients_are_those_written_out(hidden: str, output: str, rows: int, native: bool) -> None:
    rng = np.random.default_rng(8)
    x, targets = rng.standard_normal((rows, 2)), rng.standard_normal((rows, 1))
    theta = rng.standard_normal(len(ORDER))
    weights = dict(zip(ORDER, theta.tolist(), strict=True))
    model = Model((Layer(2, 2, hidden), Layer(2, 1, output)))
    setting = Setting(choices.loss("mse"), no_settings(1, "float64"))
    probe = Probe(model, setting, Batch(x, targets), native=native)

    done = [
        written_out(row.tolist(), float(target[0]), weights, hidden, output)
        for row, target in zip(x, targets, strict=True)
    ]
    assert probe.loss(theta) == pytest.approx(np.mean([loss for loss, _ in done]), rel=1e-13)
    expected = [np.mean([gradient[name] for _, gradient in done]) for name in ORDER]
    # a handful of roundings; exp and tanh of the kernels are good to some ulp
    np.testing.assert_allclose(probe.gradient(theta), expected, rtol=1e-12, atol=1e-14)
