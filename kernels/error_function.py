"""erf and erfcx as polynomials, without calls or branches.

For x >= 0, ``erfcx(x) = exp(x^2) (1 - erf(x)) = P(t) / (x + k)``; ``t = (x - k) / (x + k)`` maps
all x to [-1, 1] (Shepherd & Laframboise 1981). For abs(x) <= 1, ``erf(x) = x Q(x^2)``. P and Q
are fits at Chebyshev points, which err by less than half an ulp where they are used.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from nncli.kernels.jit import exact
from nncli.kernels.polynomials import _exp

F32 = np.float32
_F32_P = tuple(
    F32(c)
    for c in (
        *(3.954668571e-6, 8.417574917e-5, 6.229687412e-5, -5.983993388e-4, -8.503942135e-4),
        *(3.057994645e-3, 6.482091848e-3, -2.150313855e-2, -3.644247403e-2, 2.794714529e-1),
        *(-6.871606811e-1, 1.021582714),
    )
)
_F32_Q = tuple(
    F32(c)
    for c in (
        *(7.875875063e-5, -8.016864287e-4, 5.189087423e-3, -0.02685421201, 0.1128359472),
        *(-0.3761262667, 1.128379166),
    )
)
_F32_K, _F32_END = F32(2.0), F32(30.0)
_F32_ZERO, _F32_ONE = F32(0.0), F32(1.0)

_F64_P = (
    *(
        -1.88878217331447996e-10,
        -6.42776803455018271e-11,
        1.53441531730449419e-9,
        9.82927273998661223e-11,
    ),
    *(
        -8.15326616129643413e-9,
        2.05722452947123622e-9,
        4.43036907423723314e-8,
        -2.50473834331383936e-8,
    ),
    *(
        -2.67226417865918462e-7,
        2.78007872005890446e-7,
        1.65800310294288704e-6,
        -3.2882733117572529e-6,
    ),
    *(
        -8.90465479921034275e-6,
        3.74712300801919069e-5,
        1.05941605620876055e-5,
        -3.48646730092497082e-4,
    ),
    *(7.94823073333300107e-4, 9.8633806021532615e-4, -0.0125358800386242639, 0.0491187786170105938),
    *(-0.131955401178656119, 0.279062049033705111, -0.490470291207675776, 0.736318925221753041),
    *(-0.958741576652909582, 1.09192290956278904),
)
_F64_Q = (
    *(
        -7.79589882700214224e-10,
        1.37200645467776856e-8,
        -1.62084838018717059e-7,
        1.64474247033173624e-6,
    ),
    *(
        -1.49247369074196603e-5,
        1.20552949048397079e-4,
        -8.54832597538969208e-4,
        5.22397760711642273e-3,
    ),
    *(-0.0268661706432377704, 0.112837916709450063, -0.376126389031835404, 1.12837916709551257),
)
_F64_K, _F64_END = 3.75, 30.0


def _erfcx32(x: Any) -> Any:
    x = _F32_END if x > _F32_END else x
    inverse = _F32_ONE / (x + _F32_K)
    t = (x - _F32_K) * inverse
    y = _F32_P[0]
    y = y * t + _F32_P[1]
    y = y * t + _F32_P[2]
    y = y * t + _F32_P[3]
    y = y * t + _F32_P[4]
    y = y * t + _F32_P[5]
    y = y * t + _F32_P[6]
    y = y * t + _F32_P[7]
    y = y * t + _F32_P[8]
    y = y * t + _F32_P[9]
    y = y * t + _F32_P[10]
    y = y * t + _F32_P[11]
    return y * inverse


def _erfcx64(x: Any) -> Any:
    x = _F64_END if x > _F64_END else x
    inverse = 1.0 / (x + _F64_K)
    t = (x - _F64_K) * inverse
    y = _F64_P[0]
    y = y * t + _F64_P[1]
    y = y * t + _F64_P[2]
    y = y * t + _F64_P[3]
    y = y * t + _F64_P[4]
    y = y * t + _F64_P[5]
    y = y * t + _F64_P[6]
    y = y * t + _F64_P[7]
    y = y * t + _F64_P[8]
    y = y * t + _F64_P[9]
    y = y * t + _F64_P[10]
    y = y * t + _F64_P[11]
    y = y * t + _F64_P[12]
    y = y * t + _F64_P[13]
    y = y * t + _F64_P[14]
    y = y * t + _F64_P[15]
    y = y * t + _F64_P[16]
    y = y * t + _F64_P[17]
    y = y * t + _F64_P[18]
    y = y * t + _F64_P[19]
    y = y * t + _F64_P[20]
    y = y * t + _F64_P[21]
    y = y * t + _F64_P[22]
    y = y * t + _F64_P[23]
    y = y * t + _F64_P[24]
    y = y * t + _F64_P[25]
    return y * inverse


def _erfcx(x: Any) -> Any:
    """Stand for the implementation that fits the type of ``x``."""


@overload(_erfcx, inline="always")
def _choose_erfcx(x: Any) -> Any:
    return _erfcx32 if x == types.float32 else _erfcx64


@exact
def erfcx(x):
    """Return ``exp(x^2) (1 - erf(x))`` for x from 0 to 30; float32 to 6 ulp, float64 to 12.

    Beyond 30 it stays what it is there: ``exp(-x^2)``, its factor, is 0 from 28 on in either type.
    """
    return _erfcx(x)


def _erf32(x: Any) -> Any:
    size = -x if x < _F32_ZERO else x
    s = x * x
    y = _F32_Q[0]
    y = y * s + _F32_Q[1]
    y = y * s + _F32_Q[2]
    y = y * s + _F32_Q[3]
    y = y * s + _F32_Q[4]
    y = y * s + _F32_Q[5]
    y = y * s + _F32_Q[6]
    far = _F32_ONE - _exp(-s) * _erfcx(size)
    far = -far if x < _F32_ZERO else far
    return x * y if size < _F32_ONE else far


def _erf64(x: Any) -> Any:
    size = -x if x < 0.0 else x
    s = x * x
    y = _F64_Q[0]
    y = y * s + _F64_Q[1]
    y = y * s + _F64_Q[2]
    y = y * s + _F64_Q[3]
    y = y * s + _F64_Q[4]
    y = y * s + _F64_Q[5]
    y = y * s + _F64_Q[6]
    y = y * s + _F64_Q[7]
    y = y * s + _F64_Q[8]
    y = y * s + _F64_Q[9]
    y = y * s + _F64_Q[10]
    y = y * s + _F64_Q[11]
    far = 1.0 - _exp(-s) * _erfcx(size)
    far = -far if x < 0.0 else far
    return x * y if size < 1.0 else far


def _erf(x: Any) -> Any:
    """Stand for the implementation that fits the type of ``x``."""


@overload(_erf, inline="always")
def _choose_erf(x: Any) -> Any:
    return _erf32 if x == types.float32 else _erf64


@exact
def erf(x):
    """Return ``2 / sqrt(pi)`` times the integral of ``exp(-t^2)`` from 0 to x, to 3 ulp."""
    return _erf(x)
