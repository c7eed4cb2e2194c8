"""What the stores are asked to do: keep runs of a hundred epochs, and find the best of many.

A run has options, six measurements an epoch, and a best value. Every contestant is a process that
makes its store ready, does the work as often as it is told, times each time by itself, and prints
the seconds with a figure that shows that all have done the same.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

NAMES = ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "lr", "grad_norm")

#: Options of every run, beside its seed.
PARAMS = {
    "data": "digits", "hidden": "64", "act": "relu", "out_act": "softmax", "loss": "cross_entropy",
    "init": "he", "dropout": 0.0, "opt": "adam", "lr": 0.001, "beta1": 0.9, "beta2": 0.999,
    "eps": 1e-08, "schedule": "constant", "weight_decay": 0.0, "batch_size": 32, "val": "0.2",
    "scale": "auto", "dtype": "float32", "epochs": 100,
}  # fmt: skip


def curve(epochs: int, number: int = 0) -> dict[str, list[float]]:
    """The measurements of a run by name, each with a value an epoch."""
    loss = [math.exp(-0.03 * epoch) + 0.001 * (number % 7) for epoch in range(epochs)]
    return {
        "train_loss": loss,
        "val_loss": [1.1 * each + 0.02 for each in loss],
        "train_accuracy": [1 - 0.4 * each for each in loss],
        "val_accuracy": [1 - 0.5 * each for each in loss],
        "lr": [0.001] * epochs,
        "grad_norm": [2 * each for each in loss],
    }


def accuracy(number: int, runs: int) -> float:
    """The validation accuracy of one of many runs: all differ, in no order."""
    return (number * 7919 % runs) / runs


def options(hows: Sequence[str] = ()) -> argparse.Namespace:
    """What every contestant is told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    parser.add_argument("--task", choices=("write", "list"), required=True)
    parser.add_argument("--how", choices=hows or None, default=hows[0] if hows else "")
    parser.add_argument("--runs", type=int, required=True, help="to write, or to choose from")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--best", type=int, default=100)
    parser.add_argument("--times", type=int, default=3, help="to list")
    return parser.parse_args()


def report(work: Callable[[int], Any], times: int) -> None:
    """Do the work so often and print what it took; what it returns shows that it was done.

    Once more at first, untimed: all is loaded and prepared then.
    """
    work(0)
    seconds, answers = [], []
    for number in range(1, times + 1):
        began = time.perf_counter()
        answers.append(work(number))
        seconds.append(time.perf_counter() - began)
    print(json.dumps({"seconds": seconds, "check": answers[-1]}))


def sum_of_best(values: Sequence[float]) -> float:
    """The figure that shows which runs were listed."""
    return round(sum(values), 6)
