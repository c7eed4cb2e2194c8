"""From layer statistics and a curve to complaints in plain words, with what to try."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nncli.diagnosis import thresholds as t
from nncli.kernels.optimizers import OPTIMIZERS

Grid = NDArray[np.float64]


class Layer(Protocol):
    """What has to be known of a layer of weights."""

    @property
    def fan_in(self) -> int: ...

    @property
    def fan_out(self) -> int: ...

    @property
    def activation(self) -> str: ...


@dataclass(frozen=True)
class Finding:
    """One complaint. ``layer`` counts from 1; None is the network as a whole."""

    kind: str
    layer: int | None
    text: str

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class Evidence:
    """What findings are made from: each of ``grids`` is (logged epochs, layers), NaN for nothing.

    ``loss`` is the training loss of the curve's rows. ``spec`` holds the resolved options.
    """

    epochs: NDArray[np.int64]
    grids: Mapping[str, Grid]
    loss: Grid
    layers: Sequence[Layer]
    spec: Mapping[str, Any]

    def __getitem__(self, column: str) -> Grid:
        return self.grids[column]

    @property
    def hidden(self) -> range:
        """Return the places of the hidden layers."""
        return range(self["grad_norm"].shape[1] - 1)

    @property
    def fall(self) -> float:
        """Return the last loss by the first; NaN without two."""
        return float(self.loss[-1] / self.loss[0]) if len(self.loss) > 1 else np.nan

    def since(self, holds: NDArray[np.bool_]) -> int:
        """Return the epoch from which on ``holds`` (epochs,) is true to the end."""
        return int(self.epochs[len(holds) - int(np.argmin([*holds[::-1], False]))])

    def is_fast(self) -> bool:
        """Return whether the learning rate is far above the optimizer's default."""
        optimizer = OPTIMIZERS.parts.get(str(self.spec.get("opt")))
        usual = optimizer.uses.get("lr") if optimizer is not None else None
        rate = self.spec.get("lr")
        return bool(rate and usual and rate >= t.FAST * usual)

    def slower(self) -> str:
        """Return advice for a learning rate that may be too large."""
        rate = self.spec.get("lr")
        return f"a learning rate under {_digits(rate / 5)}" if rate else "a smaller learning rate"


def findings(
    statistics: Mapping[str, Any],
    curve: Mapping[str, Any],
    layers: Sequence[Layer],
    spec: Mapping[str, Any],
) -> tuple[Finding, ...]:
    """Return what is wrong with a run; empty if nothing is, or if no epoch was logged.

    ``statistics`` has the columns of ``layer_stats`` and ``curve`` those of ``epochs``, (rows,)
    each; what is NaN or masked was not measured. ``layers`` may be empty where they are not known.
    """
    evidence = _evidence(statistics, curve, layers, spec)
    if not len(evidence.epochs):
        return ()
    found: list[Finding] = []
    with np.errstate(all="ignore"):  # what is not finite is above or below no threshold
        for checks in STAGES:
            found += [each for check in checks for each in check(evidence)]
            if found:
                break
        found += oscillation(evidence)
    return tuple(sorted(found, key=lambda each: each.layer or 0))


def _evidence(
    statistics: Mapping[str, Any],
    curve: Mapping[str, Any],
    layers: Sequence[Layer],
    spec: Mapping[str, Any],
) -> Evidence:
    epochs, row = np.unique(np.asarray(statistics["epoch"], np.int64), return_inverse=True)
    column = np.asarray(statistics["layer"], np.int64) - 1
    grids = {}
    for name in (
        *("grad_norm", "update_ratio", "act_std"),
        *("saturated_frac", "dead_frac", "similarity"),
    ):
        grid = np.full((len(epochs), int(column.max(initial=0)) + 1), np.nan)
        grid[row, column] = _filled(statistics[name])
        grids[name] = grid
    return Evidence(epochs, grids, _filled(curve["train_loss"]), layers, spec)


