"""The full description of one experiment: every option, checked, with a canonical form and a hash.

A :class:`Spec` says all that a run depends on besides the data's content. It is read alike from the
command line, a TOML file, Python keywords and the database. :mod:`nncli.resolving` replaces what
was left open (loss, initializer, rates) by what nncli chooses, so that two ways of asking for the
same experiment have one hash.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from nncli import reading
from nncli.kernels.hyper import BIAS_CORRECTIONS
from nncli.kernels.initializers import INITIALIZERS
from nncli.kernels.losses import LOSSES
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.kernels.schedules import SCHEDULES
from nncli.options import (
    below_one,
    boolean,
    choice,
    non_negative,
    option,
    option_of,
    positive,
    read_options,
    text,
    whole,
    words,
)

TASKS = ("regression", "binary", "multiclass", "multilabel")
SCALES = ("auto", "standard", "minmax", "none")
DTYPES = ("float32", "float64")
SAVES = ("best", "last", "none")


@dataclass(frozen=True)
class Spec:
    """One experiment. Field names are the options' names; ``None`` is left to nncli."""

    data: str = option(
        "digits", "built-in name, file or folder", group="Data", read=text, metavar="DATA"
    )
    target: str | None = option(
        None,
        "target column by name or position (default: the last); several with commas",
        group="Data",
        read=text,
        metavar="COLUMN",
        listed=True,
    )
    columns: tuple[str, ...] | None = option(
        None, "use these input columns only", group="Data", read=words, metavar="A,B", listed=True
    )
    drop: tuple[str, ...] | None = option(
        None, "leave these columns out", group="Data", read=words, metavar="A,B", listed=True
    )
    no_header: bool = option(
        False, "the first line of the file is data", group="Data", read=boolean, metavar="FLAG"
    )
    task: str | None = option(
        None,
        "what to learn (default: inferred from the target)",
        group="Data",
        read=choice(lambda: TASKS),
        choices=lambda: TASKS,
    )
    val: str = option(
        "0.2",
        "validation split: a share, rows such as first:5000 or last:5000, or a file",
        group="Data",
        read=text,
        metavar="SHARE|ROWS|FILE",
    )
    test: str = option(
        "0",
        "test split: a share, rows as for --val, or a file",
        group="Data",
        read=text,
        metavar="SHARE|ROWS|FILE",
    )
    scale: str = option(
        "auto",
        "scaling of inputs, learned on the training split",
        group="Data",
        read=choice(lambda: SCALES),
        choices=lambda: SCALES,
    )
    features: str | None = option(
        None,
        "also products of the inputs: quadratic, or poly:DEGREE",
        group="Data",
        read=reading.features,
        metavar="NAME",
    )

    hidden: tuple[int, ...] = option(
        (256,),
        "widths of the hidden layers, such as 300,9x100, or none",
        group="Network",
        read=reading.widths,
        metavar="64,32",
        number=int,
        listed=True,
    )
    act: tuple[str, ...] = option(
        ("relu",),
        "hidden activation; several with commas, one a layer; or a formula of x",
        group="Network",
        read=reading.activations,
        choices=reading.hidden_activations,
    )
    out_act: str | None = option(
        None,
        "output activation (default: by task)",
        group="Network",
        read=reading.output_activation,
        choices=reading.output_activations,
    )
    loss: str | None = option(
        None,
        "loss (default: by task), or a formula of p and y",
        group="Network",
        read=reading.loss,
        choices=LOSSES.names,
    )
    label_smoothing: float | None = option(
        None,
        "share of a class target spread over all classes",
        group="Network",
        read=reading.smoothing,
        metavar="SHARE",
        number=float,
    )
    class_weight: str | None = option(
        None,
        "weights of the classes in the loss: balanced, 1,2,1 or yes=3",
        group="Network",
        read=text,
        metavar="WEIGHTS",
        listed=True,
    )
    init: str = option(
        "auto",
        "initializer of the weights, such as he or normal:0.05 (auto: by activation)",
        group="Network",
        read=reading.initializer,
        choices=lambda: ["auto", *INITIALIZERS.names()],
    )
    bias_init: str | None = option(
        None,
        "initializer of the biases, such as normal:1 (default: zero)",
        group="Network",
        read=reading.bias_initializer,
        choices=lambda: ["zero", *reading.bias_initializers()],
    )
    dropout: float = option(
        0.0,
        "share of hidden units to drop",
        group="Network",
        read=below_one,
        metavar="SHARE",
        number=float,
    )
    bn: tuple[str, ...] | None = option(
        None,
        "Batch Normalization before or after the activation; several with commas, one a layer",
        group="Network",
        read=reading.norms,
        choices=lambda: reading.NORMS,
    )
    bn_input: bool = option(
        False, "Batch Normalization of the inputs", group="Network", read=boolean, metavar="FLAG"
    )
    bn_momentum: float | None = option(
        None,
        "share of a batch in the running statistics (default: 0.1)",
        group="Network",
        read=reading.share_above_zero,
        metavar="SHARE",
        number=float,
    )
    bn_eps: float | None = option(
        None,
        "added to the variance under the root (default: 1e-5)",
        group="Network",
        read=reading.share_above_zero,
        metavar="NUMBER",
        number=float,
    )

    opt: str = option(
        "adam",
        "optimizer",
        group="Optimizer",
        read=choice(OPTIMIZERS.names),
        choices=OPTIMIZERS.names,
    )
    lr: float | None = option(
        None,
        "learning rate (default: by optimizer)",
        group="Optimizer",
        read=positive,
        metavar="RATE",
        number=float,
    )
    momentum: float | None = option(
        None, "momentum", group="Optimizer", read=below_one, metavar="SHARE", number=float
    )
    rho: float | None = option(
        None,
        "rmsprop, adadelta: decay of the squares",
        group="Optimizer",
        read=below_one,
        metavar="SHARE",
        number=float,
    )
    beta1: float | None = option(
        None,
        "adam and its kin: decay of the mean",
        group="Optimizer",
        read=below_one,
        metavar="SHARE",
        number=float,
    )
    beta2: float | None = option(
        None,
        "adam and its kin: decay of the squares",
        group="Optimizer",
        read=below_one,
        metavar="SHARE",
        number=float,
    )
    eps: float | None = option(
        None,
        "keeps adaptive steps finite",
        group="Optimizer",
        read=non_negative,
        metavar="NUMBER",
        number=float,
    )
    eps_inside: bool = option(
        False, "put eps inside the square root", group="Optimizer", read=boolean, metavar="FLAG"
    )
    bias_correction: str = option(
        "standard",
        "adam and its kin: by 1 - beta^t, by the constant 1 - beta, or none",
        group="Optimizer",
        read=choice(lambda: BIAS_CORRECTIONS),
        choices=lambda: BIAS_CORRECTIONS,
    )
    schedule: str = option(
        "constant",
        "learning-rate schedule, such as step:10:0.5",
        group="Optimizer",
        read=reading.schedule,
        choices=lambda: SCHEDULES,
    )
    warmup: float = option(
        0.0,
        "epochs over which the rate rises from 0",
        group="Optimizer",
        read=non_negative,
        metavar="EPOCHS",
        number=float,
    )
    momentum_decay: float | None = option(
        None,
        "nadam: how fast its momentum rises",
        group="Optimizer",
        read=non_negative,
        metavar="NUMBER",
        number=float,
    )
    weight_decay: float | None = option(
        None,
        "L2 penalty, or decoupled in adamw and lion (default: 0, adamw 0.01)",
        group="Optimizer",
        read=non_negative,
        metavar="NUMBER",
        number=float,
    )
    l1: float = option(
        0.0,
        "L1 penalty on the weights",
        group="Optimizer",
        read=non_negative,
        metavar="NUMBER",
        number=float,
    )
    clip_norm: float | None = option(
        None,
        "largest norm of the gradient",
        group="Optimizer",
        read=positive,
        metavar="NORM",
        number=float,
    )

    epochs: int = option(
        50,
        "passes over the training split",
        group="Training",
        read=whole(1),
        metavar="N",
        number=int,
    )
    batch_size: int | str | None = option(
        None,
        "rows of a mini-batch, or full (default: 32; lbfgs full)",
        group="Training",
        read=reading.batch_size,
        metavar="N|full",
        number=int,
    )
    early_stop: int | None = option(
        None,
        "stop after this many epochs without a better validation loss",
        group="Training",
        read=whole(1),
        metavar="PATIENCE",
        number=int,
    )
    seed: int = option(
        0,
        "seed of split, weights, order and dropout",
        group="Training",
        read=whole(0),
        metavar="N",
        number=int,
    )
    dtype: str = option(
        "float32",
        "type of all arithmetic",
        group="Training",
        read=choice(lambda: DTYPES),
        choices=lambda: DTYPES,
    )
    log_every: int = option(
        1,
        "epochs between validations, each a row of the curve",
        group="Training",
        read=whole(1),
        metavar="N",
        number=int,
    )
    threads: int | None = option(
        None,
        "threads (default: by size of network)",
        group="Training",
        read=whole(1),
        metavar="N",
        identity=False,
        number=int,
    )
    diagnose: bool = option(
        False,
        "watch every layer: gradients, saturated and dead units; say what is wrong",
        group="Training",
        read=boolean,
        metavar="FLAG",
        identity=False,
    )
    save: str = option(
        "best",
        "which weights to keep in the database",
        group="Training",
        read=choice(lambda: SAVES),
        choices=lambda: SAVES,
        identity=False,
    )

    @classmethod
    def read(cls, values: dict[str, Any], named: str = "option") -> Spec:
        """Check values as people give them; raises UsageError with the nearest valid name."""
        return cls(**read_options(cls, values, named))

    def changed(self, values: dict[str, Any], named: str = "option") -> Spec:
        """Return this spec with some values checked and replaced."""
        return replace(self, **read_options(type(self), values, named))

    def to_json(self) -> dict[str, Any]:
        """Return all options as JSON values, a list as the command line takes it: ``"64,32"``."""
        return self._plain(_names())

    def canonical(self) -> str:
        """Return the options that decide what is learned, in one canonical JSON text.

        Options that are off (``None`` or false) are left out, so that a later version can add
        options that are off by default without changing any hash.
        """
        values = {
            name: value
            for name, value in self._plain(_names_that_count()).items()
            if value is not None and value is not False
        }
        return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def _plain(self, names: Iterable[str]) -> dict[str, Any]:
        """Return options as JSON values; most of them are such, and every run asks for all."""
        values = vars(self)
        return {
            name: plain(name, value) if isinstance(value := values[name], LISTS) else value
            for name in names
        }

    def hash(self) -> str:
        """Return the SHA-256 of :meth:`canonical`; call it on a resolved spec."""
        return self._hash

    @functools.cached_property
    def _hash(self) -> str:
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def layer_activations(self) -> tuple[str, ...]:
        """Return the activation of each hidden layer."""
        if not self.hidden:
            return ()
        return self.act * len(self.hidden) if len(self.act) == 1 else self.act

    def layer_norms(self) -> tuple[str, ...]:
        """Return where each hidden layer is normalized."""
        norms = self.bn or ("none",)
        return norms * len(self.hidden) if len(norms) == 1 else norms


#: Types whose plain form is a text with commas.
LISTS = (tuple, list)


@functools.cache
def _names() -> tuple[str, ...]:
    return tuple(each.name for each in fields(Spec))


@functools.cache
def _names_that_count() -> tuple[str, ...]:
    """Return the options whose values decide what is learned."""
    return tuple(each.name for each in fields(Spec) if option_of(each).identity)


def plain(name: str, value: Any) -> Any:
    """Return a checked value as JSON and the command line have it: ``"64,32"`` or a number."""
    if isinstance(value, LISTS):
        return ",".join(str(each) for each in value) if value or name != "hidden" else "none"
    return value


#: Defaults that the first version wrote out, of options that are now left to nncli.
FORMER_DEFAULTS = {"batch_size": 32, "weight_decay": 0.0}


def former_defaults(stored: Mapping[str, Any]) -> list[str]:
    """Return the options of a stored spec that were left open when they had a plain default."""
    if "bn" in stored:  # not of the first version
        return []
    return [name for name, value in FORMER_DEFAULTS.items() if stored.get(name) == value]


__all__ = ["Spec", "former_defaults", "plain"]
