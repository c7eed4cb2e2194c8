"""nncli: fast, honest experiments on small neural networks.

    >>> import nncli
    >>> run = nncli.train("digits", act="relu", opt="rmsprop")
    >>> run.curve[["epoch", "val_accuracy"]]
    >>> nncli.load(run.id).predict("new.csv")
    >>> nncli.sweep("digits", opt=["sgd", "adam"], lr="log:1e-3:1e-1:5", seeds=5).best
    >>> nncli.runs("sweep:last").groupby(["opt", "lr"]).val_accuracy.mean()

Importing this package loads nothing heavy; Numba and pandas come with the first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nncli.formulas import register_activation, register_loss
    from nncli.frames import curves, layer_stats, runs
    from nncli.python import Model, Run, Sweep, export, load, sweep, train

__version__ = "0.1.0"
__all__ = [
    "Model",
    "Run",
    "Sweep",
    "__version__",
    "curves",
    "export",
    "layer_stats",
    "load",
    "register_activation",
    "register_loss",
    "runs",
    "sweep",
    "train",
]


def __getattr__(name: str) -> Any:
    if name.startswith("register_"):
        return getattr(import_module("nncli.formulas"), name)
    if name in ("curves", "layer_stats", "runs"):
        return getattr(import_module("nncli.frames"), name)
    if name in __all__:
        return getattr(import_module("nncli.python"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
