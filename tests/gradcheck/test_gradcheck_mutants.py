"""The gradient check can fail: every derivative is broken, one at a time, and must be rejected.

A mutant is a kernel with one mistake, in the plain Python form that probes can run: of each
activation and loss with its derivative's sign, a factor or a term wrong, and of the other kernels
with a line of their source changed.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nncli import choices
from nncli.gradcheck.alone import activation_alone, check_alone, loss_alone
from nncli.gradcheck.catalogue import Case, check_case
from nncli.gradcheck.check import Check
from nncli.kernels import backward, dense, dropout, normalization
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.losses import LOSSES

#: What is wrong with a derivative; ``d`` went in and ``right`` should come out.
MISTAKES: dict[str, Callable[[Any, Any], Any]] = {
    "sign": lambda d, right: -right,
    "factor": lambda d, right: 1.001 * right,
    "missing": lambda d, right: d,
    "extra term": lambda d, right: right + 0.01 * d,
}


@pytest.fixture(autouse=True)
def _forget_choices() -> Iterator[None]:
    """Parts that were read before or while a table holds a mutant."""
    choices.activation.cache_clear()
    choices.loss.cache_clear()
    yield
    choices.activation.cache_clear()
    choices.loss.cache_clear()


def broken_activation(name: str, mistake: Callable[[Any, Any], Any]) -> Any:
    part = ACTIVATIONS[name]

    def backward(z: Any, a: Any, d: Any, parameters: Any, d_parameters: Any, width: int) -> None:
        before = d.copy()
        part.backward(z, a, d, parameters, d_parameters, width)
        d[:] = mistake(before, d.copy())

    return replace(part, backward=backward)


def changes_nothing(name: str, mistake: Callable[[Any, Any], Any]) -> bool:
    """Whether the mistake is none: twice nothing is nothing, and identity passes d on."""
    part = ACTIVATIONS[name]
    z = np.array([-2.0, -0.3, 0.4, 1.5])
    a, d, parameters = np.empty(4), np.array([1.0, -2.0, 3.0, 0.5]), np.full(1, part.value or 0.0)
    part.forward(z, a, parameters, 4)
    right = d.copy()
    part.backward(z, a, right, parameters, np.zeros(4), 4)
    return bool(np.array_equal(mistake(d, right), right))


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("name", ACTIVATIONS.names())
def test_a_wrong_derivative_of_an_activation_is_rejected(
    name: str, mistake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if changes_nothing(name, MISTAKES[mistake]):
        assert (name, mistake) in {
            ("identity", "missing"), ("step", "sign"), ("step", "factor"),
        }  # fmt: skip
        return
    broken = broken_activation(name, MISTAKES[mistake])
    assert not check_alone(activation_alone(broken)).passed
    monkeypatch.setitem(ACTIVATIONS.parts, name, broken)
    choices.activation.cache_clear()
    if broken.hidden:
        assert not in_a_network(activation=name).passed
    if broken.output and name != "step":
        assert not in_a_network(output=name).passed


@pytest.mark.parametrize("mistake", ["sign", "factor", "extra term"])
@pytest.mark.parametrize("name", LOSSES.names())
def test_a_wrong_gradient_of_a_loss_is_rejected(
    name: str, mistake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = LOSSES[name]

    def kernel(z: Any, p: Any, y: Any, d: Any, scale: float, settings: Any) -> Any:
        total = part.kernel(z, p, y, d, scale, settings)
        d[:] = MISTAKES[mistake](np.full_like(d, scale), d.copy())
        return total

    broken = replace(part, kernel=kernel)
    assert not check_alone(loss_alone(broken)).passed
    monkeypatch.setitem(LOSSES.parts, name, broken)
    choices.loss.cache_clear()
    task, outputs = next(iter(part.outputs.items()))
    assert not in_a_network(loss=name, task=task, output=outputs[0]).passed


@pytest.mark.parametrize("name", [n for n in ACTIVATIONS.names() if ACTIVATIONS[n].learnable])
@pytest.mark.parametrize("form", ["layer", "unit"])
def test_a_wrong_gradient_of_a_learned_number_is_rejected(
    name: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = ACTIVATIONS[name]

    def broken(z: Any, a: Any, d: Any, parameters: Any, d_parameters: Any, width: int) -> None:
        part.backward(z, a, d, parameters, np.zeros_like(d_parameters), width)

    monkeypatch.setitem(ACTIVATIONS.parts, name, replace(part, backward=broken))
    assert not in_a_network(activation=f"{name}:0.3:{form}").passed


#: Kernel, what stands in it, what the mutant says instead, and the network that must notice.
MUTANTS: list[tuple[Any, Any, str, str, dict[str, Any]]] = [
    # dense layer
    (dense, dense.dense_backward_parameters, "d_b[j] += d_z[i, j]", "d_b[j] += 0 * d_z[i, j]", {}),
    (dense, dense.dense_backward_parameters, "d_b[j] += d_z[i, j]", "d_b[j] = d_z[i, j]", {}),
    (
        *(dense, dense.dense_backward_parameters),
        *("flat(x), start, ONE, fan_in,", "flat(x), start, fan_in, ONE,"),
        {"hidden": (5, 5)},
    ),
    (
        *(dense, dense.dense_backward_input),
        "theta, weights + start * fan_out, ONE, fan_out, panel,",
        "theta, weights + start * fan_out, fan_out, ONE, panel,",
        {"hidden": (5, 5)},
    ),
    # the order of the backward pass
    (
        *(backward, backward.backward, "inputs = matrix(buffers.h, place, count, units)"),
        "inputs = matrix(buffers.a, place, count, units)",
        {"dropout": 0.4},
    ),
    (
        *(backward, backward.backward),
        "dropout_backward(d, derive(key, below), dropout, start, stop)",
        "dropout_backward(d, derive(key, layer), dropout, start, stop)",
        {"dropout": 0.4},
    ),
    (
        *(backward, backward.backward, "if norm == NORM_BEFORE:", "if norm == NORM_AFTER:"),
        {"norm": "before"},
    ),
    (
        *(backward, backward.gather_alphas, "found[0] += own[j]", "found[0] = own[j]"),
        {"activation": "prelu"},
    ),
    (
        *(backward, backward.backward_normalized_input, "by_gamma += w[k] * m[k]"),
        "by_gamma += m[k]",
        {"input_norm": True},
    ),
    (
        *(backward, backward.backward_normalized_input, "by_beta += w[k] * sums[k]"),
        "by_beta += sums[k]",
        {"input_norm": True},
    ),
    (
        *(backward, backward.backward_normalized_input, "m[k] = factor * m[k] + shift * sums[k]"),
        "m[k] = factor * m[k]",
        {"input_norm": True},
    ),
    (
        *(backward, backward.backward_normalized_input, "m[k] = factor * m[k] + shift * sums[k]"),
        "m[k] = m[k] + shift * sums[k]",
        {"input_norm": True},
    ),
    # Batch Normalization
    (
        *(normalization, normalization.normalize_backward),
        *("share * (d_shift[j] + n_i[j] * d_factor[j])", "share * n_i[j] * d_factor[j]"),
        {"norm": "before"},
    ),
    (
        *(normalization, normalization.normalize_backward),
        *("share * (d_shift[j] + n_i[j] * d_factor[j])", "share * d_shift[j]"),
        {"norm": "after"},
    ),
    (
        *(normalization, normalization.normalize_backward),
        *("d_i[j] = factor[j] * v[j] * centred", "d_i[j] = v[j] * centred"),
        {"norm": "before"},
    ),
    (
        *(normalization, normalization.normalize_backward),
        *("d_i[j] = factor[j] * v[j] * centred", "d_i[j] = factor[j] * centred"),
        {"norm": "before"},
    ),
    (
        *(normalization, normalization.normalize_backward),
        *("d_factor[j] += d_i[j] * n_i[j]", "d_factor[j] += d_i[j]"),
        {"norm": "after"},
    ),
    (
        *(normalization, normalization.normalize_backward),
        *("d_shift[j] += d_i[j]", "d_shift[j] -= d_i[j]"),
        {"norm": "after"},
    ),
    # dropout
    (
        *(
            dropout,
            dropout.dropout_backward,
            "d_i[j] * factor if kept else zero",
            "d_i[j] if kept else zero",
        ),
        {"dropout": 0.4},
    ),
    (
        *(dropout, dropout.dropout_backward, "if kept else zero", "if kept else d_i[j]"),
        {"dropout": 0.4},
    ),
]


@pytest.mark.parametrize(("module", "kernel", "right", "wrong", "network"), MUTANTS)
def test_a_wrong_line_of_a_kernel_is_rejected(
    module: Any, kernel: Any, right: str, wrong: str, network: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert in_a_network(**network).passed  # the same network with the kernels as they are
    source = textwrap.dedent(inspect.getsource(kernel))
    assert source.count(right) >= 1
    names = dict(module.__dict__)
    exec(compile(source.replace(right, wrong), "mutant", "exec"), names)
    for owner in (module, backward, normalization):
        if getattr(owner, kernel.__name__, None) is kernel:
            monkeypatch.setattr(owner, kernel.__name__, names[kernel.__name__])
    assert not in_a_network(**network).passed


def in_a_network(**changes: Any) -> Check:
    """Check a small network, with its kernels as plain Python."""
    case = {
        "activation": "tanh", "loss": "mse", "task": "regression", "output": "identity",
        "hidden": (4, 3),
    }  # fmt: skip
    return check_case(Case(**{**case, **changes}), native=False)


def test_nothing_compared_is_nothing_proved() -> None:
    from nncli.gradcheck.check import Tally

    assert not Tally("empty").check().passed