def _filled(values: ArrayLike) -> Grid:
    return np.ma.filled(np.ma.asarray(values, np.float64), np.nan)


def symmetry(seen: Evidence) -> Iterator[Finding]:
    """Find layers with equal units in every epoch: equal weights get equal gradients for ever."""
    for layer in seen.hidden:
        if (seen["similarity"][:, layer] >= t.SYMMETRIC).all():
            text = (
                "has units that are equal, and stay equal since their gradients are; try random "
                "initial weights, such as --init auto"
            )
            yield _of(layer, "symmetry", text)


def dead_units(seen: Evidence) -> Iterator[Finding]:
    """Find layers most of whose units no row wakes."""
    tries = ["leaky_relu", "He initialization", seen.slower()]
    if seen.is_fast():
        tries.insert(0, tries.pop())
    if str(seen.spec.get("init", "")).startswith(("he", "auto")):
        tries.remove("He initialization")
    for layer in seen.hidden:
        share = seen["dead_frac"][:, layer]
        if not share[-1] > t.DEAD:
            continue
        if seen.layers and seen.layers[layer].activation == "step":
            text = "step has a derivative of 0 everywhere, no gradient passes; try sigmoid or tanh"
            yield _of(layer, "dead units", text, colon=True)
        else:
            text = f"{share[-1]:.0%} of units dead since epoch {seen.since(share > t.DEAD)}"
            yield _of(layer, "dead units", f"{text}; try {_either(tries)}", colon=True)


def saturation(seen: Evidence) -> Iterator[Finding]:
    """Find layers most of whose activations stand at the flat ends of their function."""
    for layer in seen.hidden:
        share = seen["saturated_frac"][:, layer]
        if not share[-1] > t.SATURATED:
            continue
        if share[0] > t.SATURATED or not seen.fall < t.LEARNED:
            tries = ["--bn before", seen.slower()]
            if share[0] > t.SATURATED:  # before the rate could have done it
                tries = ["smaller initial weights (--init auto)", "--bn before"]
            text = (
                f"{share[-1]:.0%} of activations saturated since epoch "
                f"{seen.since(share > t.SATURATED)}; try {_either(tries)}"
            )
            yield _of(layer, "saturation", text, colon=True)


def large_weights(seen: Evidence) -> Iterator[Finding]:
    """Find activations that grow from layer to layer in the first epoch."""
    if len(seen.hidden) < 2:
        return
    first = seen["act_std"][0, seen.hidden]
    if first[-1] > t.GROWTH * first[0] and first[-1] > 1:
        last = seen.hidden[-1]
        text = (
            f"activations deviate by {_digits(first[-1])} in epoch {seen.epochs[0]}, those of "
            f"layer 1 by {_digits(first[0])}: the initial weights are too large; try --init auto "
            "or --bn before"
        )
        yield _of(last, "weights too large", text, colon=True)


def small_weights(seen: Evidence) -> Iterator[Finding]:
    """Find the first layer whose activations are nearly the same for all rows in the first epoch.

    Where they are the same exactly, units are dead or equal, whatever the size of the weights.
    """
    first = seen["act_std"][0]
    for layer in seen.hidden:
        if 0 < first[layer] < t.FLAT:
            text = (
                f"activations deviate by {_digits(first[layer])} only in epoch {seen.epochs[0]}: "
                "the initial weights are too small; try --init auto or --bn before"
            )
            yield _of(layer, "weights too small", text, colon=True)
            return


