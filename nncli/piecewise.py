"""Networks whose activations are straight between their kinks: affine maps, and where they hold.

Within one activation pattern such a network is ``z = W_eff x + b_eff`` at its output layer
(Montufar et al. 2014): every unit is on one piece of its activation, where ``f(z) = s z + t``, and
Batch Normalization at inference is affine. The input space falls into as many linear regions as
there are patterns.

Slopes and offsets are taken from the values of the activation at points between its kinks, not from
its backward kernel or from the data: that the map agrees with the forward pass tells something.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.errors import UsageError
from nncli.layerwise import Layerwise

Array = NDArray[Any]

#: Distances from a kink at which an open piece is looked at. Powers of two, the first pair one and
#: two, so that the slopes 1 and s of z and s z come out to the last bit.
_DISTANCES = 2.0 ** np.array([0, 1, -4, -3, -2, -1, 2, 3, 4, 5, 6, 7])

#: Places inside a piece between two kinks, as shares of its width.
_SHARES = np.array([2, 4, 1, 3, 5, 6, 7]) / 8

#: How far from the line through two points others may lie, relative to the largest value on the
#: piece: a thousand roundings of a formula. Every curved activation misses it by far more.
_STRAIGHT = 1e-12

#: How far an exact map may be from the forward pass, relative to the largest term: roundings of two
#: ways through the same sums.
EXACT = 1e-9


@dataclass(frozen=True)
class Pieces:
    """An activation ``f(z) = s z + t`` on each side of its kinks.

    ``kinks`` (kinks,) in order; ``slopes`` and ``offsets`` (kinks + 1, units).
    """

    kinks: Array
    slopes: Array
    offsets: Array

    def sides(self, z: Array) -> NDArray[np.uint8]:
        """Return on which piece each of ``z`` (n, units) lies; a kink belongs to the one below."""
        return np.searchsorted(self.kinks, z, side="left").astype(np.uint8)

    def lines(self, sides: NDArray[np.uint8]) -> tuple[Array, Array]:
        """Return slopes and offsets of the pieces ``sides`` (n, units), of the same shape."""
        units = np.arange(sides.shape[1])
        return self.slopes[sides, units], self.offsets[sides, units]


def pieces_of(network: Layerwise, number: int) -> Pieces:
    """Return the pieces of the activation of layer ``number`` (from 1).

    Raises UsageError, naming the layer, if the activation is curved on any of them.
    """
    layer = network.model.layers[number - 1]
    kinks = np.array(layer.choice.part.kinks, np.float64)
    slopes, offsets = [], []
    for low, high in pairwise((-np.inf, *kinks, np.inf)):
        points = _points(low, high)
        z = np.repeat(points[:, None], layer.fan_out, axis=1)
        values = network.activate(number, z)
        slope = (values[1] - values[0]) / (points[1] - points[0])
        offset = values[0] - slope * points[0]
        apart = np.abs(values - (slope * z + offset)).max(axis=0)
        # asked this way round, NaN is not straight
        if not (apart <= _STRAIGHT * np.abs(values).max(axis=0)).all():
            raise UsageError(
                f"layer {number} has the activation {layer.activation}, which is curved: a linear "
                "map needs activations of straight pieces in all hidden layers, such as relu or "
                "leaky_relu (nncli train --act relu)"
            )
        slopes.append(slope)
        offsets.append(offset)
    return Pieces(kinks, np.array(slopes), np.array(offsets))


def _points(low: float, high: float) -> Array:
    """Return points strictly between two kinks, either of which may be infinite."""
    if np.isfinite(low) and np.isfinite(high):
        return np.asarray(low + (high - low) * _SHARES)
    if np.isfinite(high):
        return high - _DISTANCES
    above = (low if np.isfinite(low) else 0.0) + _DISTANCES
    return above if np.isfinite(low) else np.concatenate([above, -_DISTANCES, [0.0]])


@dataclass(frozen=True)
class LinearMap:
    """The affine map of the region around one row, to the output layer's sums ``z`` (outputs,).

    ``weights`` (outputs, inputs) is W_eff, so that it is dz/dx, and ``bias`` (outputs,) b_eff.
    ``error`` is the largest difference between ``weights @ x + bias`` and the forward pass.
    """

    weights: Array
    bias: Array
    z: Array
    error: float
    terms: float  #: the largest sum of absolute terms, by which rounding is measured

    @property
    def is_exact(self) -> bool:
        """Return whether the map agrees with the forward pass up to rounding."""
        return bool(self.error <= EXACT * self.terms)


class PiecewiseLinear:
    """A network that is affine between kinks, with Batch Normalization folded into its layers.

    What is left is ``z_l = h A_l + c_l`` with A (fan_in, fan_out), and ``h = s z_l + t``.
    """

    def __init__(self, network: Layerwise) -> None:
        self.network = network
        hidden = range(1, len(network.model.layers))
        self.pieces = [pieces_of(network, number) for number in hidden]
        self.folded = list(_folded(network))

    def sides(self, x: Array) -> list[NDArray[np.uint8]]:
        """Return the activation pattern of inputs (n, inputs): (n, units) of each hidden layer."""
        found, h = [], x
        for pieces, (weights, bias) in zip(self.pieces, self.folded, strict=False):
            z = h @ weights + bias
            found.append(pieces.sides(z))
            slopes, offsets = pieces.lines(found[-1])
            h = slopes * z + offsets
        return found

    def map_at(self, x: Array) -> LinearMap:
        """Return the affine map of the region in which ``x`` (inputs,) lies.

        ``W_eff = A_L^T S_(L-1) ... S_1 A_1^T`` with ``S_l`` the diagonal of the slopes at ``x``.
        """
        weights, bias = self.folded[0][0].T, self.folded[0][1]
        for pieces, sides, (following, shift) in zip(
            self.pieces, self.sides(x[None]), self.folded[1:], strict=True
        ):
            (slopes,), (offsets,) = pieces.lines(sides)
            weights = following.T @ (slopes[:, None] * weights)
            bias = (slopes * bias + offsets) @ following + shift
        z = self.network.forward(x[None])[-1].z[0]
        terms = np.abs(weights) @ np.abs(x) + np.abs(bias) + np.abs(z)
        error = np.abs(weights @ x + bias - z).max()
        return LinearMap(weights, bias, z, float(error), float(terms.max()))

    def patterns(self, x: Array) -> set[bytes]:
        """Return the different activation patterns of inputs (n, inputs), as digests."""
        rows = np.hstack([np.empty((len(x), 0), np.uint8), *self.sides(x)])
        return {hashlib.blake2b(row, digest_size=16).digest() for row in rows}


def _folded(network: Layerwise) -> Iterator[tuple[Array, Array]]:
    """Yield ``A`` (fan_in, fan_out) and ``c`` (fan_out,) of every layer, as they act on its h.

    Normalization of a layer's inputs, of its own or after the activation below, goes into its
    rows; normalization of its sums into its columns.
    """
    model = network.model
    before = network.normal("input") if model.input_norm else None
    for number, layer in enumerate(model.layers, 1):
        weights = network.views[f"layer {number} W"]
        bias = network.views.get(f"layer {number} b", np.zeros(layer.fan_out))
        if before is not None:
            scale, shift = before
            weights, bias = scale[:, None] * weights, shift @ weights + bias
        if layer.norm == "before":
            scale, shift = network.normal(f"layer {number}")
            weights, bias = weights * scale, bias * scale + shift
        before = network.normal(f"layer {number}") if layer.norm == "after" else None
        yield weights, bias


__all__ = ["LinearMap", "Pieces", "PiecewiseLinear", "pieces_of"]
