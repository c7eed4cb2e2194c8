"""A decision boundary in the terminal: what class a network sees at each place of a plane.

Half blocks give two places a character. Pale grounds are what the network says, paler where it is
less sure; strong spots are points of the data in the colour of their true class. Without colours
each class has a shade of its own, and its points a letter.
"""

from __future__ import annotations

import numpy as np

from nncli.report.pictures.axes import Axis
from nncli.report.pictures.looks import Look
from nncli.report.pictures.views import Boundary, Codes
from nncli.report.pictures.words import columns_of, fitted, flowing, harmless, right, wrapped
from nncli.report.text import plural

#: Colours of eight classes: unsure and sure ground, and points.
GROUNDS = (
    *((153, 75), (223, 215), (157, 114), (225, 182)),
    *((230, 227), (195, 123), (224, 210), (254, 250)),
)
POINTS = (19, 130, 22, 90, 100, 30, 124, 238)
PLAIN_GROUNDS = (" ", "░", "▒", "▓", "▚", "═", "◇", "┃")
ASCII_GROUNDS = (" ", ".", ":", "=", "/", "~", "%", "|")
LETTERS = "oxsdvphz"
MOST_CLASSES = len(POINTS)

#: A class whose probability is below this is not sure.
SURE = 0.75

#: Characters of a field's width to one of its height; they are about twice as high as wide, so that
#: the field is 1.6 times as wide as high. None is lower or higher than these.
FLATNESS, LOWEST, HIGHEST = 3.2, 12, 36


def boundary(
    seen: Boundary,
    *,
    width: int,
    height: int | None = None,
    colored: bool,
    unicode: bool = True,
) -> list[str]:
    """Return the picture of a decision boundary with the points of the data.

    The field has ``height`` lines, or what suits the width; the grid of ``seen`` is brought to it.
    """
    y_marks = [_number(value) for value in seen.y]
    margin = max(len(mark) for mark in y_marks) + 1
    rows = height or min(HIGHEST, max(LOWEST, round((width - margin) / FLATNESS)))
    suiting = round(rows * FLATNESS) if height is None else width
    columns = max(4, min(width - margin, suiting))
    look = Look(width, rows, colored, unicode)
    halves = 2 if colored and unicode else 1
    grid = _resized(seen, columns, rows * halves)
    spots = _spots(seen, columns, rows * halves)
    lines = []
    for row in range(rows):
        mark = y_marks[1] if row == 0 else y_marks[0] if row == rows - 1 else ""
        if colored:
            text = _colored(seen, grid, spots, row, halves, look)
        else:
            text = _plain(grid[0][row], spots[row], look)
        lines.append(f"{right(mark, margin - 1)} {text}".rstrip())
    low, high = (_number(value) for value in seen.x)
    lines.append(" " * margin + low + high.rjust(columns - len(low)))
    head = f"{seen.title}: {seen.features[1]} (up) against {seen.features[0]} (right)"
    return [
        *wrapped(harmless(head, look), width),
        *lines,
        *_legend(seen, look),
        *(line for text in _words(seen) for line in wrapped(text, width)),
    ]


def _number(value: float) -> str:
    return f"{value:.3g}"


def _resized(seen: Boundary, columns: int, rows: int) -> tuple[Codes, Codes]:
    """Return classes and their sureness (0 or 1), each (rows, columns), the highest y first."""
    height, width = seen.codes.shape
    at_row = ((np.arange(rows) + 0.5) * height / rows).astype(int)[::-1]
    at_column = ((np.arange(columns) + 0.5) * width / columns).astype(int)
    codes = seen.codes[np.ix_(at_row, at_column)]
    if seen.sureness is None:
        return codes, np.ones_like(codes)
    sure = seen.sureness[np.ix_(at_row, at_column)] >= SURE
    return codes, sure.astype(np.int64)


