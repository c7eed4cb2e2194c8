"""Every open choice of a spec made: loss, output activation, initializer, rates.

Choices that contradict each other are refused here, with the reason.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nncli import choices
from nncli.errors import UsageError
from nncli.kernels.losses import LOSSES
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.kernels.parts import Loss
from nncli.kernels.schedules import SCHEDULES
from nncli.options import flag_of
from nncli.reading import schedule_numbers
from nncli.spec import Spec

#: Hyper-parameters of optimizers that are options, in the order of the help.
HYPER_PARAMETERS = ("lr", "momentum", "rho", "beta1", "beta2", "eps", "momentum_decay")


def resolve(spec: Spec, task: str) -> Spec:
    """Return ``spec`` with every open choice made for ``task``.

    Raises UsageError, with the reason, for choices that contradict each other.
    The loss goes by the task, or by the output activation that was asked for; the output
    activation by the loss; the initializer by the activation; rates by the optimizer.
    """
    _check_layers(spec)
    loss, out_act = _head(spec, task)
    if spec.init == "auto":
        read = [choices.activation(name) for name in spec.layer_activations()]
        names = {each.part.initializer for each in read} or {"xavier"}
        init = names.pop() if len(names) == 1 else "auto"
    else:
        init = choices.initializer(spec.init).text
    activations = spec.layer_activations() or ("relu",)
    norms = spec.layer_norms()
    return replace(
        spec,
        task=task,
        loss=loss,
        out_act=out_act,
        act=activations[:1] if len(set(activations)) == 1 else activations,
        init=init,
        schedule=_full_schedule(spec.schedule),
        **_normalization(spec, norms[:1] if len(set(norms)) == 1 else norms),
        **_optimizer(spec),
    )


def _check_layers(spec: Spec) -> None:
    """Raise UsageError unless lists with an entry a layer have as many as there are layers."""
    for flag, given in (("--act", spec.act), ("--bn", spec.bn or ())):
        if spec.hidden and len(given) > 1 and len(given) != len(spec.hidden):
            raise UsageError(
                f"{flag} has {len(given)} entries and --hidden {len(spec.hidden)} layers: "
                "give one for all layers, or one a layer"
            )


def _normalization(spec: Spec, norms: tuple[str, ...]) -> dict[str, Any]:
    """Return the options of Batch Normalization, or nothing but ``None`` where there is none."""
    hidden = tuple(norms) if spec.hidden and set(norms) != {"none"} else None
    if hidden is None and not spec.bn_input:
        for name in ("bn_momentum", "bn_eps"):
            if getattr(spec, name) is not None:
                raise UsageError(
                    f"{flag_of(name)} means nothing without Batch Normalization: add --bn before"
                )
        return {"bn": None}
    if spec.batch_size == 1:
        raise UsageError(
            "--batch-size 1 with Batch Normalization: a single row equals its own mean, so every "
            "normalized value would be zero; take a larger --batch-size"
        )
    return {
        "bn": hidden,
        "bn_momentum": 0.1 if spec.bn_momentum is None else spec.bn_momentum,
        "bn_eps": 1e-5 if spec.bn_eps is None else spec.bn_eps,
    }


def _optimizer(spec: Spec) -> dict[str, Any]:
    """Return the options of the optimizer with its own defaults."""
    optimizer = OPTIMIZERS[spec.opt]
    hyper: dict[str, Any] = {}
    for name in HYPER_PARAMETERS:
        given = getattr(spec, name)
        if given is not None and name not in optimizer.uses:
            users = [each.name for each in OPTIMIZERS.parts.values() if name in each.uses]
            takes = f"takes {', '.join(optimizer.uses)}" if optimizer.uses else "has no rates"
            raise UsageError(
                f"{flag_of(name)} means nothing to --opt {spec.opt}, which {takes}: "
                f"leave it out, or choose --opt {' or '.join(users)}"
            )
        hyper[name] = optimizer.uses.get(name) if given is None else given
    for form, usual in (("eps_inside", False), ("bias_correction", "standard")):
        if getattr(spec, form) != usual and not getattr(optimizer, form):
            users = [each.name for each in OPTIMIZERS.parts.values() if getattr(each, form)]
            raise UsageError(
                f"{flag_of(form)} means nothing to --opt {spec.opt}: use --opt {' or '.join(users)}"
            )
    decay = spec.weight_decay
    hyper["weight_decay"] = optimizer.uses.get("weight_decay", 0.0) if decay is None else decay
    batch_size = spec.batch_size
    if optimizer.update is None:
        _check_full_batch(spec)
        batch_size = "full"
    hyper["batch_size"] = 32 if batch_size is None else batch_size
    return hyper


def _check_full_batch(spec: Spec) -> None:
    """Raise UsageError for what a line search over the whole training split cannot have."""
    strange = {
        "batch_size": spec.batch_size not in (None, "full"),
        "dropout": spec.dropout > 0,
        "l1": spec.l1 > 0,
        "clip_norm": spec.clip_norm is not None,
        "schedule": spec.schedule != "constant",
        "warmup": spec.warmup > 0,
    }
    for name, given in strange.items():
        if given:
            raise UsageError(
                f"{flag_of(name)} does not go with --opt {spec.opt}, which searches along a line "
                "for the smallest loss of all rows, without rates and without chance: leave it out"
            )


def _full_schedule(schedule: str) -> str:
    """Return a schedule with all its parameters."""
    name = schedule.partition(":")[0]
    parameters = schedule_numbers(schedule)[1 : 1 + len(SCHEDULES[name][1])]
    return ":".join([name, *(choices.digits(each) for each in parameters)])


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
    loss = choices.loss(spec.loss or default)
    allowed = loss.part.outputs.get(task)
    if allowed is None:
        fitting = [each.name for each in LOSSES.parts.values() if task in each.outputs]
        raise UsageError(
            f"--loss {loss.text} does not fit a {task} task: choose one of {', '.join(fitting)}"
        )
    if spec.out_act is None or _fits(loss.part, spec.out_act, task):
        _check_targets(spec, loss.part, task)
        return loss.text, spec.out_act or allowed[0]
    fitting = [each.name for each in LOSSES.parts.values() if _fits(each, spec.out_act, task)]
    pairs = sorted(fitting, key=lambda name: name != "mse")
    if spec.loss is None and pairs:
        found = choices.loss(pairs[0])
        _check_targets(spec, found.part, task)
        return found.text, spec.out_act
    raise UsageError(
        f"--out-act {spec.out_act} does not go with --loss {loss.text} in a {task} task: "
        f"use {' or '.join(allowed)}" + (f", or --loss {' or '.join(pairs)}" if pairs else "")
    )


def _fits(loss: Loss, out_act: str, task: str) -> bool:
    """Return whether an output activation goes with a loss.

    A regression takes any that has a gradient and stands on each output alone; a fused loss none
    but its own.
    """
    if task not in loss.outputs:
        return False
    part = choices.activation(out_act).part
    if part.name in loss.outputs[task]:
        return True
    fitting = part.output and part.name not in ("step", "softmax")
    return task == "regression" and not loss.fused and fitting


def _check_targets(spec: Spec, loss: Loss, task: str) -> None:
    """Raise UsageError if the loss takes no smoothed targets or no weights of classes."""
    smooths = [each.name for each in LOSSES.parts.values() if each.smooths]
    weighs = [each.name for each in LOSSES.parts.values() if task in each.weighs]
    for name, users in (("label_smoothing", smooths), ("class_weight", weighs)):
        if getattr(spec, name) is not None and loss.name not in users:
            choose = f", or choose --loss {' or '.join(users)}" if users else ""
            raise UsageError(
                f"{flag_of(name)} means nothing to --loss {loss.name} in a {task} task: "
                f"leave it out{choose}"
            )


def _first_output(loss: str, task: str) -> str:
    return LOSSES[loss].outputs[task][0]
