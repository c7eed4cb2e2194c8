"""An inspected network as text: its layers and arrays, its map and its Jacobian at a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from nncli.inspecting import Inspection, RowJacobian, RowMap
from nncli.report.text import aligned, number, shortened, visible
from nncli.weight_statistics import ArrayStatistics, LayerSummary

#: Larger matrices are shown by their largest entries.
MOST_ROWS = 40

#: Entries that are shown of a large matrix.
MOST_ENTRIES = 20

#: Names of inputs and outputs are cut to so many characters.
WIDEST_NAME = 24

TITLES = ("array", "shape", "mean", "deviation", "min", "max", "norm", "zeros")


def lines(found: Inspection, width: int) -> Iterator[str]:
    """Yield the lines that show an inspection in ``width`` characters."""
    yield f"run {found.run}: the {found.weights} weights, of epoch {found.epoch}"
    yield ""
    yield from _layers(found)
    yield ""
    yield from _arrays(found.layers, width)
    if found.linear_map is not None:
        yield ""
        yield from _map(found, found.linear_map, width)
    if found.jacobian is not None:
        yield ""
        yield from _jacobian(found, found.jacobian, width)


def _layers(found: Inspection) -> list[str]:
    rows = [["layer", "shape", "activation", "norm", "trained", "kept"]]
    for layer in found.layers:
        shape = "x".join(map(str, layer.shape))
        counts = [f"{layer.trained:,}", f"{layer.kept:,}"]
        activation = shortened(visible(layer.activation), WIDEST_NAME)
        rows.append([layer.name, shape, activation, layer.norm, *counts])
    rows.append(["all", "", "", "", f"{found.trained:,}", f"{found.kept:,}"])
    return aligned(rows)


def _arrays(layers: Sequence[LayerSummary], width: int) -> Iterator[str]:
    """Yield the statistics, with as many columns as there is room for."""
    rows = [list(TITLES), *(_cells(each) for layer in layers for each in layer.arrays)]
    # the name, the gap in front of it and the gaps between columns belong to the widths
    ends = list(accumulate(2 + max(map(len, column)) for column in zip(*rows, strict=True)))
    shown = max(2, sum(end <= width for end in ends))
    title, *table = aligned([row[:shown] for row in rows], right=True)
    yield f"  {title}"
    place = 0
    for layer in layers:
        yield layer.name
        for each in layer.arrays:
            yield f"  {table[place]}"
            place += 1
            if each.nan or each.infinite:
                yield f"    not numbers: {each.nan:,} nan, {each.infinite:,} infinite"


def _cells(each: ArrayStatistics) -> list[str]:
    figures = (each.mean, each.deviation, each.min, each.max, each.norm)
    shape = "x".join(map(str, each.shape))
    return [each.name, shape, *(number(value, 3) for value in figures), f"{each.zeros:.1%}"]


def _map(found: Inspection, at: RowMap, width: int) -> Iterator[str]:
    yield f"linear map at row {at.row}{_of(at.split)}: z = W_eff x + b_eff, {_scaled(found, 'z')}"
    yield from _matrix(at.map.weights, found, width, "dz", ("b_eff", at.map.bias))
    yield f"largest error against the forward pass: {at.map.error:.1e}"
    splits = ", ".join(f"{name} {count:,}" for name, count in at.regions.items() if name != "all")
    yield f"linear regions met on the data: {at.regions['all']:,} ({splits})"


def _jacobian(found: Inspection, at: RowJacobian, width: int) -> Iterator[str]:
    yield f"jacobian at row {at.row}{_of(at.split)}: dp/dx, {_scaled(found, 'p')}"
    yield from _matrix(at.values, found, width, "dp")
    check = at.check
    yield (
        f"largest relative error against numeric differences: {check.max_relative_error:.1e} "
        f"in {check.entries:,} entries"
    )
    if check.kinks:
        yield f"{check.kinks} more stand at a kink, where there is no derivative"


def _scaled(found: Inspection, output: str) -> str:
    """Say what numbers these are: those of the network, which learns standardised targets."""
    return f"x and {output} scaled" if found.task == "regression" else "x scaled"


def _of(split: str) -> str:
    return "" if split == "none" else f" ({split})"


def _matrix(
    values: NDArray[np.float64],
    found: Inspection,
    width: int,
    of: str,
    last: tuple[str, NDArray[np.float64]] | None = None,
) -> Iterator[str]:
    """Yield a matrix (outputs, inputs), an input a row; a large one by its largest entries."""
    outputs = [shortened(visible(name), WIDEST_NAME) for name in found.outputs]
    inputs = [shortened(visible(name), WIDEST_NAME) for name in found.inputs]
    rows = [["", *outputs]]
    if values.shape[1] <= MOST_ROWS:
        for name, column in zip(inputs, values.T, strict=True):
            rows.append([name, *(number(value) for value in column)])
        if last is not None:
            rows.append([last[0], *(number(value) for value in last[1])])
        table = aligned(rows, right=True)
        if max(map(len, table)) <= width - 2:
            yield from (f"  {line}" for line in table)
            return
    order = np.argsort(-np.abs(values), axis=None, kind="stable")[:MOST_ENTRIES]
    largest = [
        [f"{of}[{outputs[k]}]/dx[{inputs[i]}]", number(values[k, i])]
        for k, i in zip(*np.unravel_index(order, values.shape), strict=True)
    ]
    yield from (f"  {line}" for line in aligned(largest, right=True))
    if values.size > MOST_ENTRIES:
        yield f"  the {MOST_ENTRIES} largest of {values.size:,} entries; all with --json"
