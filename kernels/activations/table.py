"""The table of activations, which the modules beside this one fill."""

from __future__ import annotations

from nncli.kernels.parts import Activation, Table

ACTIVATIONS: Table[Activation] = Table("activation")
