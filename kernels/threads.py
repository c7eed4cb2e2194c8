"""Ranks: the threads that train one network together, and the barrier they meet at.

Every rank runs the same loop over the same arrays and works on its own slice of each matrix.
Between two phases all ranks meet at a barrier that spins on a shared counter. On two cores a
meeting takes about a tenth of a microsecond, where a parallel region of Numba takes several, and
several networks can be trained at once, each with its own ranks.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from nncli.kernels.jit import kernel

#: Spins before a waiting rank offers its core to somebody else; about 20 microseconds.
PATIENCE = 4000


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
        if ir_triple().startswith(("x86", "i386", "i686", "amd64")):
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


def ir_triple() -> str:
    """Return the target of the machine code, such as ``x86_64-unknown-linux-gnu``."""
    from llvmlite import binding

    return str(binding.get_process_triple())


def _element(context: Any, builder: Any, array_type: Any, arguments: Any) -> Any:
    array = context.make_array(array_type)(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])


@kernel
def barrier(counter, ranks, meeting):
    """Wait until all ``ranks`` have reached meeting number ``meeting`` (1, 2, ...).

    ``counter`` (1,) int64 counts the arrivals since the start; it only ever grows, so that a rank
    that is late cannot confuse one meeting with the next.
    """
    if ranks == 1:
        return
    atomic_add(counter, 0, 1)
    spins = 0
    while atomic_load(counter, 0) < ranks * meeting:
        spins += 1
        if spins > PATIENCE:
            offer_core()
        else:
            pause()


@kernel
def share(size, rank, ranks, grain):
    """Return ``(start, stop)``: the slice of ``range(size)`` that ``rank`` works on.

    Slices begin at multiples of ``grain``, so that no two ranks write to one cache line.
    """
    grains = (size + grain - 1) // grain
    start = min(size, grains * rank // ranks * grain)
    stop = min(size, grains * (rank + 1) // ranks * grain)
    return start, stop
