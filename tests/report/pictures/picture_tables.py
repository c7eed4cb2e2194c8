"""Tables to draw, and what every picture must keep to."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from rich.cells import cell_len

from nncli.tables import Table

COLOR = re.compile(r"\x1b\[[0-9;]*m")
MODES = [(False, True), (True, True), (False, False), (True, False)]
WIDTHS = [40, 80, 160]

NASTY = "<script>\x1b[2J\n\u202e名\0"


def plain(lines: Sequence[str]) -> str:
    return COLOR.sub("", "\n".join(lines))


def check(lines: Sequence[str], width: int, colored: bool, unicode: bool) -> None:
    """No line is too long, and nothing is in it that was not allowed."""
    for line in lines:
        bare = COLOR.sub("", line)
        assert "\n" not in bare
        assert cell_len(bare) <= width, bare
        assert bare.isprintable(), bare
        assert unicode or bare.isascii(), bare
        assert colored or bare == line, line


def curve_table(
    runs: int = 3,
    epochs: int = 30,
    *,
    first: int = 1,
    step: float = 1.0,
    **columns: Sequence[float],
) -> Table:
    """Curves of some runs that fall as 2 / epoch, each a little above the one before."""
    rows = [
        (run, epoch, 45 * epoch, 0.01 * epoch * (1 + run / 10), (1 + run / 10) * 2 / epoch, None)
        for run in range(first, first + runs)
        for epoch in range(1, epochs + 1)
    ]
    names = ("run", "epoch", "updates", "seconds", "val_loss", "val_accuracy")
    table = Table.of_rows(names, rows)
    return Table({**table.columns, **columns})


def sweep_table(nan: bool = True) -> Table:
    """Runs of three activations by four rates by two seeds; at the rate 1 all diverge but tanh."""
    rows = []
    for act in ("relu", "tanh", "sigmoid"):
        for lr in (0.001, 0.01, 0.1, 1.0):
            for seed in (0, 1):
                value = 0.9 - 0.05 * abs(math.log10(lr) + 2) - 0.01 * seed
                value -= 0.1 * (act == "sigmoid")
                if nan and lr == 1.0 and act != "tanh":
                    value = math.nan
                rows.append((act, lr, seed, value))
    return Table.of_rows(("act", "lr", "seed", "val_accuracy:best"), rows)
