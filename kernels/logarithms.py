"""log and log1p as polynomials after range reduction, without calls or branches.

``1 + f = u / 2^k`` lies between sqrt(1/2) and sqrt(2); with ``s = f / (2 + f)``, ``log(1 + f) =
f - f^2/2 + s (f^2/2 + R(s^2))``. Method and coefficients are those of FreeBSD's msun (``e_log.c``,
``s_log1p.c``, ``e_logf.c``). ``log1p(x)`` rounds ``u = 1 + x`` and adds what that loses, over u.
The order of rounding matters, so these kernels are compiled without reassociation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from nncli.kernels.jit import exact

F32 = np.float32
_F32_R = tuple(F32(c) for c in (0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693))
_F32_LN2_HIGH, _F32_LN2_LOW = F32(6.9313812256e-01), F32(9.0580006145e-06)
_F32_SMALLEST, _F32_LIFT, _F32_LIFTED = F32(1.17549435e-38), F32(33554432.0), F32(25.0)
_F32_ROOT_HALF_BITS, _F32_FRACTION = np.int32(0x3F3504F3), np.int32(0x7FFFFF)
_F32_ZERO, _F32_HALF, _F32_ONE, _F32_TWO = F32(0.0), F32(0.5), F32(1.0), F32(2.0)
_F32_INFINITY, _F32_NAN = F32(np.inf), F32(np.nan)

_F64_R = (
    *(1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01),
    *(2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01),
    6.666666666666735130e-01,
)
_F64_LN2_HIGH, _F64_LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_F64_SMALLEST, _F64_LIFT, _F64_LIFTED = 2.2250738585072014e-308, 18014398509481984.0, 54.0
_F64_ROOT_HALF_BITS, _F64_FRACTION = np.int64(0x3FE6A09E667F3BCD), np.int64(0xFFFFFFFFFFFFF)
_F64_INFINITY, _F64_NAN = np.inf, np.nan


def _log_of32(u: Any, lost: Any, lifted: Any) -> Any:
    """Return ``log(u) + lost - lifted log(2)`` for a normal u; beyond the ends what log returns."""
    bits = np.int32(np.float32(u).view(np.int32) - _F32_ROOT_HALF_BITS)
    k = np.float32(np.int32(bits >> 23)) - lifted
    f = np.int32((bits & _F32_FRACTION) + _F32_ROOT_HALF_BITS).view(np.float32) - _F32_ONE
    s = f / (_F32_TWO + f)
    t = s * s
    y = _F32_R[0]
    y = y * t + _F32_R[1]
    y = y * t + _F32_R[2]
    y = y * t + _F32_R[3]
    square = _F32_HALF * f * f
    y = f - (square - (s * (square + y * t) + (k * _F32_LN2_LOW + lost)))
    y = k * _F32_LN2_HIGH + y
    y = y if u < _F32_INFINITY else u
    y = y if u > _F32_ZERO else -_F32_INFINITY
    return y if u >= _F32_ZERO else _F32_NAN


def _log_of64(u: Any, lost: Any, lifted: Any) -> Any:
    """Return ``log(u) + lost - lifted log(2)`` for a normal u; beyond the ends what log returns."""
    bits = np.int64(np.float64(u).view(np.int64) - _F64_ROOT_HALF_BITS)
    k = np.float64(np.int64(bits >> 52)) - lifted
    f = np.int64((bits & _F64_FRACTION) + _F64_ROOT_HALF_BITS).view(np.float64) - 1.0
    s = f / (2.0 + f)
    t = s * s
    y = _F64_R[0]
    y = y * t + _F64_R[1]
    y = y * t + _F64_R[2]
    y = y * t + _F64_R[3]
    y = y * t + _F64_R[4]
    y = y * t + _F64_R[5]
    y = y * t + _F64_R[6]
    square = 0.5 * f * f
    y = f - (square - (s * (square + y * t) + (k * _F64_LN2_LOW + lost)))
    y = k * _F64_LN2_HIGH + y
    y = y if u < _F64_INFINITY else u
    y = y if u > 0.0 else -_F64_INFINITY
    return y if u >= 0.0 else _F64_NAN


def _log_of(u: Any, lost: Any, lifted: Any) -> Any:
    """Stand for the implementation that fits the type of ``u``."""


@overload(_log_of, inline="always")
def _choose_log_of(u: Any, lost: Any, lifted: Any) -> Any:
    return _log_of32 if u == types.float32 else _log_of64


def _log32(x: Any) -> Any:
    subnormal = x < _F32_SMALLEST
    u = x * _F32_LIFT if subnormal else x
    return _log_of(u, _F32_ZERO, _F32_LIFTED if subnormal else _F32_ZERO)


def _log64(x: Any) -> Any:
    subnormal = x < _F64_SMALLEST
    u = x * _F64_LIFT if subnormal else x
    return _log_of(u, 0.0, _F64_LIFTED if subnormal else 0.0)


def _log(x: Any) -> Any:
    """Stand for the implementation that fits the type of ``x``."""


@overload(_log, inline="always")
def _choose_log(x: Any) -> Any:
    return _log32 if x == types.float32 else _log64


@exact
def log(x):
    """Return the natural logarithm of x, to 2 ulp."""
    return _log(x)


def _log1p32(x: Any) -> Any:
    u = _F32_ONE + x
    lost = _F32_ONE - (u - x) if x > _F32_ONE else x - (u - _F32_ONE)
    return _log_of(u, lost / u, _F32_ZERO)


def _log1p64(x: Any) -> Any:
    u = 1.0 + x
    lost = 1.0 - (u - x) if x > 1.0 else x - (u - 1.0)
    return _log_of(u, lost / u, 0.0)


def _log1p(x: Any) -> Any:
    """Stand for the implementation that fits the type of ``x``."""


@overload(_log1p, inline="always")
def _choose_log1p(x: Any) -> Any:
    return _log1p32 if x == types.float32 else _log1p64


@exact
def log1p(x):
    """Return ``log(1 + x)``, to 2 ulp."""
    return _log1p(x)
