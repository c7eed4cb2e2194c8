"""Curves of runs in the terminal: a picture for each metric, a line for each run or group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nncli.report.pictures.axes import Axis
from nncli.report.pictures.lines import BANDS, Line, Lines, panels, smoothing_note, thinned
from nncli.report.pictures.looks import GREY, SERIES, Look
from nncli.report.pictures.plotting import Field, Series, plot
from nncli.report.pictures.words import harmless, legend, wrapped
from nncli.tables import Table

HEIGHT = 16

#: What is said of the axes by whether x and y are logarithmic.
LOGARITHMIC = {
    (False, False): "",
    (False, True): ", logarithmic",
    (True, False): ", which is logarithmic",
    (True, True): ", both logarithmic",
}

#: Lines that are told apart; more of them are grey, and beyond the second number not drawn.
MOST_TOLD_APART = len(SERIES)
MOST_LINES = 100


def curves(
    table: Table,
    labels: Mapping[int, str],
    metric_names: Sequence[str],
    *,
    x: str = "epoch",
    log_x: bool = False,
    log_y: bool | None = None,
    smooth: float = 0.0,
    groups: Mapping[int, str] | None = None,
    band: str = "range",
    width: int,
    height: int = HEIGHT,
    colored: bool,
    unicode: bool = True,
) -> list[str]:
    """Return the lines of one picture a metric, with ``height`` lines each beside the words.

    ``table`` is long (run, epoch, updates, seconds, metrics...); ``labels`` names the runs to draw,
    the most important first. ``groups`` maps runs to the group whose mean is drawn, with a
    ``band``: range, std or interval. Of a single run, metrics of one kind (train_loss, val_loss)
    share a picture. Raises UsageError as :func:`lines_of` does.
    """
    look = Look(width, height, colored, unicode)
    fields = panels(
        *(table, labels, metric_names), x=x, log_x=log_x, log_y=log_y, smooth=smooth,
        groups=groups, band=band,
    )  # fmt: skip
    found: list[str] = []
    for title, lines in fields:
        found += [""] if found else []
        found += _picture(title, lines, x, smooth, band if groups else None, look)
    return found


def _picture(
    title: str, found: Lines, x: str, smooth: float, band: str | None, look: Look
) -> list[str]:
    words = f"{title} by {x}{LOGARITHMIC[found.log_x, found.log_y]}"
    lines = found.lines[:MOST_LINES]
    notes = list(found.notes)
    if not lines:
        notes = notes or ["no run has a value of it"]
        return [line for text in (words, *notes) for line in wrapped(text, look.width)]
    drawn = draw_lines(lines, look, found.log_x, found.log_y, whole=x != "seconds")
    said = []
    if band and any(line.low for line in lines):
        said.append(f"lines: means of the runs; dimmed: {BANDS[band]}")
    if smooth:
        said.append(f"{smoothing_note(smooth)}; dimmed: the raw values")
    if len(lines) < len(found.lines):
        said.append(f"the first {len(lines)} of {len(found.lines)} lines are drawn")
    tail = [part for text in (*said, *notes) for part in wrapped(harmless(text, look), look.width)]
    return [*wrapped(words, look.width), *drawn, *tail]


def draw_lines(
    lines: Sequence[Line],
    look: Look,
    log_x: bool,
    log_y: bool,
    *,
    whole: bool = True,
    uprights: Sequence[float] = (),
) -> list[str]:
    """Return the picture of lines with its legend; there must be some, and no more than fit.

    ``uprights`` are values of x at which an upright line stands.
    """
    shown = [
        values
        for line in lines
        for values in (line.y, line.raw, line.low, line.high)
        if values is not None
    ]
    across = Axis.of((value for line in lines for value in line.x), log_x, whole=whole)
    on = Field(
        across,
        Axis.of((value for values in shown for value in values), log_y),
        uprights=[across.place(value) for value in uprights],
    )
    behind: list[Series] = []
    front: list[Series] = []
    entries: list[tuple[str, str, int | None]] = []
    for place, line in enumerate(lines):
        apart = place < MOST_TOLD_APART or len(lines) <= MOST_TOLD_APART
        color = look.series_color(place) if apart else GREY if look.colored else None
        faint = look.faint_color(place) if apart else GREY if look.colored else None
        marker = look.marker(place) if apart else look.faint_marker
        for values in (line.raw, line.low, line.high) if apart else ():
            if values is not None:
                behind.append(_series(line.x, values, look.faint_marker, faint, look))
        drawn = _series(line.x, line.y, marker, color, look)
        if apart:
            front.insert(0, drawn)  # the first line above all others
            entries.append((marker, line.label, color))
        else:
            behind.insert(0, drawn)
    rest = len(lines) - len(entries)
    if rest:
        entries.append((look.faint_marker, f"{rest} more", GREY if look.colored else None))
    return [*plot([*behind, *front], on, look), *legend(entries, look)]


def _series(
    x: Sequence[float], y: Sequence[float], marker: str, color: int | None, look: Look
) -> Series:
    places, values = zip(*thinned(list(zip(x, y, strict=True)), 4 * look.width), strict=True)
    return Series(places, values, marker, color)
