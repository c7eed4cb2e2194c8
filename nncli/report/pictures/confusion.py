"""A confusion matrix in the terminal: true classes are rows, predicted ones columns.

Each cell holds a count and its share of the row's class; where there are many classes the shares
alone, as whole per cent, then shades, and beyond that only the classes that are confused most.
"""

from __future__ import annotations

from nncli.report.pictures.looks import Look
from nncli.report.pictures.views import Confusion
from nncli.report.pictures.words import centred, columns_of, fitted, harmless, right, wrapped

WIDEST_NAME = 20

PRECISION = "precision"

#: Columns of the number of rows of a class, at the right.
ROOM_OF_SUM = 7

#: Pairs of classes that the words under the matrix name.
MOST_NAMED = 3


def confusion(seen: Confusion, *, width: int, colored: bool, unicode: bool = True) -> list[str]:
    """Return the lines of a confusion matrix with the accuracy and what is confused most."""
    look = Look(width, 0, colored, unicode)
    names = [harmless(name, look) for name in seen.classes]
    head = f"{seen.title}: true classes in rows, predicted ones in columns"
    if not seen.total:
        return wrapped(f"{harmless(head, look)}: no row of data", width)
    notes = _words(seen, names)
    longest = max(columns_of(name) for name in names)
    room = min(WIDEST_NAME, max(4, width // 4), max(longest, len(PRECISION) if width >= 80 else 1))
    most = max(2, width - room - 1)
    shown = seen
    if len(names) > most:
        shown = seen.worst(most)
        names = [harmless(name, look) for name in shown.classes]
        notes.append(f"the {most} of {len(seen.classes)} classes that are confused most")
    texts, cell, says = _texts(shown, width - room - 1, longest)
    heads = [fitted(name, cell - 1) for name in names]
    if cell >= 3 and len(set(heads)) < len(heads):  # cut so short that they are not told apart
        heads = [str(place) for place in range(1, len(names) + 1)]
        names = [f"{place} {name}" for place, name in enumerate(names, 1)]
        room = min(width - 1 - cell * len(names), WIDEST_NAME, max(map(columns_of, names)))
    sums = cell >= 4 and width - room - 1 - cell * len(names) >= ROOM_OF_SUM
    lines = []
    if cell >= 3:
        lines.append(" " * (room + 1) + "".join(centred(head, cell) for head in heads))
        lines[0] += right("rows", ROOM_OF_SUM) if sums else ""
    for row, name in enumerate(names):
        cells = "".join(
            _cell(shown, texts, row, column, cell, look) for column in range(len(names))
        )
        ending = right(str(shown.matrix[row].sum()), ROOM_OF_SUM) if sums else ""
        lines.append(f"{right(name, room)} {cells}{ending}".rstrip())
    if cell >= 5:
        lines.append(f"{right(PRECISION[:room], room)} {_precision(shown, cell)}".rstrip())
    said = [f"cells: {says}"]
    said[0] += "; columns in the order of the rows" if cell < 3 else ""
    said[0] += "; last line: precision, the right ones of those predicted" if cell >= 5 else ""
    return [
        *wrapped(harmless(head, look), width),
        *(line.rstrip() for line in lines),
        *(line for text in (*said, *notes) for line in wrapped(harmless(text, look), width)),
    ]


def _precision(seen: Confusion, cell: int) -> str:
    """Return of each predicted class the share that is truly of it."""
    predicted = seen.matrix.sum(axis=0).tolist()
    right_ones = seen.matrix.diagonal().tolist()
    shares = [n / of if of else float("nan") for n, of in zip(right_ones, predicted, strict=True)]
    return "".join(centred(_percent(share), cell) for share in shares)


def _texts(seen: Confusion, room: int, longest: int) -> tuple[list[list[str]] | None, int, str]:
    """Return the texts of the cells, their width, and the words for them."""
    count = len(seen.classes)
    matrix, shares = seen.matrix.tolist(), seen.shares.tolist()
    both = [
        [f"{n} {_percent(s)}" if n else "0" for n, s in zip(*rows, strict=True)]
        for rows in zip(matrix, shares, strict=True)
    ]
    of_row = "share of the true class"
    for texts, says, most in (
        (both, f"count and {of_row}", 16),
        ([[_whole(s) for s in row] for row in shares], f"{of_row}, in per cent", 6),
        ([[str(n) if n else "." for n in row] for row in matrix], "count", 8),
    ):
        needed = max(len(text) for row in texts for text in row) + 1
        if needed * count <= room:
            return texts, min(room // count, max(needed + 1, min(longest + 2, most))), says
    return None, max(1, min(2, room // count)), f"{of_row}, as a shade"


def _percent(share: float) -> str:
    if share != share:
        return "-"
    return "100%" if share == 1 else f"{min(share, 0.999):.1%}" if share > 0.99 else f"{share:.0%}"


def _whole(share: float) -> str:
    """Return a share as whole per cent; ``.`` for none, and 0 for less than a half."""
    if share != share or share == 0:
        return "."
    return str(min(99, round(100 * share))) if share < 1 else "100"


def _cell(
    seen: Confusion,
    texts: list[list[str]] | None,
    row: int,
    column: int,
    width: int,
    look: Look,
) -> str:
    share, count = seen.shares[row, column], seen.matrix[row, column]
    if texts is None:
        if not count:
            return " " * width
        return look.on_ramp(" " * width, share) if look.colored else look.shade(share) * width
    text = centred(texts[row][column], width)
    return look.on_ramp(text, share, bold=row == column) if look.colored and count else text


def _words(seen: Confusion, names: list[str]) -> list[str]:
    said = [f"accuracy {seen.right / seen.total:.4f}: {seen.right} of {seen.total} rows"]
    pairs = [f"{names[t]} as {names[p]} ({n})" for n, t, p in seen.errors[:MOST_NAMED]]
    return [*said, f"most confused: {', '.join(pairs)}"] if pairs else said
