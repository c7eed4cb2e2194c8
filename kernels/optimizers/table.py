"""The table of optimizers, which the modules beside this one fill."""

from __future__ import annotations

from nncli.kernels.parts import Optimizer, Table

OPTIMIZERS: Table[Optimizer] = Table("optimizer")
