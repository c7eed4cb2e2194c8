"""The full description of one experiment: every option, checked, with a canonical form and a hash.

A :class:`Spec` says all that a run depends on besides the data's content. It is read alike from the
command line, a TOML file, Python keywords and the database. :func:`resolve` replaces what was
left open (loss, initializer, rates) by what nncli chooses, so that two ways of asking for the same
experiment have one hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from nncli.errors import UsageError
from nncli.kernels.activations import ACTIVATIONS
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
    number,
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

#: Different activations in one network, at most: the native loop has that many slots.
MOST_ACTIVATIONS = 4


def hidden_activations() -> list[str]:
    """Return the names of the activations that hidden layers may have."""
    return [name for name, each in ACTIVATIONS.parts.items() if each.hidden]


def _widths(value: Any) -> tuple[int, ...]:
    if isinstance(value, str) and value.strip().lower() == "none":
        return ()
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        parts = (value,)
    try:
        return tuple(whole(1)(part) for part in parts)
    except ValueError:
        raise ValueError("expected layer widths such as 64,32, or none") from None


def _activations(value: Any) -> tuple[str, ...]:
    read = choice(hidden_activations)
    found = tuple(read(name) for name in words(value))
    if len(set(found)) > MOST_ACTIVATIONS:
        raise ValueError(f"expected at most {MOST_ACTIVATIONS} different activations")
    return found


def _batch_size(value: Any) -> int | str:
    if value == "full":
        return "full"
    try:
        return int(whole(1)(value))
    except ValueError:
        raise ValueError("expected a whole number of at least 1, or full") from None


def _initializer(value: Any) -> str:
    name, _, parameter = str(value).partition(":")
    choice(INITIALIZERS.names)(name)
    if parameter:
        if INITIALIZERS[name].value is None:
            raise ValueError(f"{name} takes no value")
        (number if name == "constant" else non_negative)(parameter)
    return str(value)


def _schedule(value: Any) -> str:
    schedule_numbers(str(value))
    return str(value)


def schedule_numbers(value: str) -> tuple[float, float, float]:
    """Return a schedule such as ``step:10:0.5`` as the native loop takes it: kind, parameters."""
    name, *given = value.split(":")
    choice(lambda: SCHEDULES)(name)
    kind, defaults, meaning = SCHEDULES[name]
    if len(given) > len(defaults):
        raise ValueError(f"expected at most {len(defaults)} parameters: {meaning}")
    try:
        numbers = [positive(each) if name != "cosine" else non_negative(each) for each in given]
    except ValueError:
        raise ValueError(f"expected numbers above 0: {meaning}") from None
    numbers += defaults[len(numbers) :]
    first, second = (*numbers, 0.0, 0.0)[:2]
    return float(kind), first, second


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
    )
    columns: tuple[str, ...] | None = option(
        None, "use these input columns only", group="Data", read=words, metavar="A,B"
    )
    drop: tuple[str, ...] | None = option(
        None, "leave these columns out", group="Data", read=words, metavar="A,B"
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
        "0.2", "validation split: a share or a file", group="Data", read=text, metavar="SHARE|FILE"
    )
    test: str = option(
        "0", "test split: a share or a file", group="Data", read=text, metavar="SHARE|FILE"
    )
    scale: str = option(
        "auto",
        "scaling of inputs, learned on the training split",
        group="Data",
        read=choice(lambda: SCALES),
        choices=lambda: SCALES,
    )

    hidden: tuple[int, ...] = option(
        (256,),
        "widths of the hidden layers, or none",
        group="Network",
        read=_widths,
        metavar="64,32",
    )
    act: tuple[str, ...] = option(
        ("relu",),
        "hidden activation; several with commas, one a layer",
        group="Network",
        read=_activations,
        choices=hidden_activations,
    )
    out_act: str | None = option(
        None,
        "output activation (default: by task)",
        group="Network",
        read=choice(ACTIVATIONS.names),
        choices=ACTIVATIONS.names,
    )
    loss: str | None = option(
        None,
        "loss (default: by task)",
        group="Network",
        read=choice(LOSSES.names),
        choices=LOSSES.names,
    )
    init: str = option(
        "auto",
        "initializer of the weights, such as he or normal:0.05 (auto: by activation)",
        group="Network",
        read=lambda value: "auto" if value == "auto" else _initializer(value),
        choices=lambda: ["auto", *INITIALIZERS.names()],
    )
    dropout: float = option(
        0.0, "share of hidden units to drop", group="Network", read=below_one, metavar="SHARE"
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
    )
    momentum: float | None = option(
        None, "momentum", group="Optimizer", read=below_one, metavar="SHARE"
    )
    rho: float | None = option(
        None, "rmsprop: decay of the squares", group="Optimizer", read=below_one, metavar="SHARE"
    )
    beta1: float | None = option(
        None, "adam: decay of the mean", group="Optimizer", read=below_one, metavar="SHARE"
    )
    beta2: float | None = option(
        None, "adam: decay of the squares", group="Optimizer", read=below_one, metavar="SHARE"
    )
    eps: float | None = option(
        None, "keeps adaptive steps finite", group="Optimizer", read=non_negative, metavar="NUMBER"
    )
    eps_inside: bool = option(
        False, "put eps inside the square root", group="Optimizer", read=boolean, metavar="FLAG"
    )
    bias_correction: str = option(
        "standard",
        "adam: by 1 - beta^t, by the constant 1 - beta, or none",
        group="Optimizer",
        read=choice(lambda: BIAS_CORRECTIONS),
        choices=lambda: BIAS_CORRECTIONS,
    )
    schedule: str = option(
        "constant",
        "learning-rate schedule, such as step:10:0.5",
        group="Optimizer",
        read=_schedule,
        choices=lambda: SCHEDULES,
    )
    warmup: float = option(
        0.0,
        "epochs over which the rate rises from 0",
        group="Optimizer",
        read=non_negative,
        metavar="EPOCHS",
    )
    weight_decay: float = option(
        0.0,
        "L2 penalty: adds this times the weight to its gradient",
        group="Optimizer",
        read=non_negative,
        metavar="NUMBER",
    )
    l1: float = option(
        0.0, "L1 penalty on the weights", group="Optimizer", read=non_negative, metavar="NUMBER"
    )
    clip_norm: float | None = option(
        None, "largest norm of the gradient", group="Optimizer", read=positive, metavar="NORM"
    )

    epochs: int = option(
        50, "passes over the training split", group="Training", read=whole(1), metavar="N"
    )
    batch_size: int | str = option(
        32, "rows of a mini-batch, or full", group="Training", read=_batch_size, metavar="N|full"
    )
    early_stop: int | None = option(
        None,
        "stop after this many epochs without a better validation loss",
        group="Training",
        read=whole(1),
        metavar="PATIENCE",
    )
    seed: int = option(
        0,
        "seed of split, weights, order and dropout",
        group="Training",
        read=whole(0),
        metavar="N",
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
    )
    threads: int | None = option(
        None,
        "threads (default: by size of network)",
        group="Training",
        read=whole(1),
        metavar="N",
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
        return {name: _plain(name, value) for name, value in asdict(self).items()}

    def canonical(self) -> str:
        """Return the options that decide what is learned, in one canonical JSON text.

        Options that are off (``None`` or false) are left out, so that a later version can add
        options that are off by default without changing any hash.
        """
        identity = {each.name for each in fields(self) if option_of(each).identity}
        values = {
            name: value
            for name, value in self.to_json().items()
            if name in identity and value is not None and value is not False
        }
        return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def hash(self) -> str:
        """Return the SHA-256 of :meth:`canonical`; call it on a resolved spec."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def layer_activations(self) -> tuple[str, ...]:
        """Return the activation of each hidden layer."""
        if not self.hidden:
            return ()
        return self.act * len(self.hidden) if len(self.act) == 1 else self.act


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, tuple | list):
        return ",".join(str(each) for each in value) if value or name != "hidden" else "none"
    return value


