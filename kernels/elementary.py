"""Elementary functions that kernels call: NumPy's in Python, fast polynomials when native.

The C library's functions are called one number at a time. The native twins have no calls and no
branches, so the compiler turns a loop over them into vector instructions. In Python all of them
take complex scalars too, which derivatives by a complex step need.
"""

from __future__ import annotations

import math

from nncli.kernels.jit import native_twin

TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)


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


@native_twin("math:log")
def log_of_one(x):
    """Return the natural logarithm, natively by the C library.

    For one number a row, where no vector of them could be had.
    """
    import numpy as np

    return np.log(x)


@native_twin("nncli.kernels.logarithms:log1p")
def log1p(x):
    """Return ``log(1 + x)``, exact for small x."""
    import numpy as np

    return np.log1p(x)


@native_twin("nncli.kernels.error_function:erf")
def erf(x):
    """Return ``2 / sqrt(pi)`` times the integral of ``exp(-t^2)`` from 0 to x.

    ``f(x + ih) = f(x) + ih f'(x)`` neglects h^2, which the tiny h of a complex step allows.
    """
    import numpy as np

    value = math.erf(x.real)
    if np.iscomplexobj(x):
        value += 1j * x.imag * TWO_OVER_ROOT_PI * np.exp(-x.real * x.real)
    return type(x)(value)


@native_twin("nncli.kernels.error_function:erfcx")
def erfcx(x):
    """Return ``exp(x^2) (1 - erf(x))`` for x from 0 to 30; complex x as in erf."""
    import numpy as np
    from scipy.special import erfcx as scaled

    value = scaled(float(x.real))
    if np.iscomplexobj(x):
        value += 1j * x.imag * (2.0 * x.real * value - TWO_OVER_ROOT_PI)
    return type(x)(value)
