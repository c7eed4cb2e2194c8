"""What networks say of their data, on paper: boundary, confusion, predicted against true."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nncli.report.figures.paper import (
    COLORS,
    COLUMN,
    SEAMLESS,
    TEXT,
    Drawn,
    color,
    legend,
    mark,
    new_figure,
    words,
)
from nncli.report.pictures.axes import Axis
from nncli.report.pictures.predictions import thinned_points
from nncli.report.pictures.views import Boundary, Confusion, Predictions
from nncli.report.text import number, plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Points of a field, at most; of more some that lie on others are left out.
MOST_POINTS = 3000

#: Classes whose names, and whose counts, fit on the sides of a confusion matrix.
MOST_NAMED, MOST_COUNTED = 40, 20


def boundary(
    seen: Sequence[Boundary], *, width: float = COLUMN, height: float | None = None
) -> Drawn:
    """Return the figure of decision boundaries with the points of the data, a field a question.

    Grounds are paler where the network is less sure. Points that were not trained on have a rim.
    """
    import numpy as np
    from matplotlib.colors import to_rgb
    from matplotlib.lines import Line2D

    figure, fields = _fields(len(seen), width, height, 0.85)
    most = 7 if len(seen) == 1 else 4
    for axes, each in zip(fields, seen, strict=True):
        paints = np.array([to_rgb(color(place)) for place in range(len(each.classes))])
        ground = paints[each.codes]
        sure = np.ones(each.codes.shape) if each.sureness is None else each.sureness
        chance = 1 / max(2, len(each.classes))
        strength = 0.12 + 0.33 * np.clip((sure - chance) / (1 - chance), 0, 1)[..., None]
        extent = (*each.x, *each.y)
        axes.imshow(
            1 - strength * (1 - ground), extent=extent, origin="lower", aspect="auto",
            interpolation="nearest",
        )  # fmt: skip
        size = 3.0 if len(each.points) > 400 else 8.0
        for trained in (True, False):
            chosen = each.training == trained
            axes.scatter(
                each.points[chosen, 0], each.points[chosen, 1], s=size,
                c=paints[each.truth[chosen]], linewidths=0 if trained else 0.5, edgecolors="black",
            )  # fmt: skip
        mark(axes, "x", Axis(*each.x), most)
        mark(axes, "y", Axis(*each.y), most)
        axes.set_xlim(each.x)
        axes.set_ylim(each.y)
        axes.set_xlabel(words(each.features[0]))
        axes.set_ylabel(words(each.features[1]))
        if len(seen) > 1:
            axes.set_title(words(each.title), loc="left")
    entries: list[tuple[Any, str]] = [
        (Line2D([], [], color=color(place), marker="o", linestyle=""), words(name, 24))
        for place, name in enumerate(seen[0].classes[: 2 * len(COLORS)])
        if len(seen) == 1
    ]
    if len(seen) > 1:
        entries = [
            (Line2D([], [], color=color(place), marker="o", linestyle=""), name)
            for place, name in enumerate(("no", "yes"))
        ]
    if any(not each.training.all() for each in seen):
        rim = Line2D(
            [], [], color="white", marker="o", linestyle="", markeredgecolor="black",
            markeredgewidth=0.5,
        )  # fmt: skip
        entries.append((rim, "not trained on"))
    legend(figure, entries)
    notes = []
    if len(seen[0].classes) > len(COLORS):
        notes.append(f"{len(seen[0].classes)} classes share {len(COLORS)} colours")
    notes += [
        f"{each.title}: {int(each.wrong.sum())} of {plural(len(each.points), 'point')} taken for "
        "another class"
        for each in seen
        if len(each.points)
    ]
    return Drawn(figure, tuple(notes))


def confusion(
    seen: Sequence[Confusion], *, width: float = COLUMN, height: float | None = None
) -> Drawn:
    """Return the figure of confusion matrices: shares of the true class as shades, and counts."""
    import numpy as np

    figure, fields = _fields(len(seen), width, height, 0.85)
    mesh = None
    for axes, each in zip(fields, seen, strict=True):
        count = len(each.classes)
        edges = np.arange(count + 1) - 0.5
        shares = np.nan_to_num(each.shares)
        mesh = axes.pcolormesh(edges, edges, shares, cmap="Blues", vmin=0, vmax=1, **SEAMLESS)
        axes.set_xlim(-0.5, count - 0.5)
        axes.set_ylim(count - 0.5, -0.5)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        if count <= MOST_NAMED:
            names = [words(name, 14) for name in each.classes]
            small = min(TEXT, 72 * (width / math.ceil(math.sqrt(len(seen))) - 1.2) / count)
            axes.set_xticks(range(count), names, fontsize=max(4.0, small))
            axes.set_yticks(range(count), names, fontsize=max(4.0, small))
            if max(map(len, names)) * count > 11 * width:
                axes.tick_params(axis="x", rotation=90)
        else:
            axes.set_xticks([])
            axes.set_yticks([])
        _counts(axes, each, width / len(seen) ** 0.5)
        axes.set_xlabel("predicted class")
        axes.set_ylabel("true class")
        if len(seen) > 1:
            axes.set_title(words(each.title), loc="left")
    bar = figure.colorbar(mesh, ax=list(fields), pad=0.02, aspect=30)  # type: ignore[arg-type]
    bar.outline.set_visible(False)
    bar.set_label("share of the true class")
    notes = [
        f"{each.title}: accuracy {each.right / each.total:.4f}, {each.right} of {each.total} rows"
        for each in seen
        if each.total
    ]
    return Drawn(figure, tuple(notes))


def _counts(axes: Axes, seen: Confusion, width: float) -> None:
    count = len(seen.classes)
    if count > MOST_COUNTED:
        return
    longest = max(2, len(str(int(seen.matrix.max(initial=0)))))
    size = min(TEXT - 1, 72 * (width - 1.4) / count / (0.68 * longest))
    for row, column in zip(*seen.matrix.nonzero(), strict=True):
        axes.text(
            column, row, str(seen.matrix[row, column]), ha="center", va="center", fontsize=size,
            color="white" if seen.shares[row, column] > 0.5 else "black",
        )  # fmt: skip


def predicted_against_true(
    seen: Sequence[Predictions], *, width: float = COLUMN, height: float | None = None
) -> Drawn:
    """Return the figure of predicted against true values, a field a target, with the diagonal."""
    figure, fields = _fields(len(seen), width, height, 0.95)
    most = 7 if len(seen) == 1 else 4
    notes = []
    for axes, each in zip(fields, seen, strict=True):
        x, y = each.truth[each.finite], each.predicted[each.finite]
        if odd := len(each.truth) - len(x):
            notes.append(f"{each.title}: {plural(odd, 'value')} not drawn: nan or infinite")
        axes.set_xlabel(f"true {words(each.target)}")
        axes.set_ylabel(f"predicted {words(each.target)}")
        if not len(x):
            continue
        axis = Axis.of([float(min(x.min(), y.min())), float(max(x.max(), y.max()))])
        few = thinned_points(x, y, MOST_POINTS)
        axes.scatter(*few, s=4 if len(x) > 300 else 8, color=color(0), alpha=0.5, linewidths=0)
        axes.plot([axis.low, axis.high], [axis.low, axis.high], color="black", linewidth=0.6)
        mark(axes, "x", axis, most)
        mark(axes, "y", axis, most)
        axes.set_box_aspect(1)
        axes.text(0.03, 0.97, _words(each), va="top", transform=axes.transAxes)
    return Drawn(figure, tuple(notes))


def _words(seen: Predictions) -> str:
    found = seen.summary()
    lines = [f"{found['count']} rows", f"RMSE {number(found['rmse'], 3)}"]
    return "\n".join([*lines, f"R\u00b2 {found['r2']:.3f}"] if found["r2"] is not None else lines)


def _fields(
    count: int, width: float, height: float | None, aspect: float
) -> tuple[Figure, list[Axes]]:
    """Return a figure with some fields, side by side as far as they have room."""
    columns = min(count, max(1, int(width / 2.2)))
    rows = -(-count // columns)
    figure = new_figure(width, height or rows * aspect * width / columns)
    fields = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for spare in fields[count:]:
        spare.remove()
    return figure, fields[:count]
