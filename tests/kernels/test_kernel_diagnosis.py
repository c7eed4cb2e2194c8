"""What ``--diagnose`` measures, against NumPy on the same mini-batches."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import oracle
import pytest
from fixtures.small_runs import Data, data, resolved, trainer
from numpy.typing import NDArray
from oracle.network import Arrays, Network, Pass, backward, forward
from oracle.optimizers import Optimizer
from oracle.randomness import derive, shuffled
from oracle.training import gathered, loss_of, masks_of, penalized, start_of

from nncli.kernels import diagnosis as d
from nncli.kernels import loop
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.assemble import Assembly
from nncli.kernels.forward import evaluate
from nncli.kernels.gather import GATHERS
from nncli.kernels.losses import LOSSES
from nncli.kernels.metrics import METRICS
from nncli.kernels.multiply import multiply
from nncli.kernels.network import Functions
from nncli.kernels.normalization import (
    normalize_backward,
    normalize_batch,
    normalize_running,
)
from nncli.kernels.objects import address_of
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.kernels.products import multiply as native_product
from nncli.kernels.tiles import panel_size
from nncli.model import Layer, Model
from nncli.spec import Spec
from nncli.trainer import Trainer

Maker = Callable[[Callable[..., Any]], Any]
Array = NDArray[Any]

COLUMNS = (
    *("grad_norm", "update_ratio", "act_mean", "act_std"),
    *("saturated_frac", "dead_frac", "similarity"),
)

#: By name of the activation: where it is saturated, and what its dead units never exceed.
SATURATION = {
    "tanh": (-np.tanh(5.0), np.tanh(5.0)),
    "sigmoid": (1 / (1 + np.exp(5.0)), 1 / (1 + np.exp(-5.0))),
}
DEAD_AT = {"relu": 0.0}


def similarities(v: Array) -> Array:
    """Of all pairs of the columns of v (numbers, units): ``2 v.w / (|v|^2 + |w|^2)``."""
    squares = (v**2).sum(axis=0)
    one, other = np.triu_indices(v.shape[1], 1)
    with np.errstate(invalid="ignore"):
        found = 2 * (v[:, one] * v[:, other]).sum(axis=0) / (squares[one] + squares[other])
    return np.where(np.isnan(found), 1.0, found)


def largest(made: Maker, v: Array, ranks: int = 1, with_bias: bool = True) -> float:
    """The kernel's largest similarity of the columns of v, whose last row is the bias."""
    fan_in, units = v.shape[0] - with_bias, v.shape[1]
    model = Model((Layer(fan_in, units, "relu", "none" if with_bias else "before"),))
    theta = np.concatenate([[7.0], v.ravel(), np.full(3 * units, 7.0)]).astype(v.dtype)
    table = model.table()[0]
    table[d.WEIGHTS] += 1
    table[d.BIAS] += 1 if with_bias else 0
    scratch = np.full(d.BLOCK * d.BLOCK + units + d.BLOCK, np.nan, v.dtype)
    panel = np.zeros(panel_size(v.dtype.name), v.dtype)
    kernel = made(d.largest_similarity)
    plain = kernel is d.largest_similarity
    product = multiply if plain else address_of(native_product, "multiply", v.dtype.name)
    found = [kernel(rank, ranks, table, theta, scratch, product, panel) for rank in range(ranks)]
    return max(float(each) for each in found)


@pytest.mark.parametrize("units", [2, 5, 64, 65, 200])
@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("with_bias", [True, False])
def test_the_largest_similarity(
    made: Maker, dtype: str, units: int, ranks: int, with_bias: bool
) -> None:
    v = np.random.default_rng(units).standard_normal((7, units)).astype(dtype)
    expected = similarities(v.astype("float64")).max()
    # a sum of 7 products; the pair that is best after rounding may be another one
    tolerance = 20 * float(np.finfo(dtype).eps)
    assert abs(largest(made, v, ranks, with_bias) - expected) < tolerance


