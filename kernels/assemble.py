"""Assembling: the compiled functions that one network needs, with the slots filled.

The loop is compiled once a dtype. A part is compiled when a network first uses it, with
the fixed signature of its slot, and cached on disk like the loop.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.calling import Entry
from nncli.kernels.gather import GATHERS
from nncli.kernels.helping import helper
from nncli.kernels.jit import compile_lock, is_cached
from nncli.kernels.losses import LOSSES
from nncli.kernels.metrics import METRICS
from nncli.kernels.network import ACTIVATION_SLOTS, Functions
from nncli.kernels.objects import address_of
from nncli.kernels.optimizers import OPTIMIZERS


@dataclass(frozen=True)
class Parts:
    """The names of the parts that a network is assembled from.

    ``activations`` lists the different hidden activations, at most four; a layer's entry in the
    layer table is a place in this list. ``storage`` is the dtype of the stored rows. ``normalizes``
    tells of Batch Normalization anywhere, ``diagnoses`` of layers that are watched.
    """

    dtype: str
    storage: str
    activations: tuple[str, ...]
    output: str
    loss: str
    optimizer: str
    task: str
    normalizes: bool = False
    diagnoses: bool = False

    def key(self) -> str:
        """Return a file name that stands for this set of parts, formulas included."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Assembly:
    """The native functions that training needs: the loop, evaluation and the filled slots."""

    functions: Functions
    train: Entry
    evaluate: Entry


@dataclass(frozen=True)
class Gradients:
    """The native function that computes the loss and its gradient of one batch."""

    functions: Functions
    loss_and_gradient: Entry


@dataclass(frozen=True)
class Inference:
    """The native functions that predictions need."""

    functions: Functions
    predict: Entry


def is_compiled(parts: Parts) -> bool:
    """Return whether the training loop is loaded rather than compiled, which takes seconds.

    A part that is used for the first time is compiled in a fraction of a second.
    """
    return is_cached(f"loop-{parts.dtype}")


@functools.cache
def assemble(parts: Parts) -> Assembly:
    """Load or compile what ``parts`` need, once a process."""
    with compile_lock(f"loop-{parts.dtype}", parts.key()):
        fixed = (parts.dtype, parts.storage, parts.normalizes, parts.diagnoses)
        helped = nullcontext() if is_compiled(parts) else helper(f"fixed_slots{fixed!r}")
        with helped:
            train = Entry("nncli.kernels.loop:train", "train", parts.dtype)
            chosen = _chosen_slots(parts, _own_output(parts))
        return Assembly(
            functions=Functions(**chosen, **fixed_slots(*fixed)),
            train=train,
            evaluate=Entry("nncli.kernels.forward:evaluate", "evaluate", parts.dtype),
        )


@functools.cache
def assemble_gradients(parts: Parts) -> Gradients:
    """Load or compile what the gradient of one batch needs; the training loop is left alone."""
    with compile_lock(f"gradient-{parts.dtype}", parts.key()):
        gradient = Entry(
            "nncli.kernels.backward:loss_and_gradient", "loss_and_gradient", parts.dtype
        )
        return Gradients(_fill_slots(parts, _own_output(parts)), gradient)


@functools.cache
def assemble_inference(parts: Parts) -> Inference:
    """Load or compile what predictions of ``parts`` need; the training loop is left alone."""
    with compile_lock(f"predict-{parts.dtype}", parts.key()):
        predict = Entry("nncli.kernels.forward:predict", "predict", parts.dtype)
        return Inference(_fill_slots(parts, True), predict)


def _own_output(parts: Parts) -> bool:
    """Return whether training calls the output activation: a fused loss computes it on its way."""
    return not LOSSES[parts.loss].fused


def _fill_slots(parts: Parts, own_output: bool) -> Functions:
    """Return the slots without those that the training loop alone calls."""
    fixed = fixed_slots(parts.dtype, parts.storage, parts.normalizes, None)
    return Functions(**_chosen_slots(parts, own_output), **fixed)


def _chosen_slots(parts: Parts, own_output: bool) -> dict[str, Any]:
    """Return the slots that hold what a user has chosen."""
    hidden = [ACTIVATIONS[name] for name in parts.activations or ("identity",)]
    output, update = ACTIVATIONS[parts.output], OPTIMIZERS[parts.optimizer].update

    def slot(kernel: Any, signature: str, needed: bool = True) -> int:
        return address_of(kernel, signature, parts.dtype) if needed else 0

    return {
        "hidden_forward": _padded([slot(each.forward, "activation_forward") for each in hidden]),
        "hidden_backward": _padded([slot(each.backward, "activation_backward") for each in hidden]),
        "output_forward": slot(output.forward, "activation_forward", own_output),
        "output_backward": slot(output.backward, "activation_backward", own_output),
        "loss": slot(LOSSES[parts.loss].kernel, "loss"),
        "metric": slot(METRICS[parts.task], "metric"),
        "update": slot(update, "update", update is not None),
    }


def fixed_slots(
    dtype: str, storage: str, normalizes: bool, diagnoses: bool | None
) -> dict[str, int]:
    """Return the slots that hold the same whatever a user has chosen, or 0 where unused.

    ``diagnoses`` is ``None`` where nothing trains.
    """

    def slot(kernel: Any, signature: str, needed: bool | None = True) -> int:
        named = f"nncli.kernels.{kernel}" if isinstance(kernel, str) else kernel
        return address_of(named, signature, dtype) if needed else 0

    return {
        "multiply": slot("products:multiply", "multiply"),
        "evaluate": slot("forward:evaluate", "evaluate", diagnoses is not None),
        "gather": slot(GATHERS[storage], "gather"),
        "normalize_batch": slot("normalization:normalize_batch", "normalize", normalizes),
        "normalize_running": slot("normalization:normalize_running", "normalize", normalizes),
        "normalize_backward": slot(
            "normalization:normalize_backward", "normalize_backward", normalizes
        ),
        "observe": slot("diagnosis:observe", "observe", diagnoses),
    }


def _padded(functions: Sequence[int]) -> tuple[int, ...]:
    """Fill the unused slots with the first function: every slot must hold one."""
    return (*functions, *[functions[0]] * (ACTIVATION_SLOTS - len(functions)))


__all__ = [
    "Assembly",
    "Gradients",
    "Inference",
    "Parts",
    "assemble",
    "assemble_gradients",
    "assemble_inference",
    "is_compiled",
]
