"""Runs with every sort of value a field can have, and what each field of them should be."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from store_samples import a_run

from nncli.store import RunStore, Summary

NAN, INF = math.nan, math.inf

#: Curves by name; the first value is of epoch 1.
CURVES: tuple[Mapping[str, list[float]], ...] = (
    {"train_loss": [3.0, 1.0, 2.0], "val_accuracy": [0.1, 0.75, 0.5]},
    {"train_loss": [3.0, NAN, NAN], "val_accuracy": [0.25, 0.25, NAN]},
    {"train_loss": [NAN, NAN], "val_accuracy": [0.0, 0.0]},
    {"train_loss": [1.0, INF, -INF]},
    {},
)

#: Statistics of two layers at epochs 1 and 2 by name; the first two values are of epoch 1.
LAYERS: tuple[Mapping[str, list[float]], ...] = (
    {"dead_frac": [0.9, 0.9, 0.25, 0.5], "grad_norm": [1.0, 1.0, 2.0, 4.0]},
    {"dead_frac": [0.0, 0.0, NAN, 0.5], "grad_norm": [1.0, 1.0, INF, -INF]},
    {"dead_frac": [0.0, 0.0, NAN, NAN]},
    {},
    {},
)


@dataclass(frozen=True)
class Sample:
    """A run to store."""

    spec: Mapping[str, Any]
    results: Mapping[str, float | None] = field(default_factory=dict)
    curve: Mapping[str, list[float]] = field(default_factory=dict)
    layers: Mapping[str, list[float]] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


def samples() -> list[Sample]:
    """Return runs that differ in every field that the tests ask for."""
    acts = ["relu", "tanh", "leaky_relu:0.01", "x*sigmoid(1.702*x)", "0.5"]
    names = [None, "night", "7", "-1.5e1", "Ünïcode [x]^-", "it's; --", "true", ""]
    rates = [0.01, 0.1, 1e-05, 3, 0.00031622776601683794]
    losses: list[float | None] = [0.5, NAN, INF, -INF, None, 0.0]
    found = []
    for number in range(40):
        spec = {
            "act": acts[number % 5],
            "hidden": ["64", "64,32", "none"][number % 3],
            "lr": rates[number % 5],
            "momentum": [None, 0.9, 0.0][number % 3],
            "early_stop": [None, 5][number % 2],
            "batch_size": [32, "full", 64, None][number % 4],
            "eps_inside": bool(number % 2),
        }
        if number % 3:
            spec["bn_input"] = number % 3 == 1
        results = {
            "best_val_loss": losses[number % 6],
            "test_loss": losses[(number + 2) % 6],
            "best_val_accuracy": [0.5, 0.95, None, NAN][number % 4],
            "best_epoch": [1, 2, None][number % 3],
            "seconds_train": [0.25, None][number % 2],
        }
        about = {
            "name": names[number % 8],
            "seed": [0, 3, 2**60 + 1, 2**63 - 1][number % 4],
            "parameters": [None, 10, 1000][number % 3],
            "git_dirty": [None, True, False][number % 3],
            "note": [None, "a%b_c", "line\nline"][number % 3],
        }
        tags = ((), ("night",), ("night", "a'b"))[number % 3]
        curve, layers = CURVES[number % 5], LAYERS[(number // 2) % 5]
        found.append(Sample(spec, results, curve, layers, about, tags))
    return found


def put(store: RunStore, sample: Sample) -> int:
    """Store a run and return its id."""
    new = a_run(spec=json.dumps(dict(sample.spec)), tags=sample.tags, **sample.about)
    epochs = len(next(iter(sample.curve.values()), ()))
    curve = {
        "epoch": range(1, epochs + 1),
        "updates": range(1, epochs + 1),
        "seconds": [0.5] * epochs,
        **sample.curve,
    }
    rows = len(next(iter(sample.layers.values()), ()))
    layers = {"epoch": [1, 1, 2, 2][:rows], "layer": [1, 2, 1, 2][:rows], **sample.layers}
    run_id, _ = store.add_run(
        new,
        "completed",
        {name: list(values) for name, values in curve.items()} if epochs else None,
        layers={name: list(values) for name, values in layers.items()} if rows else None,
        summary=Summary(**sample.results),
    )
    return run_id


def record(run_id: int, sample: Sample) -> dict[str, Any]:
    """Return what the fields of a stored run are, by plain Python."""
    spec, results, about = sample.spec, sample.results, sample.about
    accuracy = results["best_val_accuracy"]
    curve, layers = sample.curve, sample.layers
    return {
        "run": run_id,
        **{name: spec[name] for name in ("act", "hidden", "lr", "momentum", "early_stop")},
        **{name: spec.get(name, False) for name in ("eps_inside", "bn_input", "no_header")},
        "batch_size": spec["batch_size"],
        **about,
        "status": "completed",
        "val_loss": results["best_val_loss"],
        "best_val_loss": results["best_val_loss"],
        "val_accuracy:best": accuracy,
        "val_error": None if accuracy is None else 1 - accuracy,
        "train_loss:last": curve.get("train_loss", [None])[-1],
        "train_loss:min": extreme(min, curve.get("train_loss", [])),
        "train_loss:max": extreme(max, curve.get("train_loss", [])),
        "val_error:min": extreme(min, [1 - each for each in curve.get("val_accuracy", [])]),
        "test_loss": results["test_loss"],
        "best_epoch": results["best_epoch"],
        "seconds_train": results["seconds_train"],
        "epochs": len(next(iter(curve.values()), ())),
        "dead_frac": extreme(max, layers.get("dead_frac", [])[2:]),
        "dead_frac:min": extreme(min, layers.get("dead_frac", [])[2:]),
        "grad_norm:mean": mean(layers.get("grad_norm", [])[2:]),
        "act_std:max": None,
        "tags": tuple(sorted(sample.tags)),
    }


def extreme(of: Any, values: list[float]) -> float | None:
    """Return the extreme of what is a number, NaN where nothing is, None of nothing."""
    numbers = [each for each in values if not math.isnan(each)]
    return of(numbers) if numbers else NAN if values else None


def mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
