"""The native twins of :mod:`nncli.kernels.slots`: calls of an address in Numba's own convention.

The types of the arguments must be those that the part was compiled for, see
:mod:`nncli.kernels.signatures`; whether an array is read-only makes no difference in memory.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

_ADDRESS, _SIZE, _NUMBER = types.int64, types.int64, types.float64


def _call(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Emit the call of the address in the first argument with the others."""
    convention, given = context.call_conv, signature.args[1:]
    function_type = convention.get_function_type(signature.return_type, given)
    pointer = builder.inttoptr(arguments[0], function_type.as_pointer())
    _, result = convention.call_function(
        builder, pointer, signature.return_type, given, arguments[1:]
    )
    return result if signature.return_type != types.void else context.get_dummy_value()


@intrinsic
def call_multiply(
    typing_context: Any,
    function: Any,
    m: Any,
    n: Any,
    k: Any,
    a: Any,
    a_start: Any,
    a_row: Any,
    a_column: Any,
    b: Any,
    b_start: Any,
    b_row: Any,
    b_column: Any,
    panel: Any,
    begin: Any,
    bias: Any,
    bias_start: Any,
    c: Any,
    c_start: Any,
    c_row: Any,
) -> Any:
    """Call the matrix product."""
    three = (_SIZE, _SIZE, _SIZE)
    signature = types.void(
        *(_ADDRESS, *three, a, *three, b, *three, panel, _SIZE, bias, _SIZE, c, _SIZE, _SIZE)
    )
    return signature, _call


@intrinsic
def call_evaluate(
    typing_context: Any,
    function: Any,
    network: Any,
    rows: Any,
    buffers: Any,
    functions: Any,
    fused: Any,
    index: Any,
    start: Any,
    stop: Any,
    metric_weights: Any,
    counter: Any,
) -> Any:
    """Call the evaluation of a split."""
    arrays = (network, rows, buffers, functions)
    signature = types.UniTuple(_NUMBER, 2)(
        *(_ADDRESS, *arrays, types.boolean, index, _SIZE, _SIZE, metric_weights, counter)
    )
    return signature, _call


@intrinsic
def call_gather(
    typing_context: Any,
    function: Any,
    stored: Any,
    index: Any,
    first: Any,
    start: Any,
    stop: Any,
    shift: Any,
    scale: Any,
    x: Any,
) -> Any:
    """Call a gather kernel."""
    sizes = (_SIZE, _SIZE, _SIZE)
    return types.void(_ADDRESS, stored, index, *sizes, shift, scale, x), _call


@intrinsic
def call_forward(
    typing_context: Any, function: Any, z: Any, a: Any, parameters: Any, width: Any
) -> Any:
    """Call an activation's forward kernel."""
    return types.void(_ADDRESS, z, a, parameters, _SIZE), _call


@intrinsic
def call_backward(
    typing_context: Any,
    function: Any,
    z: Any,
    a: Any,
    d: Any,
    parameters: Any,
    d_parameters: Any,
    width: Any,
) -> Any:
    """Call an activation's backward kernel."""
    return types.void(_ADDRESS, z, a, d, parameters, d_parameters, _SIZE), _call


@intrinsic
def call_loss(
    typing_context: Any, function: Any, z: Any, p: Any, y: Any, d: Any, scale: Any, settings: Any
) -> Any:
    """Call a loss."""
    return _NUMBER(_ADDRESS, z, p, y, d, _NUMBER, settings), _call


@intrinsic
def call_normalize(
    typing_context: Any,
    function: Any,
    x: Any,
    normed: Any,
    y: Any,
    theta: Any,
    gamma: Any,
    running: Any,
    mean: Any,
    inverse: Any,
    normal: Any,
    start: Any,
    stop: Any,
) -> Any:
    """Call a forward kernel of Batch Normalization."""
    arrays = (x, normed, y, theta)
    return (
        types.void(_ADDRESS, *arrays, _SIZE, _SIZE, mean, inverse, normal, _SIZE, _SIZE),
        _call,
    )


@intrinsic
def call_normalize_backward(
    typing_context: Any,
    function: Any,
    d: Any,
    normed: Any,
    theta: Any,
    d_theta: Any,
    gamma: Any,
    inverse: Any,
    start: Any,
    stop: Any,
) -> Any:
    """Call the backward kernel of Batch Normalization."""
    return types.void(_ADDRESS, d, normed, theta, d_theta, _SIZE, inverse, _SIZE, _SIZE), _call


@intrinsic
def call_observe(
    typing_context: Any,
    function: Any,
    phase: Any,
    rank: Any,
    ranks: Any,
    network: Any,
    d_theta: Any,
    buffers: Any,
    panel: Any,
    diagnosis: Any,
    count: Any,
    row: Any,
) -> Any:
    """Call the kernel that looks at a network for its diagnosis."""
    arrays = (network, d_theta, buffers, panel, diagnosis)
    return types.void(_ADDRESS, _SIZE, _SIZE, _SIZE, *arrays, _SIZE, _SIZE), _call


@intrinsic
def call_metric(typing_context: Any, function: Any, p: Any, y: Any, weights: Any) -> Any:
    """Call a metric."""
    return _NUMBER(_ADDRESS, p, y, weights), _call


@intrinsic
def call_update(
    typing_context: Any,
    function: Any,
    theta: Any,
    d_theta: Any,
    state: Any,
    start: Any,
    stop: Any,
    hyper: Any,
) -> Any:
    """Call an optimizer's update."""
    return types.void(_ADDRESS, theta, d_theta, state, _SIZE, _SIZE, hyper), _call
