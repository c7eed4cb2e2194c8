"""Matrix products on slices: SciPy's BLAS, called from native code with leading dimensions.

``np.dot`` in Numba takes whole contiguous arrays only. The products here write into a slice
of a matrix in place and can add to what stands there, so that the ranks of a run split every
matrix by columns without a copy, and a bias is added for free. The functions come out of SciPy's
``cython_blas`` and are bound by name, so that code that calls them can be cached on disk.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.machinery
import importlib.util
import sys
from pathlib import Path
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

INT = ir.IntType(32)
BYTE = ir.IntType(8)


def bind() -> None:
    """Make BLAS's ``sgemm`` and ``dgemm`` known to the native code; must precede its loading."""
    _bind_once()


@functools.cache
def _bind_once() -> None:
    capsules = _cython_blas().__pyx_capi__
    for name in ("sgemm", "dgemm"):
        binding.add_symbol(f"nncli_{name}", _capsule_address(capsules[name]))


def _cython_blas() -> Any:
    """Return SciPy's module of BLAS functions without importing the rest of ``scipy.linalg``.

    The package takes 0.15 s to import and this one module 0.003 s. Where its file is not found
    where it is expected, the package is imported after all.
    """
    name = "scipy.linalg.cython_blas"
    if name in sys.modules:
        return sys.modules[name]
    scipy = importlib.util.find_spec("scipy")
    folder = Path(scipy.origin).parent / "linalg" if scipy and scipy.origin else Path()
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        path = folder / f"cython_blas{suffix}"
        if path.is_file():
            import scipy as _  # its start-up code finds the BLAS library on Windows

            spec = importlib.util.spec_from_file_location(name, path)
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    return importlib.import_module(name)


def _capsule_address(capsule: Any) -> int:
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype = ctypes.c_char_p
    api.PyCapsule_GetName.argtypes = [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return int(api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule)))


@intrinsic
def gemm(
    typing_context: Any,
    transpose_a: Any,
    transpose_b: Any,
    m: Any,
    n: Any,
    k: Any,
    a: Any,
    a_start: Any,
    lda: Any,
    b: Any,
    b_start: Any,
    ldb: Any,
    beta: Any,
    c: Any,
    c_start: Any,
    ldc: Any,
) -> Any:
    """``C = op(A) @ op(B) + beta * C`` for row-major blocks inside larger arrays.

    ``op(A)`` is (m, k), ``op(B)`` (k, n), ``C`` (m, n). Each block starts at element ``*_start``
    of its array and has rows ``ld*`` elements apart. ``transpose_*`` are 0 or 1.
    """
    size = types.int64
    signature = types.void(
        *(size, size, size, size, size),
        *(a, size, size, b, size, size, types.float64, c, size, size),
    )
    return signature, _gemm_code


def _gemm_code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    element = context.get_value_type(signature.args[5].dtype)
    single = signature.args[5].dtype == types.float32

    def reference(value: Any) -> Any:
        return cgutils.alloca_once_value(builder, value)

    def integer(value: Any) -> Any:
        return reference(builder.trunc(value, INT))

    def letter(value: Any) -> Any:
        transposed = builder.icmp_signed("!=", value, ir.Constant(value.type, 0))
        chosen = builder.select(transposed, ir.Constant(BYTE, ord("T")), ir.Constant(BYTE, ord("N")))
        return reference(chosen)

    def block(position: int) -> Any:
        made = context.make_array(signature.args[position])(
            context, builder, arguments[position]
        )
        return builder.gep(made.data, [arguments[position + 1]])

    (ta, tb, m, n, k) = arguments[:5]
    lda, ldb, ldc = arguments[7], arguments[10], arguments[14]
    beta = arguments[11]
    scale = builder.fptrunc(beta, element) if single else beta
    # BLAS is column-major: the transposes of our matrices, C^T = op(B)^T op(A)^T.
    operands = [
        letter(tb), letter(ta), integer(n), integer(m), integer(k),
        reference(ir.Constant(element, 1.0)), block(8), integer(ldb), block(5), integer(lda),
        reference(scale), block(12), integer(ldc),
    ]  # fmt: skip
    function_type = ir.FunctionType(ir.VoidType(), [operand.type for operand in operands])
    name = "nncli_sgemm" if single else "nncli_dgemm"
    function = cgutils.get_or_insert_function(builder.module, function_type, name)
    builder.call(function, operands)
    return context.get_dummy_value()
