"""The native twins of :mod:`nncli.kernels.views`: arrays made of an address and a shape."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array


@intrinsic
def matrix(typing_context: Any, buffer: Any, start: Any, rows: Any, columns: Any) -> Any:
    """Return ``buffer[start:]`` as (rows, columns)."""
    result = types.Array(buffer.dtype, 2, "C", readonly=not buffer.mutable)
    size = types.intp

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = context.make_array(signature.args[0])(context, builder, arguments[0])
        data = builder.gep(source.data, [arguments[1]])
        return _array(context, builder, signature.return_type, data, arguments[2:])

    return result(buffer, size, size, size), codegen


@intrinsic
def flat(typing_context: Any, values: Any) -> Any:
    """Return a C-contiguous matrix as a vector."""
    result = types.Array(values.dtype, 1, "C", readonly=not values.mutable)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = context.make_array(signature.args[0])(context, builder, arguments[0])
        return _array(context, builder, signature.return_type, source.data, [source.nitems])

    return result(values), codegen


def _array(context: Any, builder: Any, kind: Any, data: Any, shape: Any) -> Any:
    """Build an array that owns nothing."""
    made = context.make_array(kind)(context, builder)
    itemsize = context.get_constant(types.intp, kind.dtype.bitwidth // 8)
    strides = [itemsize]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    nobody = ir.Constant(context.get_value_type(types.voidptr), None)
    populate_array(
        made,
        data,
        cgutils.pack_array(builder, shape),
        cgutils.pack_array(builder, strides),
        itemsize,
        nobody,
    )
    return made._getvalue()