def resolve(spec: Spec, task: str) -> Spec:
    """Return ``spec`` with every open choice made for ``task``.

    Raises UsageError, with the reason, for choices that contradict each other.
    The loss goes by the task, or by the output activation that was asked for; the output
    activation by the loss; the initializer by the activation; rates by the optimizer.
    """
    if spec.hidden and len(spec.act) not in (1, len(spec.hidden)):
        raise UsageError(
            f"--act names {len(spec.act)} activations and --hidden {len(spec.hidden)} layers: "
            "give one activation for all layers, or one a layer"
        )
    loss, out_act = _head(spec, task)
    optimizer = OPTIMIZERS[spec.opt]
    hyper: dict[str, Any] = {}
    for name in ("lr", "momentum", "rho", "beta1", "beta2", "eps"):
        given = getattr(spec, name)
        if given is not None and name not in optimizer.uses:
            users = [each.name for each in OPTIMIZERS.parts.values() if name in each.uses]
            raise UsageError(
                f"--{name} means nothing to --opt {spec.opt}, which takes "
                f"{', '.join(optimizer.uses)}: leave it out, or choose --opt {' or '.join(users)}"
            )
        hyper[name] = optimizer.uses.get(name) if given is None else given
    if spec.eps_inside and "eps" not in optimizer.uses:
        raise UsageError(f"--eps-inside means nothing to --opt {spec.opt}: it has no eps")
    if spec.bias_correction != "standard" and "beta1" not in optimizer.uses:
        raise UsageError(f"--bias-correction means nothing to --opt {spec.opt}: use --opt adam")
    if spec.init == "auto":
        names = {ACTIVATIONS[name].initializer for name in spec.layer_activations()} or {"xavier"}
        init = names.pop() if len(names) == 1 else "auto"
    else:
        init = _spelled_out(spec.init)
    activations = spec.layer_activations() or ("relu",)
    act = activations[:1] if len(set(activations)) == 1 else activations
    return replace(
        spec,
        task=task,
        loss=loss,
        out_act=out_act,
        act=act,
        init=init,
        schedule=_full_schedule(spec.schedule),
        **hyper,
    )


