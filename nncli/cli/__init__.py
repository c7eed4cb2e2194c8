"""The command line: every command parses its options, calls the library and prints.

Importing this package is cheap: neither NumPy, Numba, pandas, SciPy nor SQLAlchemy is loaded before
a command needs it. ``main`` is the entry point of the program ``nncli``.
"""

from __future__ import annotations

from nncli.cli.app import app, main

__all__ = ["app", "main"]
