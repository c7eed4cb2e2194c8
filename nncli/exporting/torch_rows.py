"""The preprocessing as PyTorch code: raw rows to encoded ones, and their products."""

from __future__ import annotations

from typing import Any

from nncli.data.expansion import Expansion
from nncli.data.options import degree_of
from nncli.data.preprocessing import InputColumn, Preprocessing, numbered
from nncli.exporting.columns import TRUE, described, missing_texts
from nncli.exporting.literals import source_of

_NUMBERS = '''def encode(rows):
    """Return raw rows (n, {width}), numbers in the order of COLUMNS, as the network takes them."""
    return torch.as_tensor(rows, dtype=torch.{dtype})'''

_FILLED = '''def encode(rows):
    """Return raw rows (n, {width}), numbers in the order of COLUMNS, as the network takes them.

    NaN stands for a missing number.
    """
    x = torch.as_tensor(rows, dtype=torch.{dtype})
    return torch.where(x.isnan(), x.new_tensor(FILL), x)'''

_CELLS = '''def encode(rows):
    """Return raw rows, each a sequence of cells in the order of COLUMNS, as a tensor.

    A missing cell is None, NaN, or a text of MISSING.
    """
    encoded = [
        [value for pair in zip(row, COLUMNS, strict=True) for value in encode_cell(*pair)]
        for row in rows
    ]
    return torch.tensor(encoded, dtype=torch.{dtype})


def encode_cell(cell, column):
    """Return the numbers that a cell becomes: one, one a category, and where it is missing."""
    missing = cell is None or cell != cell
    if column["kind"] == "number":
        values = [column["fill"] if missing else float(cell)]
    elif column["kind"] == "boolean":
        missing = missing or cell in MISSING
        values = [float(not missing and cell.lower() in TRUE)]
    else:
        categories = column["categories"]
        missing = missing or (cell in MISSING and cell not in categories)
        values = [float(cell == each) for each in categories]
    return [*values, float(missing)] if column["indicator"] else values'''

_PRODUCTS = """PRODUCTS = [
    torch.tensor(list({function}(range({width}), degree)))
    for degree in range(1, {end})
]"""


def encoding_code(preprocessing: Preprocessing, dtype: str) -> tuple[list[str], str]:
    """Return the constants and the functions that make encoded rows of raw ones."""
    columns = preprocessing.inputs
    if not all(each.kind == "numeric" and not each.indicator for each in columns):
        constants = [
            f"COLUMNS = {source_of([described(each) for each in columns], 10)}",
            f"MISSING = {source_of(missing_texts(), 10)}",
            f"TRUE = {source_of(list(TRUE))}",
        ]
        return constants, _CELLS.format(dtype=dtype)
    names = _names(columns)
    if all(each.fill is None for each in columns):
        return [names], _NUMBERS.format(width=len(columns), dtype=dtype)
    fill = [float("nan") if each.fill is None else each.fill for each in columns]
    filled = _FILLED.format(width=len(columns), dtype=dtype)
    return [names, f"FILL = {source_of(fill, 7)}"], filled


def expansion_code(expansion: Expansion) -> tuple[str, str, list[str]]:
    """Return what to import from itertools, a constant, and the lines that make products of x."""
    function = "combinations"
    if expansion.features != "quadratic":
        function = "combinations_with_replacement"
    constant = _PRODUCTS.format(
        function=function, width=expansion.width, end=degree_of(expansion.features) + 1
    )
    lines = [
        "u = (x.double() - self.product_shift) * self.product_scale",
        "x = torch.cat([u[:, each].prod(dim=2) for each in PRODUCTS], dim=1).to(x.dtype)",
    ]
    return function, constant, lines


def _names(columns: tuple[InputColumn, ...]) -> str:
    """Return the constant of the columns' names; those that count up are not listed."""
    prefix = columns[0].name.rstrip("0123456789")
    if len(columns) > 8 and columns == numbered(prefix, len(columns)):
        return f'COLUMNS = [f"{prefix}{{number}}" for number in range(1, {len(columns) + 1})]'
    listed: list[Any] = [each.name for each in columns]
    return f"COLUMNS = {source_of(listed, 10)}"
