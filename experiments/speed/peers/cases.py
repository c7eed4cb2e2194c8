"""The work that is timed: four networks with their batches, epochs, data and exact FLOP counts."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEARNING_RATE = 1e-3
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Case:
    """One training job: ReLU hidden layers, softmax cross-entropy, Adam, reshuffled every epoch."""

    name: str
    sizes: tuple[int, ...]
    rows: int
    batch: int
    epochs: int
    share_of_peak: bool = False  # whether the products are large enough to be held against sgemm

    @property
    def title(self) -> str:
        batch = "full batch" if self.batch == self.rows else f"batch {self.batch}"
        return f"{'-'.join(map(str, self.sizes))}, {self.rows:,} rows, {batch}"

    @property
    def updates(self) -> int:
        """Optimizer steps in one job; the last batch of an epoch may be a short one."""
        return self.epochs * math.ceil(self.rows / self.batch)

    @property
    def flops(self) -> int:
        """Multiplications and additions of all matrix products of one job.

        A layer of k inputs and n outputs takes 2mnk for a batch of m rows in the forward pass, as
        much for the weight gradient, and as much again for the input gradient, which the first
        layer does not need. Short batches are counted at their size: m adds up to `rows`.
        """
        layers = list(zip(self.sizes[:-1], self.sizes[1:], strict=True))
        products = sum(k * n * (2 if i == 0 else 3) for i, (k, n) in enumerate(layers))
        return 2 * self.rows * self.epochs * products


CASES = {
    case.name: case
    for case in (
        Case("xor", (2, 8, 2), rows=4, batch=4, epochs=2000),
        Case("digits", (64, 64, 10), rows=1437, batch=32, epochs=20),
        Case("mnist", (784, 256, 128, 10), rows=20_000, batch=64, epochs=2, share_of_peak=True),
        Case("wide", (784, 1024, 1024, 10), rows=8192, batch=256, epochs=3, share_of_peak=True),
    )
}
# The case of the memory mode has MNIST's own shape and is read from files of MNIST's own format.
MEMORY_CASE = Case("memory", (784, 256, 128, 10), rows=60_000, batch=64, epochs=1)
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@dataclass(frozen=True)
class Data:
    """`x` (rows, inputs) is float32, or uint8 that is to be divided by 255; `y` (rows,) is int64.

    `folder` holds the IDX files behind the arrays, for a contestant that reads such files itself.
    """

    x: NDArray[Any]
    y: NDArray[np.int64]
    folder: Path | None = None


@dataclass(frozen=True)
class Job:
    """A prepared contestant: `run` trains a job from initial weights; returns its last loss."""

    run: Callable[[], float]
    note: str = ""


def make_data(case: Case, seed: int = 0) -> Data:
    """XOR's four rows, or standard normal rows labelled by a random linear teacher."""
    if case.name == "xor":
        x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
        return Data(x, np.array([0, 1, 1, 0], np.int64))
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((case.rows, case.sizes[0]), np.float32)
    teacher = rng.standard_normal((case.sizes[0], case.sizes[-1]), np.float32)
    return Data(x, (x @ teacher).argmax(axis=1))


def write_idx_folder(case: Case, folder: Path, seed: int = 0) -> None:
    """Writes random rows and labels as the training files of a folder in MNIST's form.

    Row by row: a process inherits the peak memory of the one that started it.
    """
    rng = np.random.default_rng(seed)
    side = math.isqrt(case.sizes[0])
    with (folder / IMAGES).open("wb") as file:
        file.write(struct.pack(">4B3I", 0, 0, 8, 3, case.rows, side, side))
        for _ in range(case.rows):
            file.write(rng.bytes(case.sizes[0]))
    labels = rng.integers(0, case.sizes[-1], case.rows, np.uint8)
    (folder / LABELS).write_bytes(struct.pack(">4BI", 0, 0, 8, 1, case.rows) + labels.tobytes())


def read_idx_folder(case: Case, folder: Path) -> Data:
    """The files of `write_idx_folder`; rows are mapped, so that only who reads them pays."""
    labels = np.fromfile(folder / LABELS, np.uint8, offset=8).astype(np.int64)
    shape = (case.rows, case.sizes[0])
    return Data(np.memmap(folder / IMAGES, np.uint8, "c", 16, shape), labels, folder)
