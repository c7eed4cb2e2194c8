"""A probe: one network on one batch, ready to be asked for its loss and gradient at any theta.

It calls the kernels that training calls, compiled or as the plain Python that they are. In plain
Python the arrays may be complex, which is how complex steps are taken, and a test can replace a
kernel by a broken one to see the check fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.arrays import make_buffers
from nncli.choices import LossChoice
from nncli.kernels import backward, normalization
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.multiply import multiply
from nncli.kernels.network import ACTIVATION_SLOTS, FAN_OUT, UNITS_BEFORE, Functions, Network
from nncli.kernels.parts import Activation
from nncli.model import Model

Array = NDArray[Any]


@dataclass(frozen=True)
class Batch:
    """Scaled inputs ``x`` (n, inputs) and targets ``y`` (n, outputs)."""

    x: Array
    y: Array


@dataclass(frozen=True)
class Setting:
    """What belongs to a network beside its model: loss, its settings, and what stays frozen.

    ``settings`` (2 + classes,) are the loss's, ``eps`` that of Batch Normalization; ``key`` freezes
    the masks of ``dropout``.
    """

    loss: LossChoice
    settings: Array
    eps: float = 1e-5
    dropout: float = 0.0
    key: int = 0


class Probe:
    """The loss of a network on a batch, in training mode, as a function of theta."""

    def __init__(
        self,
        model: Model,
        setting: Setting,
        batch: Batch,
        *,
        native: bool = True,
        dtype: str = "float64",
        storage: str = "float64",
        task: str = "regression",
    ) -> None:
        self.model, self.setting, self.batch = model, setting, batch
        self.native = native
        self._count = len(batch.x)
        self._buffers = make_buffers(
            model, self._count, dtype, trains=True, dropout=setting.dropout > 0
        )
        self._buffers.x[:], self._buffers.y[:] = batch.x, batch.y
        normal = np.array([0.1, setting.eps], dtype)
        self._theta = np.zeros(model.size, dtype)
        self._network = Network(
            model.table(), self._theta, np.array(setting.settings, dtype), normal
        )
        self._d_theta = np.zeros(model.size, dtype)
        self._counter = np.zeros(1, np.int64)
        self._key = np.uint64(setting.key)
        self._call: Any = None
        if native:
            from nncli.kernels.assemble import Parts, assemble_gradients

            gradients = assemble_gradients(
                Parts(
                    dtype=dtype,
                    storage=storage,
                    activations=model.hidden_activations,
                    output=model.layers[-1].choice.part.name,
                    loss=setting.loss.part.name,
                    optimizer="sgd",
                    task=task,
                    normalizes=model.normalizes,
                )
            )
            self._functions, self._call = gradients.functions, gradients.loss_and_gradient
        else:
            self._functions = _plain_functions(model, setting.loss)

    def loss(self, theta: Array) -> Any:
        """Return the mean loss at ``theta`` (size,)."""
        return self._run(theta, learn=False)

    def gradient(self, theta: Array) -> Array:
        """Return the gradient by back-propagation at ``theta``, (parameters,)."""
        self._run(theta, learn=True)
        return self._d_theta[: self.model.parameters].copy()

    def piece(self) -> bytes:
        """Return on which smooth piece of the loss the last call's theta lies.

        Two thetas with the same answer have no kink of an activation or of the loss between them,
        for steps that are small.
        """
        sides = []
        for layer, row in zip(self.model.layers, self._network.layers, strict=True):
            part = layer.choice.part
            if part.kinks:
                sides.append(np.searchsorted(part.kinks, self._sums(row).real, side="left"))
        side = self.setting.loss.part.side
        if side is not None:
            settings = self._network.settings
            sides.append(side(self._buffers.p.real, self._buffers.y.real, settings.real))
        return b"".join(np.ascontiguousarray(each, np.int8).tobytes() for each in sides)

    def _sums(self, row: NDArray[np.int64]) -> Array:
        start = self._count * int(row[UNITS_BEFORE])
        sums: Array = self._buffers.z[start : start + self._count * int(row[FAN_OUT])]
        return sums

    def _run(self, theta: Array, *, learn: bool) -> Any:
        self._theta[:] = theta
        self._counter[0] = 0
        # looked up at each call, so that a test can put a broken kernel in its place
        call = self._call if self._call is not None else backward.loss_and_gradient
        fused = self.setting.loss.part.fused
        with np.errstate(all="ignore"):
            return call(
                *(0, 1, learn, self._network, self._d_theta, self._buffers, self._buffers.panel),
                *(self._functions, fused, self._count, self.setting.dropout, self._key),
                self._counter,
            )


def _plain_functions(model: Model, loss: LossChoice) -> Functions:
    """Return the slots filled with plain Python functions."""
    hidden = [ACTIVATIONS[name] for name in model.hidden_activations]
    output: Activation = model.layers[-1].choice.part

    def padded(functions: list[Any]) -> tuple[Any, ...]:
        return (*functions, *[None] * (ACTIVATION_SLOTS - len(functions)))

    return Functions(
        multiply=multiply,
        evaluate=None,
        gather=None,
        hidden_forward=padded([each.forward for each in hidden]),
        hidden_backward=padded([each.backward for each in hidden]),
        output_forward=output.forward,
        output_backward=output.backward,
        normalize_batch=normalization.normalize_batch,
        normalize_running=normalization.normalize_running,
        normalize_backward=normalization.normalize_backward,
        loss=loss.part.kernel,
        metric=None,
        update=None,
        observe=None,
    )


__all__ = ["Batch", "Probe", "Setting"]
