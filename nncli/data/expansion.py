"""Products of the inputs as more inputs: quadratic features and polynomials.

Source: Minsky & Papert 1969 on exclusive or, which the product of its two inputs makes linearly
separable; the order of the columns is that of scikit-learn's PolynomialFeatures. Products are taken
of the inputs after scaling, so that they are powers of numbers near 1, and are then brought to mean
0 and variance 1 on the training split. Without scaling they stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.data.memory import require_memory
from nncli.data.options import degree_of
from nncli.errors import DataError

#: More columns than this are refused: the first layer alone would have millions of weights.
MOST_COLUMNS = 20_000

_BLOCK = 1 << 20  # cells that are computed at a time, in float64


@dataclass(frozen=True)
class Expansion:
    """The map from encoded inputs u (n, width) to all inputs of the network (n, columns).

    ``features`` is ``quadratic``, for the inputs and all products of two different ones, or
    ``poly:D``, for all monomials up to degree D. They are of ``(u - shift) * scale``.
    """

    features: str
    shift: tuple[float, ...]
    scale: tuple[float, ...]

    @property
    def width(self) -> int:
        """Return the number of columns that are expanded."""
        return len(self.shift)

    @property
    def columns(self) -> int:
        """Return the number of columns after the expansion."""
        return columns_of(self.features, self.width)

    def names(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the names of all columns: ``a``, ``b``, ``a^2``, ``a b``, ``b^2``."""
        return tuple(
            " ".join(
                names[place] + (f"^{power}" if (power := chosen.count(place)) > 1 else "")
                for place in dict.fromkeys(chosen)
            )
            for chosen in monomials(self.features, self.width)
        )

    def expand(self, rows: NDArray[Any], dtype: str) -> NDArray[np.floating]:
        """Return all columns (n, columns) of encoded rows (n, width), before the last scaling.

        Raises DataError if memory is short, and for a product that is not finite.
        """
        columns = self.columns
        require_memory(
            len(rows) * columns * np.dtype(dtype).itemsize,
            f"--features {self.features}, which makes {columns} columns of {self.width},",
        )
        found = np.empty((len(rows), columns), dtype)
        products = self._products()
        shift, scale = np.asarray(self.shift), np.asarray(self.scale)
        step = max(1, _BLOCK // columns)
        for start in range(0, len(rows), step):
            # a column of the block is contiguous: products run over columns
            block = np.empty((columns, len(rows[start : start + step])))
            block[: self.width] = ((rows[start : start + step] - shift) * scale).T
            for place, (parent, last) in enumerate(products, self.width):
                np.multiply(block[parent], block[last], out=block[place])
            with np.errstate(over="ignore"):
                found[start : start + step] = block.T
            if not np.isfinite(found[start : start + step]).all():
                raise DataError(
                    f"--features {self.features}: a product is too large for {dtype} in the rows "
                    f"from {start + 1} on; choose a lower degree, or let --scale make inputs small"
                )
        return found

    def _products(self) -> list[tuple[int, int]]:
        """Return of each product which column, times which input, it is."""
        places: dict[tuple[int, ...], int] = {}
        found = []
        for place, chosen in enumerate(monomials(self.features, self.width)):
            places[chosen] = place
            if len(chosen) > 1:
                found.append((places[chosen[:-1]], chosen[-1]))
        return found

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {"features": self.features, "shift": list(self.shift), "scale": list(self.scale)}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Expansion:
        """Read what :meth:`to_json` returned."""
        return cls(found["features"], tuple(found["shift"]), tuple(found["scale"]))


def columns_of(features: str, width: int) -> int:
    """Return how many columns ``width`` inputs become; raises DataError for too many."""
    degree = degree_of(features)
    if features == "quadratic":
        count = width + width * (width - 1) // 2
    else:
        count = math.comb(width + degree, degree) - 1
    if count > MOST_COLUMNS:
        raise DataError(
            f"--features {features} makes {count} columns of {width}: expected at most "
            f"{MOST_COLUMNS}; choose a lower degree or fewer --columns"
        )
    return count


def monomials(features: str, width: int) -> Iterator[tuple[int, ...]]:
    """Yield the inputs that are multiplied for each column, in order: (0,), (1,), (0, 1)."""
    if features == "quadratic":
        for degree in (1, 2):
            yield from combinations(range(width), degree)
    else:
        for degree in range(1, degree_of(features) + 1):
            yield from combinations_with_replacement(range(width), degree)
