"""Numerics of nncli: plain Python functions over NumPy arrays that Numba turns into native code.

This package knows no command line, no database and no printing. Importing it compiles nothing and
imports neither Numba nor SciPy: the tables of activations, losses, optimizers and initializers
can be read by ``nncli --help`` for free. :func:`nncli.kernels.jit.native` compiles on first use.
"""
