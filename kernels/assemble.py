"""Assembling: the compiled functions that one network needs, with the slots filled.

The loop is compiled once a dtype. A part is compiled when a network first uses it, with
the fixed signature of its slot, and cached on disk like the loop.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from numba import types

from nncli.kernels import backward, diagnosis, forward, loop, normalization, products
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.gather import GATHERS
from nncli.kernels.helping import helper
from nncli.kernels.jit import Role, address_of, compile_lock, compiled, is_cached
from nncli.kernels.losses import LOSSES
from nncli.kernels.metrics import METRICS
from nncli.kernels.network import (
    ACTIVATION_SLOTS,
    HYPER,
    INDICES,
    INTEGERS,
    NUMBERS,
    Functions,
    Types,
    types_of,
)
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
    train: Callable[..., None]
    evaluate: Callable[..., tuple[float, float]]


@dataclass(frozen=True)
class Gradients:
    """The native function that computes the loss and its gradient of one batch."""

    functions: Functions
    loss_and_gradient: Callable[..., float]


@dataclass(frozen=True)
class Inference:
    """The native functions that predictions need."""

    functions: Functions
    predict: Callable[..., None]


def is_compiled(parts: Parts) -> bool:
    """Return whether the training loop is loaded rather than compiled, which takes seconds.

    A part that is used for the first time is compiled in a fraction of a second.
    """
    return is_cached(f"loop-{parts.dtype}")


@functools.cache
def assemble(parts: Parts) -> Assembly:
    """Load or compile what ``parts`` need, once a process."""
    with compile_lock(f"loop-{parts.dtype}", parts.key()):
        kinds = types_of(parts.dtype)
        fixed = (parts.dtype, parts.storage, parts.normalizes, parts.diagnoses)
        helped = nullcontext() if is_compiled(parts) else helper(f"fixed_slots{fixed!r}")
        with helped:
            train = compiled(loop.train, *_train_signature(kinds))
            chosen = _chosen_slots(parts, kinds, _own_output(parts))
        return Assembly(
            functions=Functions(**chosen, **fixed_slots(*fixed)),
            train=train,
            evaluate=compiled(forward.evaluate, *_evaluate_signature(kinds)),
        )


@functools.cache
def assemble_gradients(parts: Parts) -> Gradients:
    """Load or compile what the gradient of one batch needs; the training loop is left alone."""
    with compile_lock(f"gradient-{parts.dtype}", parts.key()):
        kinds = types_of(parts.dtype)
        gradient = compiled(backward.loss_and_gradient, *_gradient_signature(kinds))
        return Gradients(_fill_slots(parts, kinds, _own_output(parts)), gradient)


@functools.cache
def assemble_inference(parts: Parts) -> Inference:
    """Load or compile what predictions of ``parts`` need; the training loop is left alone."""
    with compile_lock(f"predict-{parts.dtype}", parts.key()):
        kinds = types_of(parts.dtype)
        predict = compiled(forward.predict, *_predict_signature(kinds))
        return Inference(_fill_slots(parts, kinds, True), predict)


def _own_output(parts: Parts) -> bool:
    """Return whether training calls the output activation: a fused loss computes it on its way."""
    return not LOSSES[parts.loss].fused


def _fill_slots(parts: Parts, kinds: Types, own_output: bool) -> Functions:
    """Return the slots without those that the training loop alone calls."""
    fixed = fixed_slots(parts.dtype, parts.storage, parts.normalizes, None)
    return Functions(**_chosen_slots(parts, kinds, own_output), **fixed)


def _chosen_slots(parts: Parts, kinds: Types, own_output: bool) -> dict[str, Any]:
    """Return the slots that hold what a user has chosen."""
    hidden = [ACTIVATIONS[name] for name in parts.activations or ("identity",)]
    output, update = ACTIVATIONS[parts.output], OPTIMIZERS[parts.optimizer].update
    forward_types, backward_types = kinds.activation_forward, kinds.activation_backward
    return {
        "hidden_forward": _padded([address_of(each.forward, *forward_types) for each in hidden]),
        "hidden_backward": _padded([address_of(each.backward, *backward_types) for each in hidden]),
        "output_forward": _if(own_output, output.forward, forward_types),
        "output_backward": _if(own_output, output.backward, backward_types),
        "loss": address_of(LOSSES[parts.loss].kernel, *kinds.loss),
        "metric": address_of(METRICS[parts.task], *kinds.metric),
        "update": _if(update is not None, update, kinds.update),
    }


def fixed_slots(
    dtype: str, storage: str, normalizes: bool, diagnoses: bool | None
) -> dict[str, int]:
    """Return the slots that hold the same whatever a user has chosen, or 0 where unused.

    ``diagnoses`` is ``None`` where nothing trains.
    """
    kinds = types_of(dtype)
    evaluate, trains = _evaluate_signature(kinds), diagnoses is not None
    return {
        "multiply": address_of(products.multiply, *kinds.multiply),
        "evaluate": address_of(forward.evaluate, *evaluate, role=Role.ENTRY) if trains else 0,
        "gather": address_of(GATHERS[storage], *kinds.gather),
        "normalize_batch": _if(normalizes, normalization.normalize_batch, kinds.normalize),
        "normalize_running": _if(normalizes, normalization.normalize_running, kinds.normalize),
        "normalize_backward": _if(
            normalizes, normalization.normalize_backward, kinds.normalize_backward
        ),
        "observe": _if(diagnoses, diagnosis.observe, kinds.observe),
    }


def _if(needed: bool | None, function: Any, signature: Any) -> int:
    return address_of(function, *signature) if needed else 0


def _padded(functions: Sequence[int]) -> tuple[int, ...]:
    """Fill the unused slots with the first function: every slot must hold one."""
    return (*functions, *[functions[0]] * (ACTIVATION_SLOTS - len(functions)))


def _train_signature(kinds: Types) -> tuple[Any, ...]:
    size = types.int64
    return (
        *(size, size, size),
        *(kinds.network, kinds.vector, kinds.matrix, kinds.vector),
        *(kinds.rows, INDICES, INDICES, INTEGERS),
        *(kinds.buffers, kinds.buffers, kinds.functions, kinds.vector),
        *(HYPER, INTEGERS, HYPER, NUMBERS, NUMBERS, kinds.diagnosis, INTEGERS),
    )


def _gradient_signature(kinds: Types) -> tuple[Any, ...]:
    size = types.int64
    return (
        *(size, size, types.boolean, kinds.network, kinds.vector, kinds.buffers, kinds.vector),
        *(kinds.functions, types.boolean, size, types.float64, types.uint64, INTEGERS),
    )


def _evaluate_signature(kinds: Types) -> tuple[Any, ...]:
    size = types.int64
    return (
        *(kinds.network, kinds.rows, kinds.buffers, kinds.functions, types.boolean),
        *(INDICES, size, size, kinds.vector, INTEGERS),
    )


def _predict_signature(kinds: Types) -> tuple[Any, ...]:
    size = types.int64
    return (
        *(kinds.network, kinds.rows, kinds.buffers, kinds.functions),
        *(INDICES, size, size, INTEGERS, kinds.matrix),
    )


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
