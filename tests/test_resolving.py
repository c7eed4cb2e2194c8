"""Resolving: what is left open is chosen, and what contradicts itself is refused with reasons."""

from __future__ import annotations

from typing import Any

import pytest

from nncli.errors import UsageError
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.losses import LOSSES
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.options import flag_of
from nncli.resolving import HYPER_PARAMETERS, resolve
from nncli.spec import TASKS, Spec

# --- what is left open ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "loss", "out_act"),
    [
        ("regression", "mse", "identity"),
        ("binary", "binary_cross_entropy", "sigmoid"),
        ("multiclass", "cross_entropy", "softmax"),
        ("multilabel", "binary_cross_entropy", "sigmoid"),
    ],
)
def test_loss_and_output_go_by_the_task(task: str, loss: str, out_act: str) -> None:
    found = resolve(Spec(), task)
    assert (found.task, found.loss, found.out_act) == (task, loss, out_act)


@pytest.mark.parametrize("opt", OPTIMIZERS.names())
def test_rates_go_by_the_optimizer(opt: str) -> None:
    uses = OPTIMIZERS[opt].uses
    found = resolve(Spec.read({"opt": opt}), "binary")
    for name in HYPER_PARAMETERS:
        assert getattr(found, name) == uses.get(name)
    assert found.weight_decay == {"adamw": 0.01}.get(opt, 0.0)
    assert found.batch_size == ("full" if opt == "lbfgs" else 32)
    for name in uses:
        given = resolve(Spec.read({"opt": opt, name: 0.7}), "binary")
        assert getattr(given, name) == 0.7


@pytest.mark.parametrize("opt", OPTIMIZERS.names())
@pytest.mark.parametrize("name", HYPER_PARAMETERS)
def test_numbers_that_an_optimizer_does_not_read_are_refused(opt: str, name: str) -> None:
    if name in OPTIMIZERS[opt].uses:
        return
    user = next(each.name for each in OPTIMIZERS.parts.values() if name in each.uses)
    says = rf"{flag_of(name)} means nothing to --opt {opt}, which .*choose --opt .*{user}"
    with pytest.raises(UsageError, match=says):
        resolve(Spec.read({"opt": opt, name: 0.5}), "binary")


@pytest.mark.parametrize("opt", OPTIMIZERS.names())
@pytest.mark.parametrize(("form", "value"), [("eps_inside", True), ("bias_correction", "constant")])
def test_forms_go_with_the_optimizers_that_have_them(opt: str, form: str, value: Any) -> None:
    spec = Spec.read({"opt": opt, form: value})
    if getattr(OPTIMIZERS[opt], form):
        assert getattr(resolve(spec, "binary"), form) == value
    else:
        with pytest.raises(UsageError, match=rf"{flag_of(form)} means nothing.*use --opt .*adam"):
            resolve(spec, "binary")


def test_numbers_of_batch_normalization() -> None:
    found = resolve(Spec.read({"bn": "after"}), "binary")
    assert (found.bn, found.bn_momentum, found.bn_eps) == (("after",), 0.1, 1e-5)
    own = resolve(Spec.read({"bn_input": True, "bn_momentum": 1, "bn_eps": 1e-3}), "binary")
    assert (own.bn, own.bn_momentum, own.bn_eps) == (None, 1.0, 1e-3)
    bare = resolve(Spec(), "binary")
    assert (bare.bn, bare.bn_momentum, bare.bn_eps) == (None, None, None)
    mixed = resolve(Spec.read({"hidden": "4,4", "bn": "after,none"}), "binary")
    assert mixed.layer_norms() == ("after", "none")


@pytest.mark.parametrize(
    ("act", "init"),
    [
        *(("relu", "he"), ("tanh", "xavier"), ("tanh,sigmoid", "xavier"), ("tanh,relu", "auto")),
        *(("leaky_relu:0.2", "he"), ("selu", "lecun"), ("prelu", "he"), ("selu,relu", "auto")),
    ],
)
def test_the_initializer_goes_by_the_activation(act: str, init: str) -> None:
    assert resolve(Spec.read({"hidden": "4,4", "act": act}), "binary").init == init
    assert resolve(Spec.read({"hidden": "none"}), "binary").init == "xavier"
    assert resolve(Spec.read({"init": "normal:2", "act": "tanh"}), "binary").init == "normal:2"


OUTPUTS = [name for name in ACTIVATIONS.names() if ACTIVATIONS[name].output]


@pytest.mark.parametrize("loss", LOSSES.names())
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("out_act", OUTPUTS)
def test_pairs_are_taken_or_refused_as_declared(loss: str, task: str, out_act: str) -> None:
    """A regression's outputs may have any range that a loss without one of its own follows."""
    spec = Spec.read({"loss": loss, "out_act": out_act})
    declared = LOSSES[loss].outputs.get(task, ())
    free = task == "regression" and bool(declared) and out_act not in ("step", "softmax")
    if out_act in declared or free:
        found = resolve(spec, task)
        assert (found.loss, found.out_act) == (spec.loss, spec.out_act)
    else:
        with pytest.raises(UsageError, match=r"--(out-act|loss) [\w:.]+ does not (fit|go)"):
            resolve(spec, task)


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
@pytest.mark.parametrize("loss", [None, "mse", "squared_error"])
def test_relu_at_the_output_of_a_classification_is_refused(task: str, loss: str | None) -> None:
    """K3: the output must give probabilities."""
    with pytest.raises(UsageError, match=r"relu does not fit.*must be probabilities.*use s\w+"):
        resolve(Spec.read({"out_act": "relu", "loss": loss}), task)
    assert resolve(Spec.read({"out_act": "relu"}), "regression").out_act == "relu"


