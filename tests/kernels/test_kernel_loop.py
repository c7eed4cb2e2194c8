"""The whole loop as plain Python, and what its machine code is: one signature a type, cached."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import pytest
from fixtures.small_runs import Data, data, finish, resolved, trainer

from nncli import choices
from nncli.arrays import make_buffers, no_settings, normal_settings, stored_rows
from nncli.kernels import forward, jit, loop, normalization
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.assemble import Assembly, Parts, assemble_inference, is_compiled
from nncli.kernels.gather import GATHERS
from nncli.kernels.metrics import METRICS
from nncli.kernels.multiply import BIAS
from nncli.kernels.network import Functions, Network
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.kernels.parts import Activation, Table
from nncli.model import Model
from nncli.spec import Spec
from nncli.trainer import INFERENCE_ROWS, Trainer, parts_of


def plain_functions(spec: Spec, model: Model, storage: str) -> Functions:
    """The slots filled with Python functions: nothing here is compiled."""
    hidden = [ACTIVATIONS[name] for name in model.hidden_activations]
    output = model.layers[-1].choice.part
    assert spec.loss is not None
    assert spec.task is not None
    return Functions(
        multiply=naive_multiply,
        evaluate=forward.evaluate,
        gather=GATHERS[storage],
        hidden_forward=tuple(each.forward for each in hidden),
        hidden_backward=tuple(each.backward for each in hidden),
        output_forward=output.forward,
        output_backward=output.backward,
        normalize_batch=normalization.normalize_batch,
        normalize_running=normalization.normalize_running,
        normalize_backward=normalization.normalize_backward,
        loss=choices.loss(spec.loss).part.kernel,
        metric=METRICS[spec.task],
        update=OPTIMIZERS[spec.opt].update,
        observe=None,
    )


def naive_multiply(m: int, n: int, k: int, *places: Any) -> None:
    """The matrix product, which is made of vector instructions, one number at a time."""
    a, a_start, a_row, a_column, b, b_start, b_row, b_column, _panel, *rest = places
    begin, bias, bias_start, c, c_start, c_row = rest
    for i in range(m):
        for j in range(n):
            total = bias[bias_start + j] if begin == BIAS else 0.0
            for step in range(k):
                place_a = a_start + i * a_row + step * a_column
                place_b = b_start + step * b_row + j * b_column
                total += a[place_a] * b[place_b]
            c[c_start + i * c_row + j] = total


def plain_trainer(spec: Spec, dataset: Data) -> Trainer:
    model = Model.of(spec, dataset.width, dataset.outputs)
    functions = plain_functions(spec, model, dataset.rows.dtype.name)
    given: Any = dataset
    return Trainer(spec, model, given, Assembly(functions, loop.train, forward.evaluate), 1)


PLAIN: dict[str, dict[str, Any]] = {
    "penalties": {"act": "tanh,relu", "weight_decay": 0.1, "l1": 0.01, "clip_norm": 0.5},
    "normalized": {"bn": "before,after", "bn_input": True, "act": "tanh", "opt": "sgd"},
    "slopes": {"act": "prelu:0.1:unit,prelu", "bn": "after,none", "opt": "nadam"},
    "decoupled": {"act": "leaky_relu:0.2,elu", "opt": "adamw", "weight_decay": 0.3},
}


@pytest.mark.parametrize("task", METRICS)
@pytest.mark.parametrize("name", PLAIN)
def test_the_loop_is_plain_python_until_it_is_compiled(task: str, name: str) -> None:
    spec = resolved(
        task, hidden="5,4", epochs=2, dropout=0.3, schedule="cosine", warmup=1, **PLAIN[name]
    )
    dataset = data(task)
    with np.errstate(over="ignore"):
        plain = plain_trainer(spec, dataset)
        curve = finish(plain, 1)
    expected = oracle.train(spec, dataset)
    # a few dozen updates of well-conditioned sums, as in the trajectories of test_trainer
    np.testing.assert_allclose(curve, expected.curve, rtol=1e-11)
    np.testing.assert_allclose(plain.theta, expected.theta, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("storage", GATHERS)
@pytest.mark.parametrize("hidden", ["none", "40,6"])
@pytest.mark.parametrize("bn", ["none", "before", "after"])
def test_predictions(dtype: str, storage: str, hidden: str, bn: str) -> None:
    """More rows than a buffer holds, in an order of their own."""
    count = 2 * INFERENCE_ROWS + 3
    spec = resolved(
        "multiclass", dtype=dtype, hidden=hidden, act="tanh", bn=bn, bn_input=bn != "none"
    )
    dataset = data("multiclass", train=count, val=5, storage=storage)
    model = Model.of(spec, dataset.width, dataset.outputs)
    given: Any = dataset
    rng = np.random.default_rng(1)
    theta = model.initialize(rng, "xavier", dtype)
    for name, view in model.views(theta).items():
        if not name.endswith("W"):
            view[:] = rng.uniform(0.5, 1.5, view.shape)
    inference = assemble_inference(parts_of(spec, model, given))
    found = np.full((count, dataset.outputs), np.nan, dtype)
    index = dataset.train[::-1].copy()
    index.flags.writeable = False
    inference.predict(
        Network(
            *(model.table(), theta, no_settings(dataset.outputs, dtype), normal_settings(spec))
        ),
        stored_rows(given, dtype),
        make_buffers(model, INFERENCE_ROWS, dtype, trains=False),
        inference.functions,
        *(index, 0, count, np.zeros(1, np.int64), found),
    )
    _, network, like = oracle.start_of(spec, dataset)
    x, _ = oracle.gathered(dataset, index)
    expected = oracle.forward(network, oracle.unflat(theta.astype("float64"), like), x).p
    # sums of 40 products at most, and of inputs that were rounded before they were shifted
    np.testing.assert_allclose(found, expected, rtol=0, atol=200 * float(np.finfo(dtype).eps))


# --- what is compiled -------------------------------------------------------------------------

#: Two runs of every option that changes which machine code is called.
VARIETY: list[tuple[str, dict[str, Any]]] = [
    ("binary", {"act": "relu", "opt": "sgd"}),
    ("regression", {"act": "tanh", "loss": "huber:0.3", "opt": "lion"}),
    ("regression", {"act": "prelu:0.1:unit,leaky_relu:0.2", "hidden": "5,4", "opt": "nadam"}),
    ("multiclass", {"act": "gelu,elu,silu,softplus", "hidden": "5,4,3,2", "opt": "adamw"}),
    ("multiclass", {"bn": "before", "bn_input": True, "dropout": 0.3, "threads": 2}),
    ("multiclass", {"bn": "after,none", "hidden": "5,4", "label_smoothing": 0.1}),
    ("multiclass", {"hidden": "none", "loss": "multi_margin", "class_weight": "balanced"}),
    ("multilabel", {"act": "x*sigmoid(1.7*x)", "loss": "log(cosh(p-y))", "out_act": "sigmoid"}),
    ("binary", {"loss": "perceptron", "hidden": "none", "opt": "radam", "clip_norm": 1}),
    ("binary", {"opt": "lbfgs", "batch_size": None}),
]


def compilations(train: Any) -> list[Any]:
    """The functions that are compiled, not loaded, while ``train`` runs."""
    from numba.core import event

    with event.install_recorder("numba:compile") as recorder:
        train()
    return [each.data["dispatcher"].py_func for _, each in recorder.buffer if each.is_start]


@pytest.mark.parametrize("diagnose", [False, True])
def test_the_loop_has_one_signature_a_type(diagnose: bool) -> None:
    """However many activations, losses, optimizers, normalizations and formulas are used."""
    loops, evaluations = set(), set()
    for task, options in VARIETY:
        for dtype in ("float32", "float64"):
            spec = resolved(task, **{**options, "dtype": dtype, "diagnose": diagnose})
            training = trainer(spec, data(task, storage=dtype))
            finish(training)
            loops.add(training.assembly.train.address)
            evaluations.add(training.assembly.evaluate.address)
    assert len(loops) == len(evaluations) == 2


def test_repeated_trainings_compile_nothing() -> None:
    """As those of a sweep do, which differ in numbers."""

    def once(lr: float, slope: float, width: int) -> None:
        for task, options in VARIETY:
            more = {} if options.get("opt") == "lbfgs" else {"lr": lr}
            act = options.get("act", f"leaky_relu:{slope}")
            spec = resolved(task, **{**options, **more, "act": act, "epochs": 2, "seed": width})
            finish(trainer(spec, data(task, width=width)))

    once(0.1, 0.3, 3)
    assert not compilations(lambda: once(0.01, 0.2, 4))


def test_a_part_that_is_new_leaves_the_loop_alone() -> None:
    finish(trainer(resolved("regression"), data("regression")))
    formula = f"x*tanh({time.time_ns()}*x)"  # that no cache has seen

    def train() -> None:
        finish(trainer(resolved("regression", act=formula), data("regression")))

    found = compilations(train)
    assert found
    assert not {loop.train.__code__, forward.evaluate.__code__} & {each.__code__ for each in found}
    assert is_compiled(Parts("float64", "float64", (formula,), "identity", "mse", "sgd", "binary"))


def in_a_process(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_machine_code_comes_out_of_the_cache_in_another_process() -> None:
    trainer(resolved("binary"), data("binary"))
    if jit.sources_hash.__wrapped__() != jit.sources_hash():
        pytest.skip("a kernel has been edited since these tests began")
    code = (
        "from nncli.kernels.assemble import Parts, assemble, is_compiled\n"
        "parts = Parts('float64', 'float64', ('relu',), 'sigmoid', 'binary_cross_entropy', "
        "'adam', 'binary')\n"
        "assert is_compiled(parts)\n"
        "assemble(parts)\n"
        "import sys\n"
        "print('numba' in sys.modules)"
    )
    assert in_a_process(code).split() == ["False"]


def test_code_is_native_where_numba_is_turned_off(tmp_path: Path) -> None:
    code = (
        "import numpy as np\n"
        "from nncli.kernels.calling import Entry\n"
        "from nncli.kernels.metrics import METRICS\n"
        "p = np.array([[0.9], [0.2]])\n"
        "print(Entry(METRICS['binary'], 'metric', 'float64')(p, p, np.array([0.5])))"
    )
    assert in_a_process(code, NUMBA_DISABLE_JIT="1", NNCLI_CACHE=str(tmp_path)).split() == ["2.0"]


def test_a_cache_that_cannot_be_written_costs_a_warning_only(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code = (
        "import warnings\n"
        "with warnings.catch_warnings(record=True) as seen:\n"
        "    warnings.simplefilter('always')\n"
        "    from nncli.kernels import jit\n"
        "    (jit.cache_folder() / 'x').touch()\n"
        "print(seen[0].message)"
    )
    said = in_a_process(code, NNCLI_CACHE=str(tmp_path / "file"))
    assert "cannot write" in said
    assert "NNCLI_CACHE" in said


def test_a_kernel_is_compiled_once_and_stays_callable_from_python() -> None:
    kernel = ACTIVATIONS["relu"].forward
    assert jit.native(kernel) is jit.native(kernel)
    assert type(kernel).__name__ == "function"


def test_divergence_may_not_be_optimised_away() -> None:
    assert not jit.FASTMATH & {"nnan", "ninf", "fast"}


def test_two_parts_of_one_name_are_refused() -> None:
    table: Table[Activation] = Table("activation")
    table.add(ACTIVATIONS["relu"])
    with pytest.raises(ValueError, match="already an activation named relu"):
        table.add(ACTIVATIONS["relu"])
