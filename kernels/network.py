"""The structures that the native loop works on: layer table, data, buffers and function slots.

Each is a named tuple of arrays, so that Numba knows every field by name and type. The layer table
is the kernels' view of a network: one row of int64 per layer of weights, indexed by the
constants below; offsets count elements of the flat parameter vector ``theta``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import types

# Columns of the layer table.
FAN_IN = 0
FAN_OUT = 1
WEIGHTS = 2  #: offset of W (fan_in, fan_out), row-major
BIAS = 3  #: offset of b (fan_out,), right behind W
ACTIVATION = 4  #: slot of the hidden activation
UNITS_BEFORE = 5  #: units of all earlier layers, which places this layer in the buffers
LAYER_COLUMNS = 6

#: Different hidden activations in one network, at most: the size of the function slots.
ACTIVATION_SLOTS = 4


class Network(NamedTuple):
    """``layers`` (layers, LAYER_COLUMNS); ``theta`` (parameters,); ``constants`` (1,)."""

    layers: Any
    theta: Any
    constants: Any


class Rows(NamedTuple):
    """Inputs as stored, ``stored`` (n, row_bytes) uint8, and how a row becomes ``x``.

    ``x = (row - shift) * scale``, with ``shift`` and ``scale`` (width,). ``targets`` is
    (n, outputs), or (n, 1) of class codes where the network has more outputs than that.
    """

    stored: Any
    targets: Any
    shift: Any
    scale: Any


class Buffers(NamedTuple):
    """Scratch for one mini-batch of up to ``x.shape[0]`` rows.

    ``x`` (rows, width), ``y`` and ``p`` (rows, outputs): inputs, targets, predictions. ``z``,
    ``a``, ``h``, ``d`` are flat; layer l's part is (rows, fan_out) at ``rows * UNITS_BEFORE``:
    weighted sums, activations, activations after dropout, gradients. They share memory where a
    network allows it: ``z`` with ``a`` where no backward kernel needs z, ``h`` with ``a``
    where nothing is dropped. ``panel`` is scratch for the products.
    """

    x: Any
    y: Any
    p: Any
    z: Any
    a: Any
    h: Any
    d: Any
    panel: Any


class Functions(NamedTuple):
    """The slots: addresses of machine code of one fixed signature each."""

    gather: Any
    hidden_forward: Any
    hidden_backward: Any
    output_forward: Any
    output_backward: Any
    loss: Any
    metric: Any
    update: Any


class Types(NamedTuple):
    """The Numba types of one training dtype, from which every signature is made."""

    real: Any
    vector: Any
    matrix: Any
    stored: Any
    indices: Any
    gather: Any
    activation_forward: Any
    activation_backward: Any
    loss: Any
    metric: Any
    update: Any
    network: Any
    rows: Any
    buffers: Any
    functions: Any


INTEGERS = types.int64[::1]
TABLE = types.int64[:, ::1]
HYPER = types.float64[::1]
NUMBERS = types.float64[:, ::1]
INDICES = types.Array(types.int64, 1, "C", readonly=True)


def types_of(dtype: str) -> Types:
    """Return the types for ``float32`` or ``float64``."""
    real = {"float32": types.float32, "float64": types.float64}[dtype]
    vector, matrix = real[::1], real[:, ::1]
    stored = types.Array(types.uint8, 2, "C", readonly=True)
    constant_matrix = types.Array(real, 2, "C", readonly=True)
    size, number = types.int64, types.float64
    gather = (stored, INDICES, size, size, size, vector, vector, matrix)
    forward = (vector, vector, vector, size)
    backward = (vector, vector, vector, vector, vector, size)
    loss = (matrix, matrix, matrix, matrix, number)
    metric = (matrix, matrix, vector)
    update = (vector, vector, matrix, size, size, HYPER)

    address, hidden = types.int64, types.UniTuple(types.int64, ACTIVATION_SLOTS)
    functions = types.NamedTuple(
        [address, hidden, hidden, address, address, address, address, address], Functions
    )
    return Types(
        real=real,
        vector=vector,
        matrix=matrix,
        stored=stored,
        indices=INDICES,
        gather=gather,
        activation_forward=forward,
        activation_backward=backward,
        loss=loss,
        metric=metric,
        update=update,
        network=types.NamedTuple([TABLE, vector, vector], Network),
        rows=types.NamedTuple([stored, constant_matrix, vector, vector], Rows),
        buffers=types.NamedTuple(
            [matrix, matrix, matrix, vector, vector, vector, vector, vector], Buffers
        ),
        functions=functions,
    )
