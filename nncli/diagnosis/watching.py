"""The arrays that a run's layers are watched with, and the layer statistics that come of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nncli.events import LayerBlock
from nncli.kernels import diagnosis as d
from nncli.kernels.network import Diagnosis

if TYPE_CHECKING:
    from nncli.model import Model

#: Numbers of layer statistics that one call of the loop can write, 16 MB.
MOST_NUMBERS = 2_000_000


def rows_of_a_call(model: Model, ranks: int, most: int) -> int:
    """Return for how many logged epochs a call of the loop has room, at most ``most``."""
    return max(1, min(most, MOST_NUMBERS // (ranks * len(model.layers) * d.SUMS)))


def make_diagnosis(model: Model, ranks: int, rows: int, dtype: str, multiply: Any) -> Diagnosis:
    """Allocate what ``ranks`` threads need to watch a network for ``rows`` logged epochs a call.

    ``multiply`` is the slot of the matrix product.
    """
    layers = len(model.layers)
    limits = np.full((layers, d.LIMITS), np.nan)
    for row, layer in zip(limits, model.layers[:-1], strict=False):
        part = layer.choice.part
        if part.saturation is not None:
            row[[d.LOW, d.HIGH]] = part.saturation
        if part.dead_at is not None:
            row[d.DEAD_AT] = part.dead_at
    widest = max(layer.fan_out for layer in model.layers)
    made = Diagnosis(
        limits=limits,
        highest=np.full(model.units, -np.inf, dtype),
        before=np.zeros(model.size, dtype),
        scratch=np.zeros((ranks, d.BLOCK * d.BLOCK + widest + d.BLOCK), dtype),
        sums=np.zeros((ranks, layers, d.SUMS)),
        rows=np.zeros((ranks, rows, layers, d.SUMS)),
        multiply=multiply,
    )
    _doubt(made)
    return made


def _doubt(diagnosis: Diagnosis) -> None:
    """Have every rank look for living units in the layers whose units can die."""
    diagnosis.sums[:, :, d.DEAD] = ~np.isnan(diagnosis.limits[:, d.DEAD_AT])


def layer_block(diagnosis: Diagnosis, model: Model, epochs: NDArray[np.int64]) -> LayerBlock | None:
    """Return the statistics of the logged ``epochs`` (rows,) that the loop has just written.

    None if it has observed nothing, as an optimizer that is driven from Python.

    What no activation declares, such as dead units of tanh, and the similarity of a single unit
    are masked: they were not measured.
    """
    rows, layers = len(epochs), len(model.layers)
    parts = diagnosis.rows[:, :rows]
    if not parts[..., d.COUNT].any():
        return None
    sums, similarity = parts.sum(axis=0), parts[..., d.SIMILARITY].max(axis=0)
    saturates = ~np.isnan(diagnosis.limits[:, d.LOW])
    dies = ~np.isnan(diagnosis.limits[:, d.DEAD_AT])
    similarity[similarity == -np.inf] = np.nan  # the weights are no numbers
    units = np.array([layer.fan_out for layer in model.layers])
    with np.errstate(all="ignore"):
        count = sums[..., d.COUNT]
        mean = sums[..., d.TOTAL] / count
        # not below zero by rounding; NaN passes
        variance = np.maximum(sums[..., d.SQUARES] / count - mean**2, 0.0)
        columns: dict[str, NDArray[Any]] = {
            "epoch": np.repeat(epochs, layers),
            "layer": np.tile(np.arange(1, layers + 1), rows),
            "grad_norm": np.sqrt(sums[..., d.GRADIENT]).ravel(),
            "update_ratio": np.sqrt(sums[..., d.CHANGE] / sums[..., d.WEIGHT]).ravel(),
            "act_mean": mean.ravel(),
            "act_std": np.sqrt(variance).ravel(),
            "saturated_frac": _where(saturates, sums[..., d.SATURATED] / count),
            "dead_frac": _where(dies, sums[..., d.DEAD] / units),
            "similarity": _where(units > 1, similarity),
        }
    return LayerBlock(columns)


def _where(measured: NDArray[np.bool_], values: NDArray[np.float64]) -> NDArray[Any]:
    """Return ``values`` (rows, layers) flat, masked where a layer is not ``measured`` (layers,)."""
    masked: NDArray[Any] = np.ma.array(
        values, mask=~np.broadcast_to(measured, values.shape)
    ).ravel()
    return masked


def seen(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return as JSON what has been seen of the epoch that is not over; ranks' sums are joined.

    As hexadecimal text a float keeps every bit, and infinity fits into JSON.
    """
    joined = diagnosis.sums.sum(axis=0)
    return {
        "highest": [float(each).hex() for each in diagnosis.highest],
        "sums": [[float(each).hex() for each in row] for row in joined],
    }


def look_again(diagnosis: Diagnosis, before: dict[str, Any]) -> None:
    """Put back what :func:`seen` had told, in place."""
    diagnosis.highest[:] = [float.fromhex(each) for each in before["highest"]]
    diagnosis.sums[:] = 0
    diagnosis.sums[0] = [[float.fromhex(each) for each in row] for row in before["sums"]]
    _doubt(diagnosis)


__all__ = ["layer_block", "look_again", "make_diagnosis", "rows_of_a_call", "seen"]
