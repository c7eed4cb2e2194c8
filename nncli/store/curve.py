"""What a run measures while it trains: its curve, and the statistics of its layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nncli.store.columns import Columns
from nncli.store.nonfinite import EPOCH_FLAGGED, LAYER_FLAGGED


@dataclass(frozen=True)
class Curve(Columns):
    """One row an epoch, the rows of ``epochs``.

    ``epoch`` and ``updates`` (optimizer steps so far) are int64 (n,); ``seconds`` (training time
    since the run began), the losses, metrics, ``lr`` and ``grad_norm`` are float64 (n,).
    """

    WHAT = "a curve"
    ALWAYS: ClassVar[Mapping[str, type]] = {
        "epoch": np.int64,
        "updates": np.int64,
        "seconds": np.float64,
    }
    FLAGGED = EPOCH_FLAGGED

    def last(self) -> dict[str, float | None]:
        """Return the last row, ``None`` for what was not measured; the curve must have rows."""
        row: dict[str, float | None] = {name: self.values[name][-1].item() for name in self.ALWAYS}
        for name in self.FLAGGED:
            row[name] = self.values[name][-1].item() if self.measured[name][-1] else None
        return row


@dataclass(frozen=True)
class LayerStats(Columns):
    """One row for each logged epoch and layer, the rows of ``layer_stats``.

    ``epoch`` and ``layer`` (1 is the first hidden layer) are int64 (n,). float64 (n,) are
    ``grad_norm`` and ``update_ratio`` (norm of the update by norm of the weights), ``act_mean`` and
    ``act_std`` of the activations, ``saturated_frac`` and ``dead_frac`` (shares of the units) and
    ``similarity`` (largest of two units' weights).
    """

    WHAT = "a table of layer statistics"
    ALWAYS: ClassVar[Mapping[str, type]] = {"epoch": np.int64, "layer": np.int64}
    FLAGGED = LAYER_FLAGGED
