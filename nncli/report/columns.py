"""The columns a list of runs can have, and the choice of those that fit into a width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nncli.report.summaries import RunSummary
from nncli.report.text import count, duration, measure, number, shortened, visible

#: Blanks between two columns.
GAP = 2

#: Longer names are cut in the middle, sooner on a terminal narrower than ``NARROW``.
WIDEST_CELL, WIDEST_CELL_IF_NARROW, NARROW = 24, 14, 60


@dataclass(frozen=True)
class Column:
    """A column of a list of runs; where not all fit, the one with the highest rank goes first."""

    title: str
    cell: Callable[[RunSummary], str]
    rank: int
    right: bool = False


def _option(name: str) -> Callable[[RunSummary], str]:
    def cell(run: RunSummary) -> str:
        value = run.spec.get(name)
        return number(value) if isinstance(value, float) else "" if value is None else str(value)

    return cell


def _best(name: str) -> Callable[[RunSummary], str]:
    return lambda run: measure(name, run.best[name]) if name in run.best else ""


def _last(name: str) -> Callable[[RunSummary], str]:
    return lambda run: measure(name, run.last[name]) if name in run.last else ""


def _epochs(run: RunSummary) -> str:
    whole = run.epochs_planned in (None, run.epochs)
    return str(run.epochs) if whole else f"{run.epochs}/{run.epochs_planned}"


#: In the order in which they stand. Metrics are those of the best epoch, but for train loss.
COLUMNS = (
    Column("run", lambda run: str(run.run), 0, right=True),
    Column("name", lambda run: run.name or "", 8),
    Column("status", lambda run: run.status, 1),
    Column("data", lambda run: Path(run.data).name or run.data, 2),
    Column("hidden", _option("hidden"), 9),
    Column("act", _option("act"), 6),
    Column("opt", _option("opt"), 5),
    Column("lr", _option("lr"), 7, right=True),
    Column("seed", lambda run: str(run.seed), 13, right=True),
    Column("epochs", _epochs, 10, right=True),
    Column("val acc", _best("val_accuracy"), 3, right=True),
    Column("val rmse", _best("val_rmse"), 3, right=True),
    Column("val loss", _best("val_loss"), 4, right=True),
    Column("train loss", _last("train_loss"), 11, right=True),
    Column(
        "parameters", lambda run: count(run.parameters) if run.parameters else "", 16, right=True
    ),
    Column("time", lambda run: duration(run.seconds.get("train")), 12, right=True),
    Column("tags", lambda run: ",".join(run.tags), 14),
    Column("created", lambda run: run.created[:16].replace("T", " "), 15),
)


def fitting(
    runs: Sequence[RunSummary], width: int, columns: Sequence[Column] = COLUMNS
) -> list[tuple[Column, list[str]]]:
    """Return the columns to show in ``width`` characters, each with its cells.

    A column that is empty in every row is left out; then columns go, the highest rank first, until
    the rest fits.
    """
    widest = WIDEST_CELL if width >= NARROW else WIDEST_CELL_IF_NARROW
    shown = []
    for column in columns:
        cells = [shortened(visible(column.cell(run)), widest) for run in runs]
        if any(cell.strip("-") for cell in cells):
            shown.append((column, cells))

    def total() -> int:
        return sum(_width(each) for each in shown) + GAP * (len(shown) - 1)

    while len(shown) > 1 and total() > width:
        shown.remove(max(shown, key=lambda each: each[0].rank))
    return shown


def _width(shown: tuple[Column, list[str]]) -> int:
    column, cells = shown
    return max(len(column.title), *map(len, cells))
