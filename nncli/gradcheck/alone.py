"""Every kernel with a derivative by itself: what goes in against what comes back.

Each is wrapped as a scalar function of one vector: its outputs times fixed random weights. The
kernels run as plain Python, with real numbers for central differences and with complex ones for a
complex step.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.arrays import no_settings
from nncli.gradcheck.check import Check, Place, Tally
from nncli.kernels import dense, dropout, normalization, settings
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.losses import LOSSES
from nncli.kernels.multiply import multiply
from nncli.kernels.parts import Activation, Loss

Array = NDArray[Any]

ROWS, UNITS = 4, 3


@dataclass(frozen=True)
class Alone:
    """A kernel as a scalar function: ``value(t)``, its ``gradient(t)``, and ``piece(t)``.

    ``t`` (numbers,) is where it is checked; ``named`` gives each entry's name.
    """

    name: str
    start: Array
    value: Callable[[Array], Any]
    gradient: Callable[[Array], Array]
    named: Callable[[int], str]
    piece: Callable[[Array], bytes] = lambda t: b""


def kernels_alone() -> Iterator[Check]:
    """Yield a check of each activation, each loss, the dense layer, normalization and dropout."""
    for activation in ACTIVATIONS.parts.values():
        yield check_alone(activation_alone(activation))
    for loss in LOSSES.parts.values():
        yield check_alone(loss_alone(loss))
    yield check_alone(dense_alone())
    yield check_alone(normalization_alone())
    yield check_alone(dropout_alone())


def check_alone(kernel: Alone) -> Check:
    """Compare a kernel's gradient with central differences, and along a complex step."""
    tally, gradient = Tally(kernel.name), kernel.gradient(kernel.start)
    size = float(np.abs(gradient).max())
    last: list[Array] = []

    def value(point: Array) -> float:
        last[:] = [point]
        return float(kernel.value(point))

    def piece() -> bytes:
        return kernel.piece(last[0])

    for index in range(kernel.start.size):
        name = kernel.named(index)
        at = Place.of_entry(value, piece, kernel.start, index)
        tally.compare(name.partition("[")[0], name, float(gradient[index]), size, at)
    direction = _rng(kernel.name).standard_normal(kernel.start.size)
    tally.compare_complex(kernel.value, kernel.start, direction, gradient)
    return tally.check()


def activation_alone(part: Activation) -> Alone:
    """Return ``sum c f(z)`` with its gradient by z and by the activation's numbers."""
    rng = _rng(part.name)
    z = 2 * rng.standard_normal(ROWS * UNITS)
    alphas = (part.value or 0.0) + 0.1 * rng.standard_normal(UNITS) if part.learnable else None
    fixed = np.full(1, part.value or 0.0)
    weights = rng.standard_normal(z.size)

    def parts_of(t: Array) -> tuple[Array, Array]:
        return t[: z.size].copy(), t[z.size :].copy() if alphas is not None else fixed

    def value(t: Array) -> Any:
        sums, parameters = parts_of(t)
        a = np.empty_like(sums)
        part.forward(sums, a, parameters.astype(sums.dtype), UNITS)
        return a @ weights

    def gradient(t: Array) -> Array:
        sums, parameters = parts_of(t)
        a, d, d_parameters = np.empty_like(sums), weights.copy(), np.zeros(UNITS)
        part.forward(sums, a, parameters, UNITS)
        part.backward(sums, a, d, parameters, d_parameters, UNITS)
        return np.concatenate([d, d_parameters]) if alphas is not None else d

    def piece(t: Array) -> bytes:
        return np.searchsorted(part.kinks, t[: z.size]).astype(np.int8).tobytes()

    start = z if alphas is None else np.concatenate([z, alphas])
    named = partial(_element, (("z", z.size), ("alpha", UNITS)))
    return Alone(f"activation {part.name} alone", start, value, gradient, named, piece)


def loss_alone(part: Loss) -> Alone:
    """Return a loss of fixed targets with its gradient by p, or if fused by z."""
    rng = _rng(part.name)
    task = next(iter(part.outputs))
    outputs = 1 if task == "binary" else UNITS
    y = rng.standard_normal((ROWS, outputs))
    if task == "multiclass":
        y = np.eye(outputs)[rng.integers(0, outputs, ROWS)]
    elif task != "regression":
        y = rng.integers(0, 2, (ROWS, outputs)).astype(float)
    values = no_settings(outputs, "float64")
    values[settings.VALUE] = part.value or 0.0
    values[settings.SMOOTHING] = 0.1 if part.smooths else 0.0
    if part.weighs:
        values[settings.WEIGHTS :] = rng.uniform(0.5, 2.0, len(values) - settings.WEIGHTS)
    start = rng.standard_normal(y.size)

    def run(t: Array) -> tuple[Any, Array]:
        x = t.reshape(y.shape).copy()
        p = np.empty_like(x) if part.fused else x
        d = np.empty_like(x)
        total = part.kernel(x, p, y.astype(t.dtype), d, 1.0 / ROWS, values.astype(t.dtype))
        return total / ROWS, d

    def piece(t: Array) -> bytes:
        x = t.reshape(y.shape)
        if part.side is None:
            return b""
        # a fused loss has its kinks where its output activation has them
        p = (x > 0).astype(float) if part.fused else x
        return np.ascontiguousarray(part.side(p, y, values), np.int8).tobytes()

    named = partial(_element, (("z" if part.fused else "p", y.size),))
    return Alone(
        f"loss {part.name} alone", start, lambda t: run(t)[0],
        lambda t: run(t)[1].ravel(), named, piece,
    )  # fmt: skip


