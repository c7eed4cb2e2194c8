"""The native twins of :mod:`nncli.kernels.threads`: what NumPy cannot say of memory and cores."""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def atomic_add(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """Add ``value`` to ``array[index]`` of int64 in one indivisible step; return nothing."""
    signature = types.void(array, types.intp, types.int64)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _element(context, builder, signature.args[0], arguments)
        builder.atomic_rmw("add", pointer, arguments[2], ordering="acq_rel")
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def atomic_load(typing_context: Any, array: Any, index: Any) -> Any:
    """Return ``array[index]`` of int64 as other ranks last wrote it."""
    signature = types.int64(array, types.intp)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _element(context, builder, signature.args[0], arguments)
        return builder.load_atomic(pointer, ordering="acquire", align=8)

    return signature, codegen


@intrinsic
def pause(typing_context: Any) -> Any:
    """Tell the core that this is a waiting loop (the ``pause`` instruction, on x86)."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if binding.get_process_triple().startswith(("x86", "i386", "i686", "amd64")):
            function_type = ir.FunctionType(ir.VoidType(), [])
            name = "llvm.x86.sse2.pause"
            builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), [])
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def offer_core(typing_context: Any) -> Any:
    """Let the operating system run another thread (``sched_yield``)."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        function_type = ir.FunctionType(ir.IntType(32), [])
        function = cgutils.get_or_insert_function(builder.module, function_type, "sched_yield")
        builder.call(function, [])
        return context.get_dummy_value()

    return types.void(), codegen


def _element(context: Any, builder: Any, array_type: Any, arguments: Any) -> Any:
    array = context.make_array(array_type)(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])
