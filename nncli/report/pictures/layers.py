"""What the layers of a run looked like, over its epochs: a picture a statistic, a line a layer."""

from __future__ import annotations

from collections.abc import Sequence

from nncli.errors import UsageError, unknown_choice
from nncli.report.pictures.axes import is_drawable, spans
from nncli.report.pictures.curves import draw_lines
from nncli.report.pictures.lines import Line
from nncli.report.pictures.looks import Look
from nncli.report.pictures.words import harmless, not_drawn, wrapped
from nncli.tables import Table

HEIGHT = 12

#: Statistics and what they are called, in the order in which they are shown.
STATISTICS = {
    "grad_norm": "norm of the gradient",
    "update_ratio": "update by weight",
    "act_mean": "mean activation",
    "act_std": "deviation of the activations",
    "saturated_frac": "saturated share",
    "dead_frac": "dead share",
    "similarity": "similarity of units",
}

#: What is shown where nobody chose.
USUAL = ("grad_norm", "update_ratio", "act_std", "saturated_frac", "dead_frac")


def layer_history(
    table: Table,
    statistics: Sequence[str] | None = None,
    *,
    width: int,
    height: int = HEIGHT,
    colored: bool,
    unicode: bool = True,
) -> list[str]:
    """Return the pictures of a long table (run, epoch, layer, statistics...), by run and epoch.

    Statistics that were measured in no layer, and shares that are 0 in all, get a line of words.
    Raises UsageError for an unknown statistic and for runs whose layers were not watched.
    """
    look = Look(width, height, colored, unicode)
    found: list[str] = []
    for name in chosen(table, statistics):
        if found:
            found.append("")
        lines, odd, log = history(table, name)
        words = f"{name}, {STATISTICS[name]}, by epoch{', logarithmic' if log else ''}"
        values = {value for line in lines for value in line.y}
        if not values:
            nothing = f"{name}: no value to draw{f', {odd} nan or infinite' if odd else ''}"
            found += wrapped(nothing, width)
            continue
        if values == {0.0}:
            found += wrapped(f"{name}: 0 in all layers and epochs", width)
            continue
        found += wrapped(harmless(words, look), width)
        found += draw_lines(lines, look, False, log)
        if odd:
            found += wrapped(not_drawn(odd), width)
    return found


def chosen(table: Table, statistics: Sequence[str] | None) -> list[str]:
    """Return the statistics to show: those asked for, or the usual ones that were measured."""
    if not len(table):
        raise UsageError(
            "no layers were watched: train with --diagnose, such as nncli train --from last "
            "--diagnose"
        )
    if statistics is not None:
        for name in statistics:
            if name not in STATISTICS:
                raise unknown_choice("statistic of layers", name, STATISTICS)
        return list(statistics)
    return [
        name
        for name in USUAL
        if name in table.columns and any(value is not None for value in table[name])
    ]


def history(table: Table, name: str) -> tuple[list[Line], int, bool]:
    """Return a statistic's lines, how many values are no numbers, and whether it spans much."""
    found: dict[tuple[int, int], tuple[list[float], list[float]]] = {}
    odd = 0
    values = table[name] if name in table.columns else [None] * len(table)
    for run, epoch, layer, value in zip(
        table["run"], table["epoch"], table["layer"], values, strict=True
    ):
        if value is None:
            continue
        if not is_drawable(value):
            odd += 1
            continue
        xs, ys = found.setdefault((run, layer), ([], []))
        xs.append(float(epoch))
        ys.append(float(value))
    several = len({run for run, _ in found}) > 1
    lines = [
        Line(f"run {run}, layer {layer}" if several else f"layer {layer}", *points)
        for (run, layer), points in sorted(found.items())
    ]
    listed = [value for line in lines for value in line.y]
    share = name.endswith("_frac") or name == "similarity"
    log = not share and bool(listed) and spans(min(listed), max(listed))
    return lines, odd, log