def _spots(seen: Boundary, columns: int, rows: int) -> Codes:
    """Return the class of a point at each place (rows, columns), the highest y first; else -1.

    Where several fall on a place, one that the network gets wrong is shown.
    """
    spots = np.full((rows, columns), -1, np.int64)
    if not len(seen.points):
        return spots
    x_axis, y_axis = Axis(*seen.x), Axis(*seen.y)
    shares = np.column_stack(
        [
            (seen.points[:, 0] - x_axis.low) / (x_axis.high - x_axis.low),
            (seen.points[:, 1] - y_axis.low) / (y_axis.high - y_axis.low),
        ]
    )
    inside = np.isfinite(shares).all(axis=1) & ((shares >= 0) & (shares <= 1)).all(axis=1)
    at_column = np.minimum(columns - 1, (shares[inside, 0] * columns).astype(int))
    at_row = rows - 1 - np.minimum(rows - 1, (shares[inside, 1] * rows).astype(int))
    truth, wrong = seen.truth[inside], seen.wrong[inside]
    order = np.argsort(wrong, kind="stable")  # wrong ones last: they stay
    spots[at_row[order], at_column[order]] = truth[order]
    return spots


def _colored(
    seen: Boundary, grid: tuple[Codes, Codes], spots: Codes, row: int, halves: int, look: Look
) -> str:
    """Return a line of characters, each the half block of two places, in runs of one colour."""
    codes, sure = grid
    colors = [
        [
            POINTS[spot % MOST_CLASSES] if spot >= 0 else GROUNDS[code % MOST_CLASSES][is_sure]
            for code, is_sure, spot in zip(codes[at], sure[at], spots[at], strict=True)
        ]
        for at in range(row * halves, (row + 1) * halves)
    ]
    if halves == 1:  # no half blocks in ASCII: a blank on the ground
        return _runs([(color, color) for color in colors[0]], " ", look)
    return _runs(list(zip(*colors, strict=True)), "▀", look)


def _runs(cells: list[tuple[int, int]], sign: str, look: Look) -> str:
    parts, begin = [], 0
    for place in range(1, len(cells) + 1):
        if place == len(cells) or cells[place] != cells[begin]:
            upper, lower = cells[begin]
            parts.append(look.paint(sign * (place - begin), upper, ground=lower))
            begin = place
    return "".join(parts)


def _plain(codes: Codes, spots: Codes, look: Look) -> str:
    grounds = PLAIN_GROUNDS if look.unicode else ASCII_GROUNDS
    return "".join(
        LETTERS[spot % MOST_CLASSES] if spot >= 0 else grounds[code % MOST_CLASSES]
        for code, spot in zip(codes.tolist(), spots.tolist(), strict=True)
    )


def _legend(seen: Boundary, look: Look) -> list[str]:
    parts = []
    for place, name in enumerate(seen.classes[:MOST_CLASSES]):
        text = fitted(harmless(name, look), min(24, look.width - 6))
        if look.colored:
            weak, sure = GROUNDS[place]
            sign = look.paint("  ", ground=sure)
            if seen.sureness is not None:
                sign = look.paint("  ", ground=weak) + sign
            sign += look.paint("  ", ground=POINTS[place])
            size = 4 if seen.sureness is None else 6
        else:
            ground = (PLAIN_GROUNDS if look.unicode else ASCII_GROUNDS)[place]
            sign, size = f"[{ground * 2}] {LETTERS[place]}", 6
        parts.append((f"{sign} {text}", size + 1 + columns_of(text)))
    return flowing(parts, look.width)


def _words(seen: Boundary) -> list[str]:
    said = []
    if len(seen.classes) > MOST_CLASSES:
        said.append(f"{len(seen.classes)} classes share {MOST_CLASSES} signs")
    if count := len(seen.points):
        trained = int(seen.training.sum())
        wrong = int(seen.wrong.sum())
        said.append(
            f"{plural(count, 'point')}, {trained} trained on; {wrong} taken for another class"
        )
    return said