def vanishing(seen: Evidence) -> Iterator[Finding]:
    """Find a first layer that the gradient hardly reaches."""
    gradient = seen["grad_norm"]
    last = gradient.shape[1] - 1
    if last < 1:
        return
    weights = np.array([each.fan_in * each.fan_out for each in seen.layers] or [1] * (last + 1))
    ratio = gradient[:, 0] / gradient[:, last] * np.sqrt(weights[last] / weights[0])
    row = 0 if not ratio[-1] < ratio[0] else -1
    if ratio[row] < t.VANISHED:
        text = (
            f"the gradient of a weight is {_digits(ratio[row])} of that in layer {last + 1} in "
            f"epoch {seen.epochs[row]}; try relu with He initialization, --bn before, or fewer "
            "layers"
        )
        yield _of(0, "vanishing gradient", text, colon=True)


def exploding(seen: Evidence) -> Iterator[Finding]:
    """Find the largest gradient of a deep network."""
    gradient = np.nan_to_num(seen["grad_norm"], posinf=np.inf)
    row, layer = np.unravel_index(int(np.argmax(gradient)), gradient.shape)
    if len(seen.hidden) >= 2 and gradient[row, layer] > t.EXPLODED:
        text = (
            f"a gradient of norm {_digits(gradient[row, layer])} in epoch {seen.epochs[row]}; try "
            f"--init auto, --bn before, --clip-norm 1 or {seen.slower()}"
        )
        yield _of(int(layer), "exploding gradient", text, colon=True)


def updates(seen: Evidence) -> Iterator[Finding]:
    """Find updates of the wrong size in a network that does not learn."""
    if len(seen.epochs) < t.EPOCHS_OF_UPDATES or not seen.fall > t.STANDS:
        return
    ratio = np.median(np.nan_to_num(seen["update_ratio"]), axis=0)
    layer = int(np.argmax(ratio))
    rate = seen.spec.get("lr")
    if ratio[layer] > t.LARGE_UPDATE:
        text = (
            f"an update changes the weights by {ratio[layer]:.0%} and the loss does not fall; try "
            f"{seen.slower()} or --clip-norm 1"
        )
        yield _of(layer, "updates too large", text, colon=True)
    elif ratio[layer] < t.SMALL_UPDATE:
        faster = f" above {_digits(10 * rate)}" if rate else ""
        text = (
            f"an update changes the weights of any layer by {_digits(ratio[layer])} of their norm "
            f"at most and the loss does not fall; try a larger learning rate{faster}"
        )
        yield Finding("updates too small", None, text)


def oscillation(seen: Evidence) -> Iterator[Finding]:
    """Find a loss that goes up and down by much late in the run."""
    if len(seen.loss) < t.EPOCHS_OF_LOSS:
        return
    steps = np.diff(seen.loss[len(seen.loss) // 2 :])
    size = np.abs(steps).mean() / abs(seen.loss[0])
    rises = int((steps > 0).sum())
    if size > t.OSCILLATION and rises > t.RISES * len(steps):
        text = (
            f"the loss oscillates: it rises in {rises} of the last {len(steps)} epochs and changes "
            f"by {_share(size)} the first loss; try {seen.slower()} or --schedule cosine"
        )
        yield Finding("oscillation", None, text)


Check = Callable[[Evidence], Iterator[Finding]]

#: What explains the rest comes first: behind a stage that has found something no more is asked.
STAGES: tuple[tuple[Check, ...], ...] = (
    (symmetry,),
    (dead_units, saturation),
    (large_weights, small_weights, vanishing, exploding),
    (updates,),
)


def _of(layer: int, kind: str, text: str, *, colon: bool = False) -> Finding:
    return Finding(kind, layer + 1, f"layer {layer + 1}{':' if colon else ''} {text}")


def _either(tries: Sequence[str]) -> str:
    return ", ".join(tries[:-1]) + " or " + tries[-1] if len(tries) > 1 else tries[0]


def _share(value: float) -> str:
    return f"{value:.0%} of" if value < 10 else f"{_digits(value)} times"


def _digits(value: float) -> str:
    """Return a number with two significant digits: ``0.01``, ``3e-5``."""
    mantissa, mark, exponent = f"{value:.2g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if mark else mantissa


__all__ = ["Finding", "Layer", "findings"]