def _spelled_out(init: str) -> str:
    """Return an initializer with its value, also where that is the default."""
    name, _, given = init.partition(":")
    default = INITIALIZERS[name].value
    return name if default is None else f"{name}:{_digits(float(given) if given else default)}"


def _full_schedule(schedule: str) -> str:
    """Return a schedule with all its parameters."""
    name = schedule.partition(":")[0]
    parameters = schedule_numbers(schedule)[1 : 1 + len(SCHEDULES[name][1])]
    return ":".join([name, *(_digits(each) for each in parameters)])


def _digits(value: float) -> str:
    """Return the shortest text that reads back as the same number: ``0.5``, ``10``."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _head(spec: Spec, task: str) -> tuple[str, str]:
    """Return loss and output activation, whichever of the two was given."""
    default = {
        "regression": "mse",
        "binary": "binary_cross_entropy",
        "multiclass": "cross_entropy",
        "multilabel": "binary_cross_entropy",
    }[task]
    if task != "regression" and spec.out_act == "relu":
        raise UsageError(
            f"--out-act relu does not fit a {task} task: its outputs must be probabilities, and "
            f"relu gives values above 1 and exact zeros; use {_first_output(default, task)}"
        )
    loss = spec.loss or default
    allowed = LOSSES[loss].outputs.get(task)
    if allowed is None:
        fitting = [each.name for each in LOSSES.parts.values() if task in each.outputs]
        raise UsageError(
            f"--loss {loss} does not fit a {task} task: choose one of {', '.join(fitting)}"
        )
    if spec.out_act is None:
        return loss, allowed[0]
    if spec.out_act in allowed:
        return loss, spec.out_act
    pairs = _losses_for(spec.out_act, task)
    if spec.loss is None and pairs:
        return pairs[0], spec.out_act
    raise UsageError(
        f"--out-act {spec.out_act} does not go with --loss {loss} in a {task} task: "
        f"use {' or '.join(allowed)}" + (f", or --loss {' or '.join(pairs)}" if pairs else "")
    )


def _first_output(loss: str, task: str) -> str:
    return LOSSES[loss].outputs[task][0]


def _losses_for(out_act: str, task: str) -> list[str]:
    found: Iterable[str] = (
        each.name for each in LOSSES.parts.values() if out_act in each.outputs.get(task, ())
    )
    return sorted(found, key=lambda name: name != "mse")


__all__ = ["Spec", "hidden_activations", "resolve", "schedule_numbers"]
