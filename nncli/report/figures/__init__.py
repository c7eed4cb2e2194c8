"""Figures fit for a paper: the pictures of a report as png, svg and pdf files, by matplotlib.

A column of a paper wide unless said otherwise, text of 8 points that stays text, colours that the
colour-blind tell apart, axes labelled with the metric and its statistic. The same data give the
same file, byte for byte. matplotlib is imported when the first figure is drawn.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from nncli.errors import unknown_choice
from nncli.report.figures import saving
from nncli.report.figures.paper import COLUMN, Drawn, style

#: Kinds of figures: the module and the function that draws each.
KINDS = {
    "curves": ("curves", "curves"),
    "groups": ("groups", "group_intervals"),
    "heat": ("heat", "heat_map"),
    "sensitivity": ("optimizers", "sensitivity"),
    "profile": ("optimizers", "profile"),
    "boundary": ("networks", "boundary"),
    "confusion": ("networks", "confusion"),
    "predicted": ("networks", "predicted_against_true"),
    "layers": ("layers", "layer_history"),
}


def save(
    kind: str,
    path: str | Path,
    *content: Any,
    width: float = COLUMN,
    height: float | None = None,
    **options: Any,
) -> tuple[str, ...]:
    """Draw a figure of a kind and write it; return what must be said of it.

    ``content`` and ``options`` are those of the function that ``KINDS`` names; ``width`` and
    ``height`` are inches, and a legend comes on top of the height. Raises UsageError for an unknown
    kind, a name that ends with none of .png, .svg and .pdf, a file that cannot be written, and
    where matplotlib is not installed.
    """
    if kind not in KINDS:
        raise unknown_choice("kind of figure", kind, KINDS)
    saving.format_of(path)
    with style(), warnings.catch_warnings():
        # characters that the font lacks are drawn as boxes; nothing else is to be warned of
        warnings.simplefilter("ignore")
        module, name = KINDS[kind]
        draw: Callable[..., Drawn] = getattr(import_module(f"{__name__}.{module}"), name)
        drawn = draw(*content, width=width, height=height, **options)
        saving.write(drawn.figure, path)
    return drawn.notes


__all__ = ["COLUMN", "KINDS", "save"]
