"""Elementary functions that kernels call: plain ``math`` in Python, fast polynomials when native.

The C library's functions are called one number at a time. The native twins in
:mod:`nncli.kernels.polynomials` have no calls and no branches, so the compiler turns a loop over
them into vector instructions.
"""

from __future__ import annotations

import math

from nncli.kernels.jit import native_twin


@native_twin("nncli.kernels.polynomials:exp")
def exp(x):
    """Return e to the power of x."""
    return math.exp(x)


@native_twin("nncli.kernels.polynomials:tanh")
def tanh(x):
    """Return the hyperbolic tangent of x."""
    return math.tanh(x)
