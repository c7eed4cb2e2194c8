"""A space has the points that its axes, conditions and constraints leave, each once."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.errors import StoreError, UsageError
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.predicates import evaluate, names, parse
from nncli.resolving import HYPER_PARAMETERS, resolve
from nncli.spec import Spec
from nncli.sweeps.space.dimensions import Choices, Dimension, Plain, Real, Whole
from nncli.sweeps.space.forms import read_dimension
from nncli.sweeps.space.space import Space


def axes(**given: Any) -> dict[str, Dimension]:
    return {name: read_dimension(name, value) for name, value in given.items()}


def test_a_grid_runs_over_the_first_axis_slowest() -> None:
    space = Space(axes(act="relu,tanh", epochs=5, lr="0.1,0.2"))
    assert list(space.grid()) == [
        {"act": "relu", "epochs": 5, "lr": 0.1},
        {"act": "relu", "epochs": 5, "lr": 0.2},
        {"act": "tanh", "epochs": 5, "lr": 0.1},
        {"act": "tanh", "epochs": 5, "lr": 0.2},
    ]
    assert space.varied == ("act", "lr")
    assert space.order == ("act", "epochs", "lr")
    assert space.bound() == 4
    assert space.conditional == ()


def test_a_space_without_axes_has_one_point() -> None:
    assert list(Space({}).grid()) == [{}]
    assert Space({}).bound() == 1


def test_ten_million_points_are_made_one_by_one() -> None:
    space = Space(axes(epochs="int:1:10000", batch_size="1..1000"), {}, ("epochs > 1",))
    assert space.bound() == 10_000_000
    first = list(itertools.islice(space.grid(), 3))
    assert first == [{"epochs": 2, "batch_size": each} for each in (1, 2, 3)]


def test_a_constraint_cuts_whole_branches() -> None:
    """Of ten billion combinations a thousand are left, and the rest is not even looked at."""
    space = Space(axes(epochs="int:1:100000", batch_size="int:1:100000"), {}, ("epochs > 99999",))
    assert sum(1 for _ in itertools.islice(space.grid(), 1000)) == 1000


def test_an_endless_grid_is_refused() -> None:
    space = Space(axes(act="relu,tanh", lr="uniform:0.1:0.5"))
    assert space.bound() is None
    with pytest.raises(UsageError, match="a grid over lr has no end"):
        list(space.grid())


def test_whole_numbers_take_the_form_of_their_option() -> None:
    space = Space(axes(hidden="int:8:24:8", warmup="int:0:1", epochs="int:1:1000"))
    assert list(itertools.islice(space.grid(), 1)) == [{"hidden": "8", "warmup": 0.0, "epochs": 1}]
    point = space.point([0.99, 0.99, 0.5])
    assert point is not None
    assert list(map(type, point.values())) == [str, float, int]
    assert space.complete({"hidden": 16, "warmup": 1, "epochs": 7}) == {
        "hidden": "16",
        "warmup": 1.0,
        "epochs": 7,
    }
    assert type(space.complete({"hidden": 16, "warmup": 1, "epochs": 7})["warmup"]) is float


def test_a_conditional_option_is_left_out() -> None:
    space = Space(
        axes(bn="none,before", bn_momentum="0.1,0.2"), {"bn_momentum": {"bn": ("before",)}}
    )
    assert list(space.grid()) == [
        {"bn": None},
        {"bn": "before", "bn_momentum": 0.1},
        {"bn": "before", "bn_momentum": 0.2},
    ]
    assert space.conditional == ("bn_momentum",)
    assert space.point([0.0, 0.9]) == {"bn": None}
    assert space.point([0.5, 0.9]) == {"bn": "before", "bn_momentum": 0.2}
    assert space.complete({"bn": None, "bn_momentum": 0.2}) == {"bn": None}
    with pytest.raises(KeyError):
        space.complete({"bn": "before"})


def test_parents_stand_before_children_along_a_chain() -> None:
    space = Space(
        axes(dropout="0.1,0.2", act="relu,tanh", bn="none,after", epochs=3),
        {"dropout": {"bn": ("after",)}, "bn": {"act": ("tanh",)}},
    )
    assert space.order == ("act", "bn", "dropout", "epochs")
    assert list(space.grid()) == [
        {"act": "relu", "epochs": 3},
        {"act": "tanh", "bn": None, "epochs": 3},
        {"act": "tanh", "bn": "after", "dropout": 0.1, "epochs": 3},
        {"act": "tanh", "bn": "after", "dropout": 0.2, "epochs": 3},
    ]


def test_a_parent_may_be_a_range() -> None:
    space = Space(axes(hidden="int:8:16:8", dropout="0.1,0.2"), {"dropout": {"hidden": ("16",)}})
    assert [len(each) for each in space.grid()] == [1, 2, 2]


def test_hyper_parameters_go_with_optimizers_that_use_them() -> None:
    """Every point of a sweep over all optimizers has what its optimizer uses, and resolves."""
    hyper = dict.fromkeys(HYPER_PARAMETERS, "0.5,0.9")
    switches = {"eps_inside": True, "bias_correction": "standard,none"}
    space = Space(axes(**hyper, **switches, epochs=3, opt=",".join(OPTIMIZERS.names())))
    points = list(space.grid())
    assert {point["opt"] for point in points} == set(OPTIMIZERS.names())
    for point in points:
        resolve(Spec.read(point), "multiclass")
        optimizer = OPTIMIZERS[str(point["opt"])]
        used = set(optimizer.uses) - {"weight_decay"}
        used |= {name for name in switches if getattr(optimizer, name)}
        assert set(point) == used | {"epochs", "opt"}


def test_one_optimizer_brings_no_conditions() -> None:
    space = Space(axes(opt="sgd", momentum="0.5,0.9"))
    assert space.conditional == ()  # resolving a trial says that momentum means nothing to sgd
    assert Space(axes(opt="adam,nadam", lr="0.1,0.2")).conditional == ()


def test_a_hyper_parameter_of_no_optimizer_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--rho means nothing to --opt sgd or adam.*rmsprop"):
        Space(axes(opt="sgd,adam", rho=0.9))
    with pytest.raises(UsageError, match=r"--momentum means nothing to --opt sgd: .*nesterov"):
        Space(axes(opt="sgd,momentum", momentum=0.9), {"momentum": {"opt": ("sgd",)}})


def test_constraints_leave_out_points() -> None:
    space = Space(
        axes(opt="sgd,momentum", momentum="0.5,0.9", lr="0.1,0.2"),
        {},
        ("lr * 10 < 2 or opt = sgd", "momentum < 0.9"),
    )
    assert list(space.grid()) == [
        {"opt": "sgd", "lr": 0.1},
        {"opt": "sgd", "lr": 0.2},
        {"opt": "momentum", "momentum": 0.5, "lr": 0.1},
    ]
    assert space.point([0.5, 0.5, 0.0]) is None
    assert space.allows({"opt": "sgd", "lr": 0.2})
    assert not space.allows({"opt": "momentum", "momentum": 0.9, "lr": 0.1})


@pytest.mark.parametrize(
    ("when", "constraints", "message"),
    [
        ({"lrr": {"act": ("relu",)}}, (), "the condition of 'lrr' .*did you mean 'lr'"),
        ({"lr": {"actt": ("relu",)}}, (), "is on 'actt' \\(did you mean 'act'"),
        ({"lr": {"act": ("rellu",)}}, (), "act = rellu, which takes relu, tanh \\(did you mean"),
        ({"lr": {"epochs": (0,)}}, (), "is on epochs = 0"),
        ({"lr": {"act": ()}}, (), "names no value of 'act'"),
        ({"lr": {"act": ("relu",)}, "act": {"lr": (0.1,)}}, (), "of lr, act go in a circle"),
        ({"lr": {"lr": (0.1,)}}, (), "go in a circle"),
        ({}, ("lrr < 1",), "unknown name 'lrr' \\(did you mean 'lr'"),
        ({}, ("batch_size < 1",), "unknown name 'batch_size'.*options of the sweep"),
        ({}, ("act < 3",), "order of the text 'relu'"),
        ({}, ("act",), "expected a comparison"),
    ],
)
def test_what_fits_no_axis_is_refused(
    when: Mapping[str, Any], constraints: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        Space(axes(lr="0.1,0.2", act="relu,tanh", epochs="int:1:9"), when, constraints)


def test_an_unreadable_axis_is_a_damaged_store() -> None:
    stored = Space(axes(lr="0.1,0.2")).to_json()
    stored["axes"][0][1]["kind"] = "spiral"
    with pytest.raises(StoreError, match="cannot read"):
        Space.from_json(stored)


SIZES = st.integers(1, 4)
NAMES = ("epochs", "batch_size", "early_stop", "log_every")


@st.composite
def spaces(draw: st.DrawFn, endless: bool = False) -> Space:
    """Small spaces of whole numbers with conditions along some order, and constraints."""
    found: dict[str, Dimension] = {}
    for name in draw(st.permutations(NAMES))[: draw(st.integers(1, 4))]:
        low, size, step = draw(SIZES), draw(SIZES), draw(st.integers(1, 2))
        whole = Whole(low, low + (size - 1) * step, step)
        numbers = tuple(range(low, low + size))
        found[name] = whole if draw(st.booleans()) else Choices(numbers)
    if endless and draw(st.booleans()):
        found["lr"] = Real(0.1, 0.9, draw(st.booleans()))
    when: dict[str, dict[str, tuple[Plain, ...]]] = {}
    ranked = draw(st.permutations(sorted(found)))
    for place, name in enumerate(ranked[1:], start=1):
        parents = draw(st.lists(st.sampled_from(ranked[:place]), unique=True, max_size=2))
        for parent in parents:
            axis = found[parent]
            if axis.size is not None:
                some = st.lists(st.sampled_from(list(axis.values())), min_size=1, unique=True)
                when.setdefault(name, {})[parent] = tuple(draw(some))
    sums = st.tuples(st.sampled_from(sorted(found)), st.sampled_from(sorted(found)), SIZES)
    constraints = tuple(f"{a} + {b} > {least}" for a, b, least in draw(st.lists(sums, max_size=2)))
    return Space(found, when, constraints)


def naive_grid(space: Space) -> list[dict[str, Plain]]:
    """All points by the definition: every combination, pared, filtered, each once."""
    found: list[dict[str, Plain]] = []
    for values in itertools.product(*(list(space.axes[name].values()) for name in space.order)):
        point: dict[str, Plain] = {}
        for name, value in zip(space.order, values, strict=True):
            conditions = space.when.get(name, {})
            if all(parent in point and point[parent] in fit for parent, fit in conditions.items()):
                point[name] = value
        expressions = map(parse, space.constraints)
        applied = [each for each in expressions if set(names(each)) <= set(point)]
        if all(evaluate(each, point) for each in applied) and point not in found:
            found.append(point)
    return found


@settings(deadline=None)
@given(spaces())
def test_a_grid_is_what_its_definition_says(space: Space) -> None:
    points = list(space.grid())
    assert points == naive_grid(space)
    if not space.when and not space.constraints:
        assert len(points) == space.bound()
    for point in points:
        assert space.allows(point)
        assert space.complete(point) == point
        for name in space.order:
            assert space.is_active(name, point) == (name in point)
    assert all(
        space.order.index(parent) < space.order.index(name)
        for name, parents in space.when.items()
        for parent in parents
    )


@settings(deadline=None)
@given(spaces(endless=True), st.data())
def test_a_point_lies_in_its_space(space: Space, data: st.DataObject) -> None:
    shares = st.lists(
        st.floats(0, 1, exclude_max=True), min_size=len(space.order), max_size=len(space.order)
    )
    point = space.point(data.draw(shares))
    if point is None:
        assert space.constraints
        return
    assert space.allows(point)
    assert space.complete(point) == point
    assert all(value in space.axes[name] for name, value in point.items())
    if space.bound() is not None:
        assert point in list(space.grid())


@settings(deadline=None)
@given(spaces(endless=True))
def test_a_stored_space_reads_back(space: Space) -> None:
    stored = json.loads(json.dumps(space.to_json(), sort_keys=True))
    found = Space.from_json(stored)
    assert found == space
    assert found.order == space.order
    assert found.to_json() == space.to_json()


def test_the_space_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from nncli.sweeps.space import dimensions, document, forms, space\n"
        "space.Space({'lr': forms.read_dimension('lr', 'log:1e-4:1e-1:7')}, {}, ('lr < 1',))\n"
        "heavy = {'numpy', 'numba', 'scipy', 'sympy', 'pandas', 'sqlalchemy', 'optuna', "
        "'distributed'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
