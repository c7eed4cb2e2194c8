"""A list of runs as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nncli.report.columns import GAP, fitting
from nncli.report.summaries import RunSummary

if TYPE_CHECKING:
    from rich.table import Table

STATUS_STYLES = {
    "completed": "green",
    "early_stopped": "green",
    "running": "cyan",
    "interrupted": "yellow",
    "pruned": "yellow",
    "stale": "yellow",
    "diverged": "red",
    "failed": "red",
}


def run_table(runs: Sequence[RunSummary], width: int) -> Table:
    """Return the table of ``runs`` with the columns that fit into ``width`` characters."""
    from rich.table import Table
    from rich.text import Text

    shown = fitting(runs, width)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for column, _ in shown:
        table.add_column(column.title, justify="right" if column.right else "left", no_wrap=True)
    for row, run in enumerate(runs):
        cells = []
        for column, texts in shown:
            style = STATUS_STYLES.get(run.status, "") if column.title == "status" else ""
            cells.append(Text(texts[row], style=style))
        table.add_row(*cells)
    return table
