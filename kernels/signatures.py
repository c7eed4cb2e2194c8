"""The Numba types of what native code is called with, by name and training dtype.

A signature is named here, and its types are made when something is compiled.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numba import types

from nncli.kernels.network import ACTIVATION_SLOTS, Buffers, Diagnosis, Functions, Network, Rows


class Signatures(NamedTuple):
    """The argument types of one training dtype: what Python calls first, then the slots."""

    train: Any
    evaluate: Any
    loss_and_gradient: Any
    predict: Any
    multiply: Any
    gather: Any
    activation_forward: Any
    activation_backward: Any
    normalize: Any
    normalize_backward: Any
    loss: Any
    metric: Any
    update: Any
    observe: Any


INTEGERS = types.int64[::1]
TABLE = types.int64[:, ::1]
HYPER = types.float64[::1]
NUMBERS = types.float64[:, ::1]
CUBE = types.float64[:, :, ::1]
LAYER_ROWS = types.float64[:, :, :, ::1]
INDICES = types.Array(types.int64, 1, "C", readonly=True)


@functools.cache
def signatures(dtype: str) -> Signatures:
    """Return the types for ``float32`` or ``float64``."""
    real = {"float32": types.float32, "float64": types.float64}[dtype]
    vector, matrix = real[::1], real[:, ::1]
    stored = types.Array(types.uint8, 2, "C", readonly=True)
    constant_matrix = types.Array(real, 2, "C", readonly=True)
    size, number = types.int64, types.float64
    three = (size, size, size)
    multiply = (
        *(*three, vector, *three, vector, *three, vector, size, vector, size),
        *(vector, size, size),
    )
    gather = (stored, INDICES, size, size, size, vector, vector, matrix)
    forward = (vector, vector, vector, size)
    backward = (vector, vector, vector, vector, vector, size)
    normalize = (
        *(matrix, matrix, matrix, vector, size, size),
        *(vector, vector, vector, size, size),
    )
    normalize_backward = (matrix, matrix, vector, vector, size, vector, size, size)
    loss = (matrix, matrix, matrix, matrix, number, vector)
    metric = (matrix, matrix, vector)
    update = (vector, vector, matrix, size, size, HYPER)

    address, hidden = types.int64, types.UniTuple(types.int64, ACTIVATION_SLOTS)
    kinds = [hidden if name.startswith("hidden") else address for name in Functions._fields]
    functions = types.NamedTuple(kinds, Functions)
    network = types.NamedTuple([TABLE, vector, vector, vector], Network)
    rows = types.NamedTuple([stored, constant_matrix, vector, vector], Rows)
    buffers = types.NamedTuple([*[matrix] * 3, *[vector] * 9], Buffers)
    diagnosis = types.NamedTuple(
        [NUMBERS, vector, vector, matrix, CUBE, LAYER_ROWS, address], Diagnosis
    )
    train = (
        *(size, size, size),
        *(network, vector, matrix, vector),
        *(rows, INDICES, INDICES, INTEGERS),
        *(buffers, buffers, functions, vector),
        *(HYPER, INTEGERS, HYPER, NUMBERS, NUMBERS, diagnosis, INTEGERS),
    )
    evaluate = (
        *(network, rows, buffers, functions, types.boolean),
        *(INDICES, size, size, vector, INTEGERS),
    )
    loss_and_gradient = (
        *(size, size, types.boolean, network, vector, buffers, vector),
        *(functions, types.boolean, size, number, types.uint64, INTEGERS),
    )
    predict = (network, rows, buffers, functions, INDICES, size, size, INTEGERS, matrix)
    observe = (size, size, size, network, vector, buffers, vector, diagnosis, size, size)
    return Signatures(
        train=train,
        evaluate=evaluate,
        loss_and_gradient=loss_and_gradient,
        predict=predict,
        multiply=multiply,
        gather=gather,
        activation_forward=forward,
        activation_backward=backward,
        normalize=normalize,
        normalize_backward=normalize_backward,
        loss=loss,
        metric=metric,
        update=update,
        observe=observe,
    )


def layout(kinds: Iterable[Any]) -> tuple[str, ...]:
    """Return Numba types, tuples taken apart, as :class:`nncli.kernels.objects.Code` names them."""
    found: list[str] = []
    for kind in kinds:
        if isinstance(kind, types.BaseTuple):
            found += layout(kind)
        elif isinstance(kind, types.Array):
            found.append(f"{np.dtype(kind.dtype.name).str}:{kind.ndim}")
        elif kind != types.none:
            found.append({types.boolean: "?", types.float64: "d"}.get(kind, "i"))
    return tuple(found)
