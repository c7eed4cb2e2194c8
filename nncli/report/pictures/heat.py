"""A heat map in the terminal: the mean of a metric by two options, a number in each cell."""

from __future__ import annotations

from nncli.report.pictures.grid import Grid, grid_of
from nncli.report.pictures.looks import Look
from nncli.report.pictures.shading import Shading, key_line, measured
from nncli.report.pictures.words import centred, columns_of, fitted, harmless, right, wrapped
from nncli.tables import Table

#: The widest cell, and the widest name of a row; both are cut further where room is short.
WIDEST_CELL, WIDEST_NAME = 14, 24
MOST_ROWS = 40


def heat_map(
    table: Table,
    x: str,
    y: str,
    value: str,
    *,
    width: int,
    colored: bool,
    unicode: bool = True,
) -> list[str]:
    """Return the picture of ``value`` by the options ``x`` (columns) and ``y`` (rows).

    ``table`` has a row a run. A cell shows the mean of its runs; the best one is marked. Where
    numbers do not fit, shades alone are shown. Raises UsageError as :func:`grid_of` does.
    """
    look = Look(width, 0, colored, unicode)
    grid = grid_of(table, x, y, value, most=(max(2, width // 2 - 6), MOST_ROWS))
    finite = grid.finite
    words = [f"{value} by {x} (columns) and {y} (rows)"]
    if not finite:
        return [*_wrapped(words, look), *_wrapped([f"no run has a finite {value}"], look)]
    scale = Shading.of(finite)
    names = [harmless(label, look) for label in grid.y.labels]
    most = max(4, width // 2 if grid.y.numeric else width // 4)
    room = min(WIDEST_NAME, most, max(columns_of(name) for name in names))
    cell, texts = _cells(grid, width - room - 1)
    order = range(len(names))[::-1] if grid.y.numeric else range(len(names))
    lines = []
    for row in order:
        shown = "".join(
            _cell(texts, grid, scale, row, column, cell, look)
            for column in range(len(grid.x.labels))
        )
        lines.append(f"{right(names[row], room)} {shown}".rstrip())
    heads = [harmless(label, look) for label in grid.x.labels]
    cut = [fitted(head, cell - 1) for head in heads]
    if cell < 3:
        words.append(f"columns: {', '.join(heads)}")
    elif cut != heads and (grid.x.numeric or len(set(cut)) < len(cut) or cell < 8):
        # a part of a number would be another number
        words.append("columns: " + ", ".join(f"{n}: {head}" for n, head in enumerate(heads, 1)))
        heads = [str(place) for place in range(1, len(heads) + 1)]
    elif cut != heads:
        words.append(f"columns: {', '.join(heads)}")
        heads = cut
    if cell >= 3:
        lines.append(" " * (room + 1) + "".join(centred(head, cell) for head in heads))
    counts = sorted({count for row in grid.counts for count in row if count})
    said = [_runs_behind(counts), _best(grid), _failed(grid)]
    return [
        *_wrapped(words, look),
        *(line.rstrip() for line in lines),
        key_line(scale, value, look),
        *_wrapped([text for text in (*said, *grid.notes) if text], look),
    ]


def _wrapped(texts: list[str], look: Look) -> list[str]:
    return [line for text in texts for line in wrapped(harmless(text, look), look.width)]


def _cells(grid: Grid, room: int) -> tuple[int, list[list[str]] | None]:
    """Return the width of a cell and the texts in the cells; None where they do not fit."""
    columns = len(grid.x.labels)
    longest = max(columns_of(label) for label in grid.x.labels)
    for digits in (4, 3, 2):
        texts = grid.texts(digits)
        needed = max(len(text) for row in texts for text in row) + (1 if digits == 2 else 2)
        if needed * columns <= room:
            return min(WIDEST_CELL, room // columns, max(needed, longest + 2)), texts
    return max(1, min(3, room // columns)), None


def _cell(
    texts: list[list[str]] | None,
    grid: Grid,
    scale: Shading,
    row: int,
    column: int,
    width: int,
    look: Look,
) -> str:
    mean = grid.means[row][column]
    if mean is None:
        mark = "x" if grid.failed[row][column] else ""
        return centred(mark, width)
    share, best = scale.share(mean), grid.best == (row, column)
    text = texts[row][column] if texts else ""
    if look.colored:
        text = f"*{text}" if best and len(text) < width else text
        return look.on_ramp(centred(text, width), share, bold=best)
    shade = look.shade(share)
    if not text:
        return shade * width
    text = f"*{text}" if best and len(text) < width - 1 else text
    before = (width - len(text) + 1) // 2
    return shade * before + text + shade * (width - len(text) - before)


def _runs_behind(counts: list[int]) -> str:
    if counts == [1]:
        return "a run a cell"
    most = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else f"{counts[0]}"
    return f"each cell: the mean of {most} runs"


def _best(grid: Grid) -> str:
    if grid.best is None:
        return ""
    row, column = grid.best
    mean = grid.means[row][column]
    assert mean is not None
    return (
        f"*best: {measured(grid.value, mean)} at "
        f"{grid.x.name} {grid.x.labels[column]}, {grid.y.name} {grid.y.labels[row]}"
    )


def _failed(grid: Grid) -> str:
    empty = any(
        failed and not count
        for failures, counts in zip(grid.failed, grid.counts, strict=True)
        for failed, count in zip(failures, counts, strict=True)
    )
    return "x: no run ended well" if empty else ""