@pytest.mark.parametrize("pair", [(0, 1), (3, 99), (64, 129), (70, 71)])
def test_equal_units_have_exactly_the_similarity_one(
    made: Maker, dtype: str, pair: tuple[int, int]
) -> None:
    v = np.random.default_rng(0).standard_normal((6, 130)).astype(dtype)
    assert largest(made, v) < 1
    v[:, pair[1]] = v[:, pair[0]]
    assert largest(made, v) == 1


def test_units_of_zeros_are_equal_and_a_multiple_is_not(made: Maker, dtype: str) -> None:
    assert largest(made, np.zeros((3, 4), dtype)) == 1
    assert largest(made, np.array([[1, 0], [1, 0]], dtype)) == 0
    assert largest(made, np.array([[1, 2], [1, 2]], dtype)) == pytest.approx(0.8)
    assert largest(made, np.array([[1, -1], [1, -1]], dtype)) == -1


def test_a_unit_alone_has_no_similarity(made: Maker, dtype: str) -> None:
    assert largest(made, np.ones((3, 1), dtype)) == -math.inf


def test_nan_is_no_similarity(made: Maker, dtype: str) -> None:
    v = np.full((3, 4), np.nan, dtype)
    assert largest(made, v) == -math.inf


def test_dead_units_are_those_never_above_the_limit(made: Maker, dtype: str) -> None:
    count_dead = made(d.count_dead)
    a = np.array([[9, 0, 1, 0, 9], [9, 0, 0, math.nan, 9]], dtype)
    highest = np.full(3, -math.inf, dtype)
    assert count_dead(a, 1, 4, highest, 0.0) == 2
    later = np.array([[9, 2, -1, 0, 9]], dtype)
    assert count_dead(later, 1, 4, highest, 0.0) == 1
    assert highest.tolist() == [2, 1, 0]


def test_saturated_is_at_a_limit_or_beyond(made: Maker, dtype: str) -> None:
    a = np.array([[0, -1, 1, 0.5, 9], [0, -2, 2, -0.5, 9], [9, 9, 9, 9, 9]], dtype)
    sums = np.zeros(d.SUMS)
    made(d.add_up)(a, 0, 2, 1, 4, np.array([-1.0, 1.0, math.nan]), sums)
    assert sums[[d.COUNT, d.TOTAL, d.SQUARES, d.SATURATED]].tolist() == [6, 0, 10.5, 4]
    made(d.add_up)(a, 0, 2, 1, 4, np.full(3, math.nan), sums)
    assert sums[d.SATURATED] == 0


# Whole epochs


def weights_of(arrays: Arrays, layer: int) -> Array:
    """Incoming weights of the layer's units, with their bias as the last row, if they have one."""
    own = f"layer {layer}"
    return np.vstack([arrays[f"{own} {name}"] for name in "Wb" if f"{own} {name}" in arrays])


