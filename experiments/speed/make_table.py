"""Write a large CSV table to measure reading and training with: by default 5,000,000 rows of 28
numbers and a label, about 1.4 GB.

    python experiments/speed/make_table.py table.csv --rows 5000000 --columns 28
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

BLOCK = 20_000


def write_table(path: Path, rows: int, columns: int, seed: int) -> None:
    """Write ``rows`` lines of ``columns`` normal numbers and a 0/1 label that depends on them.

    The label is 1 where a random linear function plus noise is positive, so that a network has
    something to learn.
    """
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal(columns)
    location, spread = rng.uniform(-5, 5, columns), rng.uniform(0.1, 10, columns)
    line = ",".join(["%.6g"] * columns + ["%d"])
    with open(path, "w", encoding="ascii", newline="\n") as stream:
        stream.write(",".join([*(f"x{each + 1}" for each in range(columns)), "label"]) + "\n")
        for start in range(0, rows, BLOCK):
            count = min(BLOCK, rows - start)
            x = rng.standard_normal((count, columns))
            label = x @ weights + rng.standard_normal(count) > 0
            cells = np.column_stack([x * spread + location, label])
            stream.write(("\n".join([line] * count) + "\n") % tuple(cells.ravel().tolist()))


def main() -> None:
    """Read the command line and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--columns", type=int, default=28)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    write_table(given.path, given.rows, given.columns, given.seed)


if __name__ == "__main__":
    main()
