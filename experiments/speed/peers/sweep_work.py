"""The sweep that is timed: learning rates of one network on the digits, one split for all.

The process that compares writes the split; the contestants read it, scaled as nncli scales it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peers.cases import CASES

CASE = CASES["digits"]  # its sizes and batch; epochs are the sweep's
LOWEST, HIGHEST = 1e-4, 1e-1


@dataclass(frozen=True)
class Split:
    """`x` (rows, 64) is float32, `y` (rows,) int64; the first `train` rows are for training."""

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    train: int


def rates(trials: int) -> list[float]:
    """The learning rates, as nncli's `log:1e-4:1e-1:64` has them."""
    return [float(rate) for rate in np.geomspace(LOWEST, HIGHEST, trials)]


def write_split(path: Path) -> None:
    """Writes the digits as nncli splits and scales them with seed 0."""
    from nncli.planning import plan
    from nncli.spec import Spec

    data = plan(Spec.read({"data": "digits"})).dataset
    order = np.concatenate([data.train, data.val])
    x = (data.rows[order].astype(np.float32) - data.shift) * data.scale
    np.savez(path, x=x, y=data.targets[order, 0].astype(np.int64), train=len(data.train))


def read_split(path: Path) -> Split:
    with np.load(path) as file:
        return Split(file["x"], file["y"], int(file["train"]))


def options(**more: Any) -> argparse.Namespace:
    """What every contestant is told; `more` are defaults of further options by name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("split", type=Path)
    parser.add_argument("--trials", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--jobs", type=int, required=True)
    for name, default in more.items():
        parser.add_argument(f"--{name}", default=default)
    return parser.parse_args()
