"""How figures look: sizes, fonts and colours that papers print, and axes with round numbers.

matplotlib is an extra and is imported here when a figure is drawn; its object-oriented interface
alone is used, so that no figure is left behind in a list of open ones.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nncli.errors import UsageError
from nncli.report.pictures.axes import Axis
from nncli.report.text import number, shortened, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches: the width of a column of a two-column paper, and the height of a plain figure.
COLUMN = 3.4
HEIGHT = 2.3

#: Colours that differ for the colour-blind too (Okabe & Ito 2008), without the pale yellow.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
GREY = "#777777"
#: A line of the second round of colours is dashed, and so on.
DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)))

#: From low to high, readable without colours and by the colour-blind.
SCALE = "cividis"

#: Cells that touch: without an edge, viewers show the paper between them.
SEAMLESS: dict[str, Any] = {"edgecolors": "face", "linewidth": 0.3}

#: Points of all text; the lines of a legend take so many inches.
TEXT = 8.0
LINE_OF_LEGEND = 0.155
#: Inches that an entry of a legend takes beside its label, and characters that fit into an inch.
BESIDE, CHARACTERS = 0.42, 15

#: The longest label of a legend.
LONGEST = 44

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": TEXT,
    "axes.titlesize": TEXT,
    "axes.labelsize": TEXT,
    "legend.fontsize": TEXT,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.0,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "legend.columnspacing": 1.2,
    "legend.borderaxespad": 0.3,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
    "text.parse_math": False,  # a run may be called $x$
    "svg.fonttype": "none",  # text stays text
    "pdf.fonttype": 42,
    "svg.hashsalt": "nncli",  # the same figure gives the same file
    "savefig.dpi": 300,
}

#: matplotlib's settings are one for the process: one figure is drawn at a time.
_drawing = threading.RLock()


@dataclass(frozen=True)
class Drawn:
    """A figure, and what must be said of it because it does not show it."""

    figure: Figure
    notes: tuple[str, ...] = ()


@contextmanager
def style() -> Iterator[None]:
    """Draw and save in the style of figures, whatever the user's own settings are.

    Raises UsageError where matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise UsageError(
            "figures need matplotlib, which is not installed: pip install 'nncli[plot]'"
        ) from error
    with _drawing, matplotlib.rc_context():
        matplotlib.rcdefaults()
        settings: Any = matplotlib.rcParams
        settings.update(STYLE)
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def panel(width: float, height: float | None, usual: float = HEIGHT) -> tuple[Figure, Axes]:
    """Return a figure with one field."""
    figure = new_figure(width, height or usual)
    return figure, figure.add_subplot()


def color(place: int) -> str:
    """Return the colour of a series."""
    return COLORS[place % len(COLORS)]


def dashes(place: int) -> Any:
    """Return the line style of a series."""
    return DASHES[place // len(COLORS) % len(DASHES)]


def words(text: object, longest: int = LONGEST) -> str:
    """Return a string of other people as a label: on one line, and no longer than it may be."""
    shown = visible("-" if text is None else str(text)).replace("\n", "\\n")
    return shortened(shown, longest)


def mark(
    axes: Axes, which: str, axis: Axis, most: int = 7, at: Sequence[float] | None = None
) -> None:
    """Set the ends of the ``x`` or ``y`` axis of a field, and its marks: ``at``, or round."""
    ours = axes.xaxis if which == "x" else axes.yaxis
    if axis.log:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    low, high = (10**axis.low, 10**axis.high) if axis.log else (axis.low, axis.high)
    room = 0.03 * (axis.high - axis.low)
    ends = (10 ** (axis.low - room), 10 ** (axis.high + room)) if axis.log else None
    (axes.set_xlim if which == "x" else axes.set_ylim)(*(ends or (low - room, high + room)))
    ticks = axis.ticks(most)
    if at is not None and len(at) <= most:
        ticks = [(axis.place(value), number(value)) for value in at]
    ours.set_ticks([10**place if axis.log else place for place, _ in ticks])
    ours.set_ticklabels([text for _, text in ticks])
    ours.set_minor_locator(_no_ticks())


def _no_ticks() -> Any:
    from matplotlib.ticker import NullLocator

    return NullLocator()


def rows_of_legend(widths: Sequence[float], room: float) -> tuple[int, int]:
    """Return columns and rows of a legend: as many columns as fit beside each other."""
    count = len(widths)
    for columns in range(count, 1, -1):
        fewest, more = divmod(count, columns)  # as matplotlib deals entries out, column by column
        sizes = [fewest + (place < more) for place in range(columns)]
        ends = [sum(sizes[: place + 1]) for place in range(columns)]
        parts = [widths[end - size : end] for end, size in zip(ends, sizes, strict=True)]
        if sum(max(part) + BESIDE for part in parts) <= room:
            return columns, max(sizes)
    return 1, count


def inches(text: str) -> float:
    """Return the width of a text."""
    from matplotlib.textpath import TextPath

    return float(TextPath((0, 0), text, size=TEXT).get_extents().width) / 72 if text.strip() else 0


def legend(figure: Figure, entries: Sequence[tuple[Any, str]]) -> None:
    """Set a legend above the field, and make the figure higher by it."""
    labels = [label for _, label in entries]
    width, height = figure.get_size_inches()
    if not labels:
        return
    columns, rows = rows_of_legend([inches(label) for label in labels], width)
    figure.set_size_inches(width, height + rows * LINE_OF_LEGEND)
    # matplotlib before 3.10 leaves out labels that begin with _
    shown = [f" {label}" if label.startswith("_") else label for label in labels]
    figure.legend([handle for handle, _ in entries], shown, loc="outside upper left", ncols=columns)
