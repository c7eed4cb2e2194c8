"""JAX as an expert would write it: `lax.scan` over the updates, jitted by the epoch or whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from peers.cases import BETA1, BETA2, EPS, LEARNING_RATE, Case, Data, Job


def by_epoch(case: Case, data: Data, threads: int) -> Job:
    """One jitted call an epoch: Python sees every epoch, as progress and early stopping need it.

    XLA takes its threads from the processors that the process may use, which the worker sets.
    """
    rows, epoch = _rows_and_epoch(case, data)
    initial, keys = _parameters(case), list(jax.random.split(jax.random.key(0), case.epochs))
    train = jax.jit(epoch, donate_argnums=0)

    def run() -> float:
        state, total = _initial_state(jax.tree.map(jnp.copy, initial)), jnp.float32(0)
        for key in keys:
            state, total = train(state, key, *rows)
        return float(total) / case.rows

    return Job(run, "one jitted call an epoch")


def whole(case: Case, data: Data, threads: int) -> Job:
    """All epochs in one jitted call, the fastest form: Python sees nothing before the end."""
    rows, epoch = _rows_and_epoch(case, data)
    initial, key = _parameters(case), jax.random.key(0)

    def job(parameters: Any, key: Any, x: Any, y: Any) -> Any:
        keys = jax.random.split(key, case.epochs)
        state = _initial_state(parameters)
        state, totals = lax.scan(lambda s, key: epoch(s, key, x, y), state, keys)
        return state[0], totals[-1] / case.rows

    train = jax.jit(job)

    def run() -> float:
        _, loss = train(initial, key, *rows)
        return float(loss)

    return Job(run, "one jitted call a job")


def _rows_and_epoch(case: Case, data: Data) -> tuple[tuple[Any, Any], Callable[..., Any]]:
    """The data on JAX's side, and a function that trains one epoch and returns its summed loss."""
    rows = (jnp.asarray(data.x), jnp.asarray(data.y.astype(np.int32)))
    full, rest = divmod(case.rows, case.batch)

    def update(state: Any, batch: Any, labels: Any) -> Any:
        parameters, first, second, count = state
        if batch.dtype == jnp.uint8:
            batch = batch.astype(jnp.float32) / 255
        loss, gradients = jax.value_and_grad(_loss)(parameters, batch, labels)
        count = count + 1
        rate = LEARNING_RATE / (1 - BETA1**count)
        correction = lax.rsqrt(1 - BETA2**count)
        tree = jax.tree.map
        first = tree(lambda m, g: BETA1 * m + (1 - BETA1) * g, first, gradients)
        second = tree(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, second, gradients)
        parameters = tree(
            lambda p, m, v: p - rate * m / (jnp.sqrt(v) * correction + EPS),
            parameters, first, second,
        )  # fmt: skip
        return (parameters, first, second, count), loss * len(labels)

    def epoch(state: Any, key: Any, x: Any, y: Any) -> Any:
        if full == 1 and rest == 0:  # a full batch needs no order
            return update(state, x, y)
        order = jnp.argsort(jax.random.bits(key, (case.rows,)))
        batches = order[: full * case.batch].reshape(full, case.batch)
        state, losses = lax.scan(lambda s, index: update(s, x[index], y[index]), state, batches)
        total = losses.sum()
        if rest:  # a shorter last batch has another static shape, so it stands outside the scan
            index = order[full * case.batch :]
            state, loss = update(state, x[index], y[index])
            total = total + loss
        return state, total

    return rows, epoch


def _initial_state(parameters: Any) -> Any:
    """Parameters, first and second moments of Adam, and the number of updates."""
    first, second = (jax.tree.map(jnp.zeros_like, parameters) for _ in range(2))
    return parameters, first, second, jnp.zeros((), jnp.float32)


def _parameters(case: Case) -> list[tuple[Any, Any]]:
    rng = np.random.default_rng(0)
    layers = []
    for fan_in, fan_out in zip(case.sizes[:-1], case.sizes[1:], strict=True):
        bound = 1 / np.sqrt(fan_in)
        weights = rng.uniform(-bound, bound, (fan_in, fan_out)).astype(np.float32)
        bias = rng.uniform(-bound, bound, fan_out).astype(np.float32)
        layers.append((jnp.asarray(weights), jnp.asarray(bias)))
    return layers


def _loss(parameters: Any, x: Any, y: Any) -> Any:
    for weights, bias in parameters[:-1]:
        x = jax.nn.relu(x @ weights + bias)
    weights, bias = parameters[-1]
    scores = jax.nn.log_softmax(x @ weights + bias)
    return -jnp.take_along_axis(scores, y[:, None], axis=1).mean()
