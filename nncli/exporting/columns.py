"""What the raw columns of a network are, in the words that other programs get.

A text is *missing* if it is one of those that a file's missing values are written as, and no
category of its column; the empty text is one. A missing number is NaN.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from nncli.data.expansion import Expansion, monomials
from nncli.data.inputs import BOOLEANS
from nncli.data.preprocessing import InputColumn
from nncli.data.sniff import MISSING

#: What each kind of column is called outside.
KINDS = {"numeric": "number", "categorical": "category", "boolean": "boolean"}

#: Texts, in small letters, that are true; all others are false.
TRUE = tuple(sorted(pair[1] for pair in BOOLEANS))


def every_case(texts: tuple[str, ...]) -> list[str]:
    """Return texts in every mixture of small and capital letters."""
    return sorted(
        "".join(letters)
        for text in texts
        for letters in product(*({each, each.upper()} for each in text))
    )


def missing_texts(column: InputColumn | None = None) -> list[str]:
    """Return the texts that stand for a missing value, in a column or in any."""
    return sorted(MISSING - set(column.categories if column else ()))


def described(column: InputColumn) -> dict[str, Any]:
    """Return a column as programs that have nothing of nncli read it."""
    found: dict[str, Any] = {"name": column.name, "kind": KINDS[column.kind]}
    if column.kind == "numeric":
        found["fill"] = column.fill
    if column.kind == "categorical":
        found["categories"] = list(column.categories)
    return {**found, "indicator": column.indicator}


def products(expansion: Expansion) -> list[list[tuple[int, int]]]:
    """Return the products of an expansion, degree by degree from 2 on.

    Each is a pair: the place, from 0, among the columns of the degree before, and the place of the
    input that it is multiplied with.
    """
    places: dict[tuple[int, ...], int] = {}
    degrees: dict[int, list[tuple[int, int]]] = {}
    for chosen in monomials(expansion.features, expansion.width):
        of_degree = degrees.setdefault(len(chosen), [])
        places[chosen] = len(of_degree)
        of_degree.append((places.get(chosen[:-1], 0), chosen[-1]))
    return [found for degree, found in sorted(degrees.items()) if degree > 1]
