"""The structures that the native loop works on: layer table, data, buffers and function slots.

Each is a named tuple of arrays, so that Numba knows every field by name and type; the types are in
:mod:`nncli.kernels.signatures`, since reading this costs no import of Numba. The layer table
is the kernels' view of a network: one row of int64 per layer of weights, indexed by the
constants below; offsets count elements of the flat parameter vector ``theta``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

# Columns of the layer table. ``theta`` holds for each layer, from START to END: before the first W
# gamma and beta of a normalized input; W; b; gamma and beta; learned alphas. What is not trained,
# running statistics and fixed alphas, stands behind all layers.
FAN_IN = 0
FAN_OUT = 1
START = 2
WEIGHTS = 3  #: offset of W (fan_in, fan_out), row-major
BIAS = 4  #: offset of b (fan_out,), or NONE
END = 5
ACTIVATION = 6  #: slot of the hidden activation
ALPHA = 7  #: offset of the activation's number, or numbers
ALPHAS = 8  #: how many: 1, or fan_out where every unit has its own
LEARNED = 9  #: 1 if they are trained
UNITS_BEFORE = 10  #: units of all earlier layers, which places this layer in the buffers
NORM = 11  #: one of the codes below
GAMMA = 12  #: offset of gamma (fan_out,), with beta right behind it
RUNNING = 13  #: offset of the running mean (fan_out,), with the running variance right behind it
INPUT_GAMMA = 14  #: in the first layer: the same for a normalized input, or NONE
INPUT_RUNNING = 15
LAYER_COLUMNS = 16

NONE = -1
#: Where a hidden layer is normalized: nowhere, before or after its activation.
NORMS = {"none": 0, "before": 1, "after": 2}
NORM_BEFORE, NORM_AFTER = NORMS["before"], NORMS["after"]

# Elements of ``Network.normal``.
NORM_MOMENTUM, NORM_EPS = 0, 1

#: Different hidden activations in one network, at most: the size of the function slots.
ACTIVATION_SLOTS = 4


class Network(NamedTuple):
    """``layers`` (layers, LAYER_COLUMNS); ``theta``: parameters, and behind them what is fixed.

    ``settings`` are the loss's, see :mod:`nncli.kernels.settings`; ``normal`` holds momentum and
    eps of Batch Normalization.
    """

    layers: Any
    theta: Any
    settings: Any
    normal: Any


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
    ``a``, ``h``, ``d``, ``normed`` are flat; layer l's part is (rows, fan_out) at
    ``rows * UNITS_BEFORE``: weighted sums, activations, what the next layer is fed, gradients,
    and what Batch Normalization has centred and scaled. A normalized input comes before the first
    layer. ``h`` is ``a`` where nothing stands between the two. ``mean`` and ``inverse``
    (units,) are the batch's mean and inverse deviation; ``d_alpha`` (units,) every unit's share in
    its alpha's gradient; ``panel`` is scratch for the products.
    """

    x: Any
    y: Any
    p: Any
    z: Any
    a: Any
    h: Any
    d: Any
    normed: Any
    mean: Any
    inverse: Any
    d_alpha: Any
    panel: Any


class Functions(NamedTuple):
    """The slots: addresses of machine code of one fixed signature each, or 0 where unused."""

    multiply: Any
    evaluate: Any
    gather: Any
    hidden_forward: Any
    hidden_backward: Any
    output_forward: Any
    output_backward: Any
    normalize_batch: Any
    normalize_running: Any
    normalize_backward: Any
    loss: Any
    metric: Any
    update: Any
    observe: Any


class Diagnosis(NamedTuple):
    """What ``--diagnose`` collects, see :mod:`nncli.kernels.diagnosis`.

    ``limits`` (layers, 3): below and above which an activation is saturated, and at or below which
    a unit gets no gradient. ``highest`` (units,) are the units' highest activations of the epoch,
    up to where all are alive. ``before`` is ``theta`` before the observed update. ``scratch``
    (ranks, numbers) serves to compare units. ``sums`` (ranks, layers, sums) holds each rank's part
    of the current epoch, ``rows`` (ranks, curve rows, layers, sums) those of the epochs before.
    ``multiply`` is the slot of the matrix product.
    """

    limits: Any
    highest: Any
    before: Any
    scratch: Any
    sums: Any
    rows: Any
    multiply: Any
