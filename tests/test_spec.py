"""Specs: reading what people give, resolving what they leave open, one text and hash of each."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.errors import UsageError
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.initializers import INITIALIZERS
from nncli.kernels.losses import LOSSES
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.options import default_of, flag_of, option_of
from nncli.reading import hidden_activations, schedule_numbers
from nncli.resolving import resolve
from nncli.spec import TASKS, Spec

FIELDS = {each.name: each for each in dataclasses.fields(Spec)}

# --- reading ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given_value", "value"),
    [
        *(("hidden", "64,32", (64, 32)), ("hidden", "none", ()), ("hidden", [8], (8,))),
        *(("hidden", "9,3x5,2", (9, 5, 5, 5, 2)), ("hidden", ["2x7", 4], (7, 7, 4))),
        *(("bias_init", "zero", None), ("bias_init", "constant:0", None)),
        *(("bias_init", "constant:1", "constant:1"), ("bias_init", "normal", "normal:0.01")),
        *(("hidden", 16, (16,)), ("hidden", "NONE", ()), ("hidden", [], ()), ("hidden", "7", (7,))),
        *(("act", "tanh", ("tanh",)), ("act", "relu, tanh", ("relu", "tanh"))),
        *(("act", ["relu", "tanh"], ("relu", "tanh")), ("columns", "a, b", ("a", "b"))),
        *(("lr", "1e-3", 1e-3), ("lr", 1, 1.0), ("dropout", "0", 0.0), ("eps", 0, 0.0)),
        *(
            ("epochs", 1000.0, 1000),
            ("epochs", "20", 20),
            ("batch_size", "full", "full"),
            ("batch_size", "16", 16),
        ),
        *(("init", "normal:0.3", "normal:0.3"), ("init", "auto", "auto"), ("seed", 0, 0)),
        *(("no_header", "yes", True), ("eps_inside", False, False), ("no_header", "0", False)),
        *(("early_stop", "3", 3), ("clip_norm", "1", 1.0)),
        *(("act", "leaky_relu:.2, prelu", ("leaky_relu:0.2", "prelu:0.25:layer")),),
        *(("act", "max(x, 0),tanh", ("max(x,0)", "tanh")),),
        *(("act", ["max(x,0)", "tanh"], ("max(x,0)", "tanh")),),
        *(("out_act", "elu", "elu:1"), ("loss", "huber", "huber:1")),
        *(("loss", "log(cosh(p - y))", "log(cosh(p-y))"),),
        *(("bn", "before", ("before",)), ("bn", "none", None), ("bn", "none,none", None)),
        *(("bn", "before, none", ("before", "none")), ("bn", ["after"], ("after",))),
        *(("bn_input", "yes", True), ("bn_momentum", 1, 1.0), ("bn_eps", "1e-3", 1e-3)),
        *(("features", "quadratic", "quadratic"), ("features", "poly:3", "poly:3")),
        *(("features", "none", None), ("features", "poly:03", "poly:3")),
        *(("label_smoothing", "0.1", 0.1), ("label_smoothing", 0, None)),
        *(("class_weight", "balanced", "balanced"), ("class_weight", "1,2", "1,2")),
        *(("momentum_decay", 0, 0.0), ("weight_decay", "0", 0.0), ("diagnose", True, True)),
        *(("seed", 2**53 + 1, 2**53 + 1), ("seed", str(2**60 + 1), 2**60 + 1)),
    ],
)
def test_values_are_read_from_texts_and_typed_values(
    name: str, given_value: Any, value: Any
) -> None:
    assert getattr(Spec.read({name: given_value}), name) == value


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("act", "rellu", r"--act is 'rellu': choose one of .*did you mean 'relu'"),
        ("opt", "adm", r"choose one of sgd, momentum, .*mean 'adam'"),
        ("init", "xaver", r"did you mean 'xavier'"),
        ("init", "he:2", r"he takes no value"),
        ("init", "normal:wide", r"--init is 'normal:wide': expected a number"),
        ("init", "normal:nan", r"expected a finite number"),
        ("loss", "mean_squared", r"choose one of squared_error, mse, .*did you mean"),
        ("act", "softmax", r"choose one of identity, step, relu, (?!.*softmax)"),
        ("lr", "-1", r"--lr is '-1': expected a number above 0"),
        ("lr", "fast", r"expected a number"),
        ("lr", "nan", r"expected a finite number"),
        ("lr", float("inf"), r"expected a finite number"),
        ("batch_size", 0, r"--batch-size is 0: expected a whole number of at least 1, or full"),
        ("batch_size", "all", r"or full"),
        ("hidden", "0", r"expected layer widths such as 64,32 or 9x100, or none"),
        ("hidden", "64,", r"expected layer widths"),
        *(
            ("hidden", each, r"expected layer widths")
            for each in ("0x5", "5x0", "x5", "5x", "2x3x4")
        ),
        ("hidden", "9000x5,2000x5", r"11000 hidden layers: expected at most 10000"),
        ("hidden", "20000x5", r"expected layer widths"),
        ("bias_init", "auto", r"choose one of zero, constant"),
        ("bias_init", "orthogonal", r"choose one of zero, constant"),
        ("bias_init", "norml:1", r"did you mean 'normal'"),
        ("bias_init", "normal:-1", r"--bias-init is 'normal:-1': expected 0 or more"),
        ("hidden", 64.5, r"expected layer widths"),
        ("hidden", True, r"expected layer widths"),
        ("act", 5, r"--act is 5: expected names"),
        ("columns", 5, r"--columns is 5: expected names"),
        ("columns", " , ", r"expected names"),
        ("dropout", "1", r"from 0 up to, but not including, 1"),
        ("momentum", "-0.1", r"from 0 up to"),
        ("epochs", "1.5", r"whole number of at least 1"),
        ("epochs", True, r"whole number"),
        ("epochs", 10**19, r"expected a whole number"),  # more than an int64 can count
        ("epochs", "1e3", r"expected a whole number"),
        ("no_header", "maybe", r"expected true or false"),
        ("schedule", "stepp", r"did you mean 'step'"),
        ("schedule", "step:0", r"numbers above 0: step:EVERY:FACTOR"),
        ("schedule", "exp:1:2", r"at most 1 parameters"),
        ("early_stop", 0, r"whole number of at least 1"),
        ("act", "identity,sigmoid,tanh,relu,rellu", r"choose one of"),
        ("act", "tanh,relu,elu,selu,gelu", r"at most 4 different activations"),
        ("act", "leaky_relu:2", r"--act is 'leaky_relu:2': leaky_relu takes a number from 0 to 1"),
        ("act", "prelu:0.1:all", r"choose one of layer, unit, fixed"),
        ("act", "x*foo(x)", r"--act is 'x\*foo\(x\)': .*foo"),
        ("act", "__import__('os')", r"--act is"),
        ("out_act", "prelu", r"choose one of identity"),
        ("loss", "huber:0", r"huber takes a number above 0"),
        ("bn", "befor", r"choose one of none, before, after \(did you mean 'before'"),
        ("bn_momentum", 0, r"above 0 and up to 1"),
        ("bn_momentum", 1.1, r"above 0 and up to 1"),
        ("bn_eps", 0, r"above 0"),
        ("features", "poly:1", r"degree of at least 2"),
        ("features", "cubic", r"none, quadratic, or poly:DEGREE"),
        ("features", "poly:", r"poly:DEGREE"),
        ("label_smoothing", 0.5, r"below 0.5"),
        ("label_smoothing", -0.1, r"from 0 up to"),
        ("class_weight", " ", r"expected a text"),
        ("momentum_decay", -1, r"0 or more"),
        ("weight_decay", -1, r"0 or more"),
    ],
)
def test_wrong_values_say_what_was_expected(name: str, value: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Spec.read({name: value})


def test_an_unknown_option_says_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"unknown option 'dropuot' \(did you mean 'dropout'\?\)"):
        Spec.read({"dropuot": 0.1})
    with pytest.raises(UsageError, match=r"unknown key 'x'"):
        Spec.read({"x": 1}, "key")


def test_none_leaves_the_default() -> None:
    assert Spec.read(dict.fromkeys(FIELDS)) == Spec() == Spec.read({})


def test_changed_checks_and_leaves_the_rest() -> None:
    spec = Spec.read({"act": "tanh", "lr": 0.5})
    assert spec.changed({"lr": "0.1"}) == Spec.read({"act": "tanh", "lr": 0.1})
    assert spec.lr == 0.5
    with pytest.raises(UsageError, match="above 0"):
        spec.changed({"lr": 0})


@pytest.mark.parametrize("name", FIELDS)
def test_every_option_is_declared_and_its_default_is_valid(name: str) -> None:
    declared = option_of(FIELDS[name])
    assert declared.help
    assert declared.group in ("Data", "Network", "Optimizer", "Training")
    default = default_of(FIELDS[name])
    if default is not None:
        assert declared.read(default) == default
    if declared.choices is not None:
        names = list(declared.choices())
        assert names
        for each in names:
            declared.read(each)
    assert flag_of(name).startswith("--")


def test_the_tables_are_the_choices() -> None:
    choices = {name: option_of(FIELDS[name]).choices for name in ("opt", "out_act", "loss", "init")}
    found = {name: list(each()) for name, each in choices.items() if each is not None}
    assert found["opt"] == OPTIMIZERS.names()
    outputs = [name for name in ACTIVATIONS.names() if ACTIVATIONS[name].output]
    assert found["out_act"] == outputs
    assert found["loss"] == LOSSES.names()
    assert found["init"] == ["auto", *INITIALIZERS.names()]
    assert "softmax" not in hidden_activations()


def test_schedules_as_numbers() -> None:
    assert schedule_numbers("constant") == (0, 0, 0)
    assert schedule_numbers("step:3") == (1, 3, 0.5)
    assert schedule_numbers("cosine:0") == (3, 0, 0)
    assert schedule_numbers("plateau:4:0.1") == (4, 4, 0.1)


# --- canonical form and hash ------------------------------------------------------------------

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "data": st.sampled_from(["digits", "xor", "data/my file.csv", "größe.csv"]),
    "target": st.sampled_from(["price", "4"]),
    "columns": st.lists(st.sampled_from(["a", "b c", "ü"]), min_size=1, max_size=3, unique=True),
    "hidden": st.lists(st.integers(1, 300), max_size=3),
    "act": st.sampled_from([*hidden_activations(), "leaky_relu:0.3", "prelu:0.1:unit"]),
    "out_act": st.sampled_from(["sigmoid", "softmax"]),
    "init": st.sampled_from(["he", "normal:0.5", "auto"]),
    "dropout": st.floats(0, 0.99),
    "opt": st.sampled_from(["adam"]),
    "lr": st.floats(1e-8, 10),
    "beta1": st.floats(0, 0.999),
    "eps_inside": st.booleans(),
    "schedule": st.sampled_from(["constant", "step:5:0.1", "cosine"]),
    "clip_norm": st.floats(1e-3, 10),
    "epochs": st.integers(1, 10**6),
    "batch_size": st.one_of(st.just("full"), st.integers(2, 1000)),
    "seed": st.integers(0, 2**31),
    "dtype": st.sampled_from(["float32", "float64"]),
    "threads": st.integers(1, 8),
    "save": st.sampled_from(["best", "last", "none"]),
    "no_header": st.booleans(),
    "features": st.sampled_from(["quadratic", "poly:3"]),
    "bn": st.sampled_from(["none", "before", "after"]),
    "bn_input": st.booleans(),
    "weight_decay": st.floats(0, 1),
    "diagnose": st.booleans(),
}
OPTIONS = st.fixed_dictionaries({}, optional=VALUES)
RESOLVABLE = st.fixed_dictionaries(
    {}, optional={name: each for name, each in VALUES.items() if name != "out_act"}
)


@given(options=OPTIONS, order=st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_options_does_not_matter(options: dict[str, Any], order: Any) -> None:
    names = list(options)
    order.shuffle(names)
    again = Spec.read({name: options[name] for name in names})
    assert again == Spec.read(options)
    assert again.hash() == Spec.read(options).hash()


@given(options=OPTIONS)
@settings(max_examples=150, deadline=None)
def test_json_round_trip(options: dict[str, Any]) -> None:
    spec = Spec.read(options)
    values = json.loads(json.dumps(spec.to_json()))
    assert set(values) == set(FIELDS)
    assert Spec.read(values) == spec
    assert Spec.read(values).hash() == spec.hash()


@given(options=RESOLVABLE, task=st.sampled_from(TASKS))
@settings(max_examples=150, deadline=None)
def test_resolving_is_final_and_survives_storing(options: dict[str, Any], task: str) -> None:
    spec = resolve(Spec.read(options), task)
    assert resolve(spec, task) == spec
    assert resolve(Spec.read(spec.to_json()), task).hash() == spec.hash()
    assert all(getattr(spec, name) is not None for name in ("task", "loss", "out_act", "lr"))


@given(options=RESOLVABLE, threads=st.integers(1, 64), save=st.sampled_from(["last", "none"]))
@settings(max_examples=50, deadline=None)
def test_what_changes_nothing_that_is_learned_changes_no_hash(
    options: dict[str, Any], threads: int, save: str
) -> None:
    spec = resolve(Spec.read(options), "binary")
    assert spec.changed({"threads": threads, "save": save}).hash() == spec.hash()


@pytest.mark.parametrize(
    "name", [name for name in FIELDS if option_of(FIELDS[name]).identity and name != "task"]
)
def test_every_other_option_changes_the_hash(name: str) -> None:
    other: dict[str, Any] = {
        **{"data": "iris", "target": "y", "columns": "a", "drop": "a", "no_header": True},
        **{"val": "0.3", "test": "0.1", "scale": "minmax", "hidden": "5", "act": "tanh"},
        **{"out_act": "tanh", "loss": "mse", "init": "normal", "dropout": 0.1, "opt": "sgd"},
        **{"lr": 0.3, "momentum": 0.3, "rho": 0.3, "beta1": 0.3, "beta2": 0.3, "eps": 0.3},
        **{"eps_inside": True, "bias_correction": "none", "schedule": "exp", "warmup": 1},
        **{"weight_decay": 1, "l1": 1, "clip_norm": 1, "epochs": 7, "batch_size": 7},
        **{"early_stop": 7, "seed": 7, "dtype": "float64", "log_every": 7},
        **{"features": "quadratic", "bn": "before", "bn_input": True, "bn_momentum": 0.2},
        **{"bn_eps": 0.1, "label_smoothing": 0.1, "class_weight": "balanced"},
        **{"momentum_decay": 0.1, "bias_init": "normal"},
    }
    assert Spec.read({name: other[name]}).hash() != Spec().hash()


def test_options_that_are_off_stand_in_no_canonical_form() -> None:
    text = Spec.read({"eps_inside": False, "clip_norm": None}).canonical()
    values = json.loads(text)
    assert "clip_norm" not in values
    assert "eps_inside" not in values
    assert None not in values.values()
    assert list(values) == sorted(values)
    assert " " not in text


def test_asking_for_the_defaults_is_the_same_experiment_as_asking_for_nothing() -> None:
    left_open = resolve(Spec(), "multiclass")
    said = resolve(
        Spec.read({"loss": "cross_entropy", "lr": 1e-3, "init": "he", "beta1": 0.9}), "multiclass"
    )
    assert said.hash() == left_open.hash()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"hidden": "8,8", "act": "tanh"}, {"hidden": "8,8", "act": "tanh,tanh"}),
        ({"hidden": "none", "act": "tanh"}, {"hidden": "none", "act": "relu"}),
        ({"init": "normal"}, {"init": "normal:0.01"}),
        ({"schedule": "step"}, {"schedule": "step:10:0.5"}),
        ({"schedule": "step:10"}, {"schedule": "step:10.0:0.50"}),
        ({"act": "leaky_relu"}, {"act": "leaky_relu:0.010"}),
        ({"act": "prelu"}, {"act": "prelu:0.25:layer"}),
        ({"act": "x * tanh(x)"}, {"act": "x*tanh(x)"}),
        ({"loss": "huber"}, {"loss": "huber:1.0"}),
        ({"bn": "none"}, {}),
        ({"bn": "before", "hidden": "8,8"}, {"bn": "before,before", "hidden": "8,8"}),
        ({"bn": "before", "hidden": "none"}, {"hidden": "none"}),
        ({"bn": "before"}, {"bn": "before", "bn_momentum": 0.1, "bn_eps": 1e-5}),
        ({"label_smoothing": 0}, {}),
        ({"features": "none"}, {}),
        ({"batch_size": 32}, {}),
        ({"opt": "lbfgs"}, {"opt": "lbfgs", "batch_size": "full"}),
        ({"opt": "adamw"}, {"opt": "adamw", "weight_decay": 0.01}),
        ({"weight_decay": 0}, {}),
        ({"opt": "nadam"}, {"opt": "nadam", "momentum_decay": 0.004}),
    ],
)
def test_two_ways_of_asking_for_one_experiment_have_one_hash(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    hashes = {resolve(Spec.read(each), "binary").hash() for each in (one, other)}
    assert len(hashes) == 1


#: Specs that use nothing new, and their hashes by the first version: runs of databases are found
#: by them.
FROZEN = [
    ("multiclass", {}, "30490301191e5a07ddf0ad7fec1a1383116d3905f413a0da3f9c5449024409ad"),
    (
        "binary",
        {
            **{"data": "xor", "hidden": "8,4", "act": "tanh,relu", "opt": "sgd"},
            **{"dropout": 0.2, "batch_size": "full"},
        },
        "d6b027c4e42e608c82368492308455912fa7d0c4ec0254cc41de13995afd9a17",
    ),
    (
        "regression",
        {
            **{"opt": "rmsprop", "eps_inside": True, "schedule": "step", "init": "normal"},
            **{"hidden": "none", "weight_decay": 0.1, "seed": 3},
        },
        "a088430bed2fe7442c5e2c3682aa2e5690ef3dba1fff5daf915b2a145304afaf",
    ),
    (
        "multilabel",
        {
            **{"opt": "adam", "bias_correction": "constant", "act": "sigmoid", "loss": "mse"},
            **{"epochs": 7, "clip_norm": 1},
        },
        "e7a5ff864ff60691bf53b3871eb84b5c950389dbac19b502f8063c3134c5f131",
    ),
]


@pytest.mark.parametrize(("task", "options", "hashed"), FROZEN)
def test_hashes_stay_from_version_to_version(
    task: str, options: dict[str, Any], hashed: str
) -> None:
    assert resolve(Spec.read(options), task).hash() == hashed
