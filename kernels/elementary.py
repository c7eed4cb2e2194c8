"""Elementary functions that kernels call: NumPy's in Python, fast polynomials when native.

The C library's functions are called one number at a time. The native twins have no calls and no
branches, so the compiler turns a loop over them into vector instructions. In Python all of them
take complex scalars too, which derivatives by a complex step need.
"""

from __future__ import annotations

import math

from nncli.kernels.jit import native_twin


@native_twin("nncli.kernels.polynomials:exp")
def exp(x):
    """Return e to the power of x."""
    import numpy as np

    return np.exp(x)


@native_twin("nncli.kernels.polynomials:expm1")
def expm1(x):
    """Return ``exp(x) - 1``, exact for small x."""
    import numpy as np

    return np.expm1(x)


@native_twin("nncli.kernels.polynomials:tanh")
def tanh(x):
    """Return the hyperbolic tangent of x."""
    import numpy as np

    return np.tanh(x)


@native_twin("nncli.kernels.logarithms:log")
def log(x):
    """Return the natural logarithm of x."""
    import numpy as np

    return np.log(x)


@native_twin("nncli.kernels.logarithms:log1p")
def log1p(x):
    """Return ``log(1 + x)``, exact for small x."""
    import numpy as np

    return np.log1p(x)


@native_twin("nncli.kernels.error_function:erf")
def erf(x):
    """Return ``2 / sqrt(pi)`` times the integral of ``exp(-t^2)`` from 0 to x."""
    return _extended(math.erf, x, 2.0 / math.sqrt(math.pi))


@native_twin("nncli.kernels.error_function:erfc")
def erfc(x):
    """Return ``1 - erf(x)``, exact where that is small."""
    return _extended(math.erfc, x, -2.0 / math.sqrt(math.pi))


def _extended(function, x, slope):
    """Apply a real function of derivative ``slope * exp(-x^2)`` to a real or complex scalar.

    ``f(x + ih) = f(x) + ih f'(x)`` neglects h^2, which the tiny h of a complex step allows.
    """
    import numpy as np

    if np.iscomplexobj(x):
        return type(x)(complex(function(x.real), x.imag * slope * np.exp(-x.real * x.real)))
    return type(x)(function(x))