def dense_alone() -> Alone:
    """Return ``sum c (x W + b)`` with its gradient by W, b and x."""
    rng = _rng("dense")
    fan_in, fan_out = 5, UNITS
    sizes = (("W", fan_in * fan_out), ("b", fan_out), ("x", ROWS * fan_in))
    start = rng.standard_normal(sum(size for _, size in sizes))
    bias, inputs = sizes[0][1], sizes[0][1] + fan_out
    weights, panel = rng.standard_normal((ROWS, fan_out)), np.empty(1)

    def value(t: Array) -> Any:
        z = np.empty((ROWS, fan_out), t.dtype)
        x = t[inputs:].reshape(ROWS, fan_in).copy()
        dense.dense_forward(x, t[:inputs], 0, bias, z, 0, ROWS, 0, fan_out, multiply, panel)
        return (z * weights).sum()

    def gradient(t: Array) -> Array:
        d_theta, d_x = np.zeros(inputs), np.zeros((ROWS, fan_in))
        x = t[inputs:].reshape(ROWS, fan_in).copy()
        dense.dense_backward_parameters(x, weights, d_theta, 0, bias, 0, fan_in, multiply, panel)
        dense.dense_backward_input(weights, t[:inputs], 0, d_x, 0, fan_in, multiply, panel)
        return np.concatenate([d_theta, d_x.ravel()])

    return Alone("dense layer alone", start, value, gradient, partial(_element, sizes))


def normalization_alone() -> Alone:
    """Return ``sum c (gamma n + beta)`` of a batch with its gradient by gamma, beta and x."""
    rng = _rng("normalization")
    sizes = (("gamma", UNITS), ("beta", UNITS), ("x", ROWS * UNITS))
    start = rng.standard_normal(sum(size for _, size in sizes))
    weights = rng.standard_normal((ROWS, UNITS))

    def run(t: Array, learn: bool) -> Any:
        theta = np.concatenate([t[: 2 * UNITS], np.zeros(2 * UNITS, t.dtype)])
        x = t[2 * UNITS :].reshape(ROWS, UNITS).copy()
        normed, y = np.empty_like(x), np.empty_like(x)
        mean, inverse = np.empty(UNITS, t.dtype), np.empty(UNITS, t.dtype)
        normal = np.array([0.1, 1e-5], t.dtype)
        normalization.normalize_batch(
            x, normed, y, theta, 0, 2 * UNITS, mean, inverse, normal, 0, UNITS
        )
        if not learn:
            return (y * weights).sum()
        d, d_theta = weights.copy(), np.zeros(2 * UNITS)
        normalization.normalize_backward(d, normed, theta, d_theta, 0, inverse, 0, UNITS)
        return np.concatenate([d_theta, d.ravel()])

    return Alone(
        "batch normalization alone", start, lambda t: run(t, False), lambda t: run(t, True),
        partial(_element, sizes),
    )  # fmt: skip


def dropout_alone() -> Alone:
    """Return ``sum c h`` under a frozen mask with its gradient by a."""
    rng = _rng("dropout")
    start, weights = rng.standard_normal(ROWS * UNITS), rng.standard_normal((ROWS, UNITS))
    key, rate = np.uint64(11), 0.4

    def value(t: Array) -> Any:
        h = np.empty((ROWS, UNITS), t.dtype)
        with np.errstate(over="ignore"):
            dropout.dropout_forward(t.reshape(ROWS, UNITS), h, key, rate, 0, UNITS)
        return (h * weights).sum()

    def gradient(t: Array) -> Array:
        d = weights.copy()
        with np.errstate(over="ignore"):
            dropout.dropout_backward(d, key, rate, 0, UNITS)
        return d.ravel()

    return Alone("dropout alone", start, value, gradient, partial(_element, (("a", start.size),)))


def _element(sizes: tuple[tuple[str, int], ...], place: int) -> str:
    """Return the name of entry ``place`` of arrays that stand one behind the other."""
    for name, size in sizes:
        if place < size:
            return f"{name}[{place}]"
        place -= size
    raise IndexError(place)


def _rng(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))
