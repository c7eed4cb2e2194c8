"""Made data for pages: runs with their curves, without a store."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

from nncli.report.page import PageData
from nncli.tables import Table

CURVE = ("run", "epoch", "updates", "seconds", "train_loss", "val_loss", "train_accuracy")
METRICS = (*CURVE[4:], "val_accuracy", "lr", "grad_norm")


def curve_rows(run: int, epochs: int, rate: float, rng: random.Random) -> list[tuple[Any, ...]]:
    """Rows of a curve that falls as exp(-rate epoch), with some noise."""
    rows = []
    for epoch in range(1, epochs + 1):
        train = 2.3 * math.exp(-rate * epoch) + 0.002 + 0.01 * rng.random()
        val = train + 0.08 + 0.02 * rng.random()
        accuracy = 1 - train / 2.6
        seconds = 0.01 * epoch + 0.001 * rng.random()
        more = (accuracy - 0.01 * rng.random(), 0.001, rng.random())
        rows.append((run, epoch, 45 * epoch, seconds, train, val, accuracy, *more))
    return rows


def page_data(
    acts: Sequence[str] = ("relu", "tanh"),
    opts: Sequence[str] = ("sgd", "adam"),
    seeds: int = 3,
    epochs: int = 20,
    names: Mapping[int, str] | None = None,
    **changes: Any,
) -> PageData:
    """A page of a run for each activation, optimizer and seed; run 1 has diverged."""
    rng = random.Random(1)
    rows: list[dict[str, Any]] = []
    points: list[tuple[Any, ...]] = []
    settings = [(act, opt, seed) for act in acts for opt in opts for seed in range(seeds)]
    for run, (act, opt, seed) in enumerate(settings, 1):
        rate = 0.1 + 0.05 * acts.index(act) + 0.1 * opts.index(opt)
        curve = curve_rows(run, epochs, rate, rng)
        if run == 1:
            curve[-1] = (*curve[-1][:4], math.nan, math.inf, 0.1, 0.1, 0.001, math.nan)
        points += curve
        best = min(curve, key=lambda row: row[5])
        rows.append(
            {
                "run": run,
                "name": (names or {}).get(run),
                "status": "diverged" if run == 1 else "completed",
                "tags": ("night",),
                "created": f"2026-03-01T09:{run % 60:02}:00.000Z",
                "data": "digits",
                "hidden": "64",
                "act": act,
                "opt": opt,
                "lr": 0.001,
                "seed": seed,
                "val_accuracy:best": best[7],
                "val_loss:best": best[5],
                "train_loss:last": curve[-1][4],
                "parameters": 4810,
                "epochs": epochs,
                "seconds_train": curve[-1][3],
                "threads": 2,
            }
        )
    rows.reverse()
    runs = Table({name: [row[name] for row in rows] for name in rows[0]})
    values: dict[str, Any] = {
        "title": "Night sweep",
        "database": "results.db",
        "runs": runs,
        "curves": Table.of_rows((*CURVE, *METRICS[3:]), points),
        "created": "2026-03-01T10:00:00.000Z",
    }
    return PageData(**{**values, **changes})
