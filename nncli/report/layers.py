"""What watched layers looked like, as text: the figures of an epoch and the complaints."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nncli.report.text import aligned, number

if TYPE_CHECKING:
    from nncli.diagnosis import Finding

#: Columns of the table of figures: the statistic, its title, and whether it is a share.
FIGURES = (
    ("grad_norm", "gradient", False),
    ("update_ratio", "update/weight", False),
    ("act_mean", "mean", False),
    ("act_std", "deviation", False),
    ("saturated_frac", "saturated", True),
    ("dead_frac", "dead", True),
    ("similarity", "similarity", False),
)


def diagnosis_lines(
    found: Sequence[Finding] | None, status: str, width: int | None = None
) -> list[str]:
    """Return the complaints of a run, wrapped to ``width``; nothing where it was not watched."""
    if found is None:
        return []
    if not found:
        until = " before the loss ceased to be a number" if status == "diverged" else ""
        return [f"diagnosis: no complaint{until}"]
    lines = ["diagnosis:"]
    for each in found:
        room = width - 4 if width else len(each.text)
        texts = textwrap.wrap(each.text, room, break_on_hyphens=False)
        lines += [f"  {texts[0]}", *(f"    {text}" for text in texts[1:])]
    return lines


def figure_lines(statistics: Mapping[str, Sequence[Any]]) -> list[str]:
    """Return the figures of the last logged epoch, a line a layer; nothing without any."""
    epochs = statistics.get("epoch", ())
    if not epochs:
        return []
    rows = [["layer", *(title for _, title, _ in FIGURES)]]
    for place, epoch in enumerate(epochs):
        if epoch == epochs[-1]:
            cells = [_figure(statistics[name][place], share) for name, _, share in FIGURES]
            rows.append([str(statistics["layer"][place]), *cells])
    return [f"layers in epoch {epochs[-1]}:", *aligned(rows, right=True)]


def _figure(value: float | None, share: bool) -> str:
    return f"{value:.1%}" if share and value is not None else number(value, 3)
