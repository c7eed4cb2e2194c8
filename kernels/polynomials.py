"""exp, expm1 and tanh as polynomials after range reduction, without calls or branches.

``exp``: with an integer n and abs(r) <= ln(2) / 2, ``x = n ln 2 + r``; a polynomial gives
``exp(r) - 1``, and n goes straight into the exponent bits, in two halves so that neither overflows
alone. The coefficients are those of the Cephes library (Moshier 1989). The result is infinite above
the range and zero below it, and NaN stays NaN. Rounding to n works by adding a large number and
taking it away again, so these kernels are compiled without reassociation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from nncli.kernels.jit import exact

_LOG2_E = 1.4426950408889634

F32 = np.float32
_F32_LOG2_E = F32(_LOG2_E)
_F32_LOWEST, _F32_HIGHEST = F32(-104.0), F32(89.0)
_F32_ROUNDER, _F32_ROUNDER_BITS = F32(12582912.0), np.int32(0x4B400000)
_F32_LN2_HIGH, _F32_LN2_LOW = F32(0.693359375), F32(-2.12194440e-4)
_F32_E = tuple(
    F32(c)
    for c in (
        *(1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3),
        *(4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1),
    )
)
_F32_T = tuple(
    F32(c)
    for c in (
        *(-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2),
        *(1.33314422036e-1, -3.33332819422e-1),
    )
)
_F32_ONE, _F32_TWO, _F32_SMALL = F32(1.0), F32(2.0), F32(0.625)

_F64_LOWEST, _F64_HIGHEST = -746.0, 710.0
_F64_ROUNDER, _F64_ROUNDER_BITS = 6755399441055744.0, np.int64(0x4338000000000000)
_F64_LN2_HIGH, _F64_LN2_LOW = 6.93145751953125e-1, 1.42860682030941723212e-6
_F64_P = (1.26177193074810590878e-4, 3.02994407707441961300e-2, 1.0)
_F64_Q = (
    *(3.00198505138664455042e-6, 2.52448340349684104192e-3),
    *(2.27265548208155028766e-1, 2.0),
)
_F64_TP = (-9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3)
_F64_TQ = (1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3)


def _reduced32(x: Any) -> Any:
    """Return ``exp(r) - 1`` and two powers of two whose product is 2^n."""
    x = _F32_LOWEST if x < _F32_LOWEST else x
    x = _F32_HIGHEST if x > _F32_HIGHEST else x
    shifted = x * _F32_LOG2_E + _F32_ROUNDER
    n = shifted - _F32_ROUNDER
    r = x - n * _F32_LN2_HIGH
    r = r - n * _F32_LN2_LOW
    y = _F32_E[0]
    y = y * r + _F32_E[1]
    y = y * r + _F32_E[2]
    y = y * r + _F32_E[3]
    y = y * r + _F32_E[4]
    y = y * r + _F32_E[5]
    bits = np.int32(np.float32(shifted).view(np.int32) - _F32_ROUNDER_BITS)
    half = np.int32(bits >> 1)
    rest = np.int32(bits - half)
    low = np.int32((half + 127) << 23).view(np.float32)
    high = np.int32((rest + 127) << 23).view(np.float32)
    return y * (r * r) + r, low, high


def _reduced64(x: Any) -> Any:
    """Return ``exp(r) - 1`` and two powers of two whose product is 2^n."""
    x = _F64_LOWEST if x < _F64_LOWEST else x
    x = _F64_HIGHEST if x > _F64_HIGHEST else x
    shifted = x * _LOG2_E + _F64_ROUNDER
    n = shifted - _F64_ROUNDER
    r = x - n * _F64_LN2_HIGH
    r = r - n * _F64_LN2_LOW
    s = r * r
    p = r * ((_F64_P[0] * s + _F64_P[1]) * s + _F64_P[2])
    q = ((_F64_Q[0] * s + _F64_Q[1]) * s + _F64_Q[2]) * s + _F64_Q[3]
    bits = np.int64(np.float64(shifted).view(np.int64) - _F64_ROUNDER_BITS)
    half = bits >> 1
    low = np.int64((half + 1023) << 52).view(np.float64)
    high = np.int64((bits - half + 1023) << 52).view(np.float64)
    return 2.0 * (p / (q - p)), low, high


def _reduced(x: Any) -> Any:
    """Stand for the implementation that fits the type of ``x``."""


@overload(_reduced, inline="always")
def _choose_reduced(x: Any) -> Any:
    return _reduced32 if x == types.float32 else _reduced64


def _exp32(x: Any) -> Any:
    y, low, high = _reduced(x)
    return (y + _F32_ONE) * low * high


def _exp64(x: Any) -> Any:
    y, low, high = _reduced(x)
    return (y + 1.0) * low * high


def _exp(x: Any) -> Any:
    """Stand for the implementation that fits the type of ``x``."""


@overload(_exp, inline="always")
def _choose_exp(x: Any) -> Any:
    return _exp32 if x == types.float32 else _exp64


@exact
def exp(x):
    """Return e to the power of x; float32 to 1 ulp, float64 to 2 ulp."""
    return _exp(x)


def _expm1_32(x: Any) -> Any:
    y, low, high = _reduced(x)
    return (y * low + (low - _F32_ONE / high)) * high


def _expm1_64(x: Any) -> Any:
    y, low, high = _reduced(x)
    return (y * low + (low - 1.0 / high)) * high


def _expm1(x: Any) -> Any:
    """Stand for the implementation that fits the type of ``x``."""


@overload(_expm1, inline="always")
def _choose_expm1(x: Any) -> Any:
    return _expm1_32 if x == types.float32 else _expm1_64


@exact
def expm1(x):
    """Return ``exp(x) - 1``; float32 to 2 ulp, float64 to 5 ulp.

    It is ``2^n (exp(r) - 1) + (2^n - 1)``, where n is 0 for small x.
    """
    return _expm1(x)


def _tanh32(x: Any) -> Any:
    size = abs(x)
    s = x * x
    p = _F32_T[0]
    p = p * s + _F32_T[1]
    p = p * s + _F32_T[2]
    p = p * s + _F32_T[3]
    p = p * s + _F32_T[4]
    near = x + x * s * p
    far = _F32_ONE - _F32_TWO / (_exp(_F32_TWO * size) + _F32_ONE)
    far = -far if x < F32(0.0) else far
    return near if size < _F32_SMALL else far


def _tanh64(x: Any) -> Any:
    size = abs(x)
    s = x * x
    p = (_F64_TP[0] * s + _F64_TP[1]) * s + _F64_TP[2]
    q = ((s + _F64_TQ[0]) * s + _F64_TQ[1]) * s + _F64_TQ[2]
    near = x + x * s * (p / q)
    far = 1.0 - 2.0 / (_exp(2.0 * size) + 1.0)
    far = -far if x < 0.0 else far
    return near if size < 0.625 else far


def _tanh(x: Any) -> Any:
    """Stand for the implementation that fits the type of ``x``."""


@overload(_tanh, inline="always")
def _choose_tanh(x: Any) -> Any:
    return _tanh32 if x == types.float32 else _tanh64


@exact
def tanh(x):
    """Return the hyperbolic tangent of x, to 2 ulp."""
    return _tanh(x)