def test_a_loss_follows_the_output_that_was_asked_for() -> None:
    assert resolve(Spec.read({"out_act": "tanh"}), "binary").loss == "mse"
    assert resolve(Spec.read({"out_act": "sigmoid"}), "multiclass").loss == "mse"
    assert resolve(Spec.read({"loss": "mse"}), "binary").out_act == "sigmoid"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"opt": "sgd", "momentum": 0.5},
            r"--momentum means nothing to --opt sgd, .*--opt momentum",
        ),
        ({"opt": "sgd", "eps_inside": True}, r"--eps-inside means nothing to --opt sgd"),
        (
            {"opt": "sgd", "bias_correction": "none"},
            r"--bias-correction means nothing to --opt sgd",
        ),
        ({"opt": "rmsprop", "beta1": 0.5}, r"which takes lr, rho, eps"),
        (
            {"hidden": "4,4,4", "act": "relu,tanh"},
            r"--act has 2 entries and --hidden 3 layers: give one for all",
        ),
        ({"hidden": "4,4,4", "bn": "none,after"}, r"--bn has 2 entries .* or one a layer"),
        (
            {"loss": "cross_entropy"},
            r"--loss cross_entropy does not fit a regression task: choose one of squared_error",
        ),
        ({"bn_momentum": 0.5}, r"--bn-momentum means nothing without .*: add --bn before"),
        ({"bn_eps": 0.5, "bn": "none"}, r"--bn-eps means nothing without Batch Normalization"),
        ({"bn_eps": 0.5, "bn": "before", "hidden": "none"}, r"--bn-eps means nothing without"),
        ({"bn": "before", "batch_size": 1}, r"--batch-size 1 .*equals its own mean.*larger"),
        ({"bn_input": True, "batch_size": 1}, r"take a larger --batch-size"),
        ({"label_smoothing": 0.1}, r"--label-smoothing means nothing to --loss mse in a regr"),
        ({"class_weight": "1,2"}, r"--class-weight means nothing to --loss mse in a regression"),
        ({"out_act": "step"}, r"--out-act step does not go with --loss mse"),
        ({"loss": "mse", "out_act": "softmax"}, r"--out-act softmax does not go"),
        ({"opt": "sgd", "momentum_decay": 1}, r"--momentum-decay means nothing .*--opt nadam"),
        *(
            ({"opt": "lbfgs", **more}, rf"{flag} does not go with --opt lbfgs, which .*leave it")
            for flag, more in (
                ("--batch-size", {"batch_size": 32}),
                ("--dropout", {"dropout": 0.1}),
                ("--l1", {"l1": 0.1}),
                ("--clip-norm", {"clip_norm": 1}),
                ("--schedule", {"schedule": "cosine"}),
                ("--warmup", {"warmup": 1}),
            )
        ),
        ({"opt": "lbfgs", "lr": 1}, r"--lr means nothing to --opt lbfgs, which has no rates"),
    ],
)
def test_contradictions_are_refused_with_the_way_out(options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        resolve(Spec.read(options), "regression")


def test_layer_activations() -> None:
    assert Spec.read({"hidden": "4,5", "act": "tanh"}).layer_activations() == ("tanh", "tanh")
    assert Spec.read({"hidden": "4,5", "act": "tanh,relu"}).layer_activations() == ("tanh", "relu")
    assert Spec.read({"hidden": "none", "act": "tanh,relu"}).layer_activations() == ()


@pytest.mark.parametrize(
    ("task", "options", "says"),
    [
        (
            "multiclass",
            {"loss": "mse", "label_smoothing": 0.1},
            r"--label-smoothing means nothing to --loss mse .*choose --loss .*cross_entropy",
        ),
        (
            "multiclass",
            {"loss": "binary_cross_entropy", "class_weight": "1,2,1"},
            r"--class-weight means nothing to .*choose --loss cross_entropy or multi_margin",
        ),
        ("multilabel", {"class_weight": "1,2"}, r"in a multilabel task: leave it out$"),
        ("binary", {"loss": "hinge", "out_act": "sigmoid"}, r"use identity or tanh"),
        ("binary", {"loss": "hinge", "label_smoothing": 0.1}, r"--loss hinge in a binary task"),
        ("binary", {"out_act": "softmax"}, r"--out-act softmax does not go"),
        ("multiclass", {"loss": "perceptron"}, r"--loss perceptron does not fit a multiclass"),
    ],
)
def test_contradictions_of_classes(task: str, options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        resolve(Spec.read(options), task)


def test_losses_of_classes_take_what_they_declare() -> None:
    options = {"label_smoothing": 0.1, "class_weight": "balanced"}
    for task, loss in (("binary", "binary_cross_entropy"), ("multiclass", "cross_entropy")):
        found = resolve(Spec.read(options), task)
        assert (found.loss, found.label_smoothing, found.class_weight) == (loss, 0.1, "balanced")
    step = resolve(Spec.read({"out_act": "step"}), "binary")
    assert step.loss == "perceptron"


def test_a_loss_of_the_user_takes_any_output_and_the_task_s_by_default() -> None:
    for task, out_act in (("regression", "identity"), ("binary", "sigmoid")):
        found = resolve(Spec.read({"loss": "log(cosh(p-y))"}), task)
        assert (found.loss, found.out_act) == ("log(cosh(p-y))", out_act)
    formula = resolve(Spec.read({"out_act": "2*tanh(x)"}), "regression")
    assert (formula.loss, formula.out_act) == ("mse", "2*tanh(x)")