def observed(spec: Any, dataset: Data) -> list[list[float]]:
    """A row for each logged epoch and layer, as the oracle's own passes give them."""
    key, network, arrays = start_of(spec, dataset)
    loss, optimizer = loss_of(spec, dataset), Optimizer(spec)
    rows = [int(each) for each in dataset.train]
    size = len(rows) if spec.batch_size == "full" else min(spec.batch_size, len(rows))
    batches = math.ceil(len(rows) / size)
    found = []
    for epoch in range(1, spec.epochs + 1):
        order = shuffled(derive(key, epoch - 1), rows) if batches > 1 else rows
        highest = {layer: np.full(network.widths[layer], -np.inf) for layer in network.layers}
        for position in range(batches):
            x, y = gathered(dataset, np.array(order[position * size : (position + 1) * size]))
            masks = masks_of(key, epoch - 1, position, network, len(x), spec.dropout)
            done = forward(network, arrays, x, masks, training=True)
            arrays |= done.running
            a = {layer: activations(network, arrays, done, layer) for layer in network.layers}
            highest = {layer: np.maximum(highest[layer], a[layer].max(axis=0)) for layer in a}
            gradients = backward(network, arrays, done, loss, y)
            before, trained = arrays, {name: arrays[name] for name in gradients}
            steps = penalized(arrays, gradients, spec)
            stepped = optimizer.step(oracle.flat(trained), oracle.flat(steps), spec.lr)
            arrays = arrays | oracle.unflat(stepped, trained)
            if len(x) == size:
                kept = a, gradients, before, arrays
        if epoch % spec.log_every and epoch < spec.epochs:
            continue
        a, gradients, before, after = kept
        for layer in network.layers:
            name, hidden = network.activation(layer), layer < len(network.layers)
            owners = [f"layer {layer} ", *(["input "] if layer == 1 else [])]
            own = [each for key, each in gradients.items() if key.startswith(tuple(owners))]
            w, new_w = before[f"layer {layer} W"], after[f"layer {layer} W"]
            low, high = SATURATION.get(name, (math.nan, math.nan)) if hidden else (math.nan,) * 2
            saturated = np.mean((a[layer] <= low) | (a[layer] >= high))
            dead = np.mean(highest[layer] <= DEAD_AT[name]) if name in DEAD_AT else math.nan
            v = weights_of(arrays, layer)
            found.append(
                [
                    math.sqrt(sum((each**2).sum() for each in own)),
                    math.sqrt(((new_w - w) ** 2).sum() / (w**2).sum()),
                    a[layer].mean(),
                    a[layer].std(),
                    math.nan if math.isnan(low) else float(saturated),
                    float(dead) if hidden else math.nan,
                    similarities(v).max() if v.shape[1] > 1 else math.nan,
                ]
            )
    return found


def activations(network: Network, arrays: Arrays, done: Pass, layer: int) -> Array:
    """``f(z)`` of a layer, before dropout and normalization."""
    numbers = [arrays[name] for name in (f"layer {layer} alpha",) if name in arrays]
    found: Array = oracle.ACTIVATIONS[network.activation(layer)](done.z[layer - 1], *numbers)
    return found


def block_of(training: Trainer, budget: int) -> tuple[list[list[float]], list[tuple[int, int]]]:
    """All rows of a training that is sliced into calls of ``budget`` mini-batches, with keys."""
    rows: list[list[float]] = []
    keys: list[tuple[int, int]] = []
    while training.status == "running":
        block = training.layer_block(training.advance(budget))
        if block is not None:
            columns = [np.ma.filled(block.columns[name], np.nan) for name in COLUMNS]
            rows += np.array(columns).T.tolist()
            epochs, layers = block.columns["epoch"].tolist(), block.columns["layer"].tolist()
            keys += list(zip(epochs, layers, strict=True))
    return rows, keys


def plain_trainer(spec: Spec, dataset: Data) -> Trainer:
    """A trainer whose every part is a Python function: nothing is compiled."""
    model = Model.of(spec, dataset.width, dataset.outputs)
    hidden = [ACTIVATIONS[name] for name in model.hidden_activations]
    assert spec.out_act is not None
    assert spec.loss is not None
    output = ACTIVATIONS[spec.out_act]
    parts: dict[str, Any] = {
        "multiply": multiply,
        "gather": GATHERS[dataset.rows.dtype.name],
        "hidden_forward": tuple(each.forward for each in hidden),
        "hidden_backward": tuple(each.backward for each in hidden),
        "output_forward": output.forward,
        "output_backward": output.backward,
        "normalize_batch": normalize_batch,
        "normalize_running": normalize_running,
        "normalize_backward": normalize_backward,
        "loss": LOSSES[spec.loss].kernel,
        "metric": METRICS[dataset.task],
        "update": OPTIMIZERS[spec.opt].update,
        "observe": d.observe,
    }
    functions = Functions(**{**dict.fromkeys(Functions._fields), **parts})
    given: Any = dataset
    return Trainer(spec, model, given, Assembly(functions, loop.train, evaluate), 1)


CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("multiclass", {"hidden": "9,70", "act": "relu", "lr": 0.1, "init": "normal:0.7"}),
    "tanh": ("regression", {"hidden": "6,6", "act": "tanh,relu", "init": "normal:3", "lr": 1e-4}),
    "sigmoid": ("binary", {"act": "sigmoid", "init": "normal:5", "clip_norm": 0.1}),
    "dropout": ("multilabel", {"hidden": "40", "dropout": 0.4, "weight_decay": 0.1}),
    "normalized before": ("regression", {"hidden": "7,40", "bn": "before", "bn_input": True}),
    "normalized after": ("binary", {"act": "tanh", "bn": "after", "dropout": 0.2}),
    "learned slopes": ("binary", {"hidden": "6,5", "act": "prelu:0.3:unit"}),
    "no hidden layer": ("multiclass", {"hidden": "none"}),
    "full batch": ("binary", {"batch_size": "full", "opt": "adam"}),
    "one batch of all rows": ("binary", {"batch_size": 23}),
    "every third epoch": ("regression", {"epochs": 7, "log_every": 3}),
}


def asked(name: str, **changes: Any) -> tuple[Spec, Data]:
    task, options = CASES[name]
    few = {"epochs": 3, "opt": "sgd", "diagnose": True}
    return resolved(task, **{**few, **options, **changes}), data(task)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("threads", [1, 2])
def test_every_column_is_what_the_oracle_sees(name: str, threads: int) -> None:
    spec, dataset = asked(name, threads=threads)
    rows, keys = block_of(trainer(spec, dataset), 2)
    logged = sorted({*range(spec.log_every, spec.epochs + 1, spec.log_every), spec.epochs})
    assert keys == [(e, layer) for e in logged for layer in range(1, len(spec.hidden) + 2)]
    # a few dozen updates of well-conditioned sums in float64
    np.testing.assert_allclose(rows, observed(spec, dataset), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_the_plain_kernels_come_to_the_same(name: str) -> None:
    spec, dataset = asked(name)
    dataset.val = dataset.val[:0]  # evaluation is no matter here
    with np.errstate(over="ignore"):
        rows, _ = block_of(plain_trainer(spec, dataset), 10**6)
    np.testing.assert_allclose(rows, observed(spec, dataset), rtol=1e-9, atol=1e-12)


def test_what_a_case_is_made_for_can_be_seen() -> None:
    """The cases are no better than what they exercise: dead and saturated units are there."""
    shares = [np.array(observed(*asked(name))) for name in ("relu", "tanh", "sigmoid")]
    assert 0 < np.nanmax(shares[0][:, 5]) < 1
    assert np.nanmin(shares[1][:, 4]) > 0
    assert np.nanmax(shares[2][:, 4]) > 0


@pytest.mark.parametrize("name", CASES)
def test_watching_changes_nothing(name: str) -> None:
    seen, unseen = (trainer(*asked(name, threads=2, diagnose=each)) for each in (True, False))
    block_of(seen, 3)
    while unseen.status == "running":
        assert unseen.layer_block(unseen.advance(3)) is None
    assert np.array_equal(seen.theta, unseen.theta)


def test_a_run_that_goes_on_in_the_middle_of_an_epoch_has_the_same_rows() -> None:
    """The checkpoint falls behind the observed mini-batch, before the epoch's last one."""
    spec, dataset = asked("relu", threads=2)
    whole, keys = block_of(trainer(spec, dataset), 10**6)
    for updates in range(1, 9):
        begun = trainer(spec, dataset)
        first = begun.layer_block(begun.advance(updates))
        kept = begun.checkpoint()
        begun.advance(1)  # what comes after the checkpoint is lost
        rows, later = block_of(trainer(spec, dataset, kept), 10**6)
        done = 0 if first is None else len(first)
        assert later == keys[done:]
        assert np.array_equal(rows, whole[done:], equal_nan=True)
