"""What is written for an axis of a sweep becomes the values that it looks like, or a UsageError."""

from __future__ import annotations

import itertools
import math
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nncli.errors import UsageError
from nncli.options import option_of
from nncli.spec import Spec, plain
from nncli.sweeps.space.dimensions import (
    Choices,
    Dimension,
    Plain,
    Real,
    Whole,
    dimension_from_json,
)
from nncli.sweeps.space.forms import read_dimension

OPTIONS = [each.name for each in fields(Spec)]
NUMBERS = [each.name for each in fields(Spec) if option_of(each).number is not None]


@pytest.mark.parametrize(
    ("option", "given", "values"),
    [
        ("act", "relu", ["relu"]),
        ("act", " relu , tanh,relu ", ["relu", "tanh"]),
        ("act", "max(0,x),relu", ["max(0,x)", "relu"]),
        ("act", "relu,tanh|tanh,relu", ["relu,tanh", "tanh,relu"]),
        ("act", "relu,tanh|", ["relu,tanh"]),
        ("act", "leaky_relu,leaky_relu:0.01", ["leaky_relu:0.01"]),
        ("act", "choice:relu,tanh", ["relu", "tanh"]),
        ("act", [["relu", "tanh"], "silu"], ["relu,tanh", "silu"]),
        ("hidden", "64,32", ["64,32"]),
        ("hidden", "32|64|64,64", ["32", "64", "64,64"]),
        ("hidden", "choice:64,32", ["64,32"]),
        ("hidden", "choice:64,32|none", ["64,32", "none"]),
        ("hidden", "8..24..8", ["8", "16", "24"]),
        ("hidden", [[64, 64], [128], "8,8"], ["64,64", "128", "8,8"]),
        ("hidden", [64, 128], ["64", "128"]),
        ("columns", "a,b|c", ["a,b", "c"]),
        ("bn", "none,before", [None, "before"]),
        ("bn_input", "false,true", [False, True]),
        ("bn_input", [True], [True]),
        ("batch_size", "16,full", [16, "full"]),
        ("batch_size", "log:8:128:5", [8, 16, 32, 64, 128]),
        ("epochs", "1..10", list(range(1, 11))),
        ("epochs", "log:10:1000:5", [10, 32, 100, 316, 1000]),
        ("warmup", "0..2", [0.0, 1.0, 2.0]),
        ("lr", "0.1,1e-2", [0.1, 0.01]),
        ("lr", 0.1, [0.1]),
        ("lr", "log:1e-4:1e-1:4", [0.0001, 0.001, 0.01, 0.1]),
        ("lr", "log:1e-4:1e-3:3", [0.0001, 0.000316227766016838, 0.001]),
        ("dropout", "lin:0:0.5:6", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        ("init", "uniform:0.05,normal:0.1", ["uniform:0.05", "normal:0.1"]),
        ("schedule", "step:10:0.5", ["step:10:0.5"]),
        # Guild AI
        ("act", "[relu, tanh]", ["relu", "tanh"]),
        ("init", "[normal:0.05,he]", ["normal:0.05", "he"]),
        ("hidden", "[64,128]", ["64", "128"]),
        ("hidden", "[[64,64],[128]]", ["64,64", "128"]),
        ("epochs", "range[1:5]", [1, 2, 3, 4, 5]),
        ("epochs", "range[1:6:2]", [1, 3, 5]),
        ("epochs", "range[5:1:-1]", [5, 4, 3, 2, 1]),
        ("warmup", "range[3]", [0.0, 1.0, 2.0]),
        ("l1", "range[1e-5:4e-5:1e-5]", [1e-05, 2e-05, 3e-05, 4e-05]),
        ("warmup", "linspace[1:10]", [1.0, 3.25, 5.5, 7.75, 10.0]),
        ("l1", "logspace[-3:-1:3]", [0.001, 0.01, 0.1]),
        ("l1", "logspace[0:3:4:2]", [1.0, 2.0, 4.0, 8.0]),
        # Hydra
        ("act", "choice(relu,tanh)", ["relu", "tanh"]),
        ("hidden", "choice([64,64],[128])", ["64,64", "128"]),
        ("epochs", "range(1,5)", [1, 2, 3, 4]),
        ("warmup", "range(stop=3)", [0.0, 1.0, 2.0]),
        ("warmup", "range(0,10,3.3)", [0.0, 3.3, 6.6, 9.9]),
        ("epochs", "range(start=9,stop=1,step=-4)", [9, 5]),
        ("epochs", "int(range(1,3))", [1, 2]),
        ("act", "glob(relu*)", ["relu", "relu6"]),
        ("act", "glob(include=[relu*,ta*],exclude=relu6)", ["relu", "tanh"]),
    ],
)
def test_listed_values(option: str, given: Any, values: list[Plain]) -> None:
    found = read_dimension(option, given)
    assert found == Choices(tuple(values))
    assert [type(each) for each in found.values()] == [type(each) for each in values]


@pytest.mark.parametrize(
    ("option", "given", "dimension"),
    [
        ("lr", "uniform:0.1:0.5", Real(0.1, 0.5)),
        ("lr", "loguniform:1e-4:1e-1", Real(1e-4, 1e-1, log=True)),
        ("epochs", "int:5:50", Whole(5, 50)),
        ("epochs", "int:5:50:10", Whole(5, 45, 10)),
        ("epochs", "logint:1:1000", Whole(1, 1000, log=True)),
        ("hidden", "int:8:64:8", Whole(8, 64, 8)),
        ("epochs", "uniform:1:9", Whole(1, 9)),
        ("batch_size", "loguniform:8:512", Whole(8, 512, log=True)),
        ("warmup", "int:0:5", Whole(0, 5)),
        # Guild AI
        ("lr", "[1e-4:1e-1]", Real(1e-4, 1e-1)),
        ("lr", "uniform[0.1:0.5]", Real(0.1, 0.5)),
        ("lr", "loguniform[1e-4:1e-1]", Real(1e-4, 1e-1, log=True)),
        ("epochs", "[1:9]", Whole(1, 9)),
        # Hydra
        ("lr", "interval(0.1, 0.5)", Real(0.1, 0.5)),
        ("lr", "tag(log, interval(start=1e-4, end=1e-1))", Real(1e-4, 1e-1, log=True)),
        ("lr", "float(interval(1, 2))", Real(1.0, 2.0)),
        ("epochs", "interval(1,9)", Whole(1, 9)),
        ("warmup", "int(interval(0,5))", Whole(0, 5)),
        ("epochs", "tag(log, int(interval(1,100)))", Whole(1, 100, log=True)),
    ],
)
def test_ranges(option: str, given: str, dimension: Dimension) -> None:
    assert read_dimension(option, given) == dimension


@pytest.mark.parametrize(
    ("option", "given", "message"),
    [
        ("lrr", "1", "unknown option 'lrr' \\(did you mean 'lr'"),
        ("act", "relu,tnah", "--act is 'tnah': choose one of .* \\(did you mean 'tanh'"),
        ("lr", "", "no value"),
        ("lr", ",", "no value"),
        ("lr", [], "no value"),
        ("lr", "[]", "no value"),
        ("lr", "choice()", "no value"),
        ("hidden", "|", "a value is missing"),
        ("hidden", "8||16", "a value is missing"),
        ("lr", {"a": 1}, "expected texts, numbers"),
        ("lr", None, "expected texts, numbers"),
        ("hidden", [[64, [32]]], "expected texts, numbers"),
        ("l1", 10**400, "expected a number below"),
        ("lr", "log:1e-4:1e-1", "expected log:FROM:TO:COUNT"),
        ("lr", "log:1e-4:1e-1:1", "a range of 1 values: expected at least 2"),
        ("lr", "lin:0.1:1:2.5", "'2.5' is no whole number"),
        ("lr", "lin:1:0.1:5", "from 1 to 0.1: write the smaller number first"),
        ("lr", "uniform:1:1", "smaller number first"),
        ("l1", "log:0:1:5", "must begin above 0"),
        ("l1", "loguniform:0:1", "must begin above 0"),
        ("warmup", "logint:0:9", "must begin above 0"),
        ("lr", "uniform:-1:1", "--lr is -1.0: expected a number above 0"),
        ("dropout", "uniform:0:1", "--dropout is 1.0"),
        ("lr", "uniform:a:1", "'a' is no number"),
        ("lr", "uniform:1:inf", "'inf' is no finite number"),
        ("epochs", "5..1", "smaller number first"),
        ("epochs", "1..9..0", "the step is 0"),
        ("epochs", "0..9", "--epochs is 0: expected a whole number of at least 1"),
        ("epochs", "int:1:5:0", "the step is 0"),
        ("epochs", "int:1:5:9", "leads beyond 5"),
        ("epochs", f"int:1:{10**30}", "too large"),
        ("epochs", "uniform:1.5:9", "1.5 is no whole number"),
        ("epochs", "range[1:3:0.5]", "not whole"),
        ("epochs", "1..1000000", "more than 100,000 values"),
        ("lr", "lin:1:2:100001", "more than 100,000 values"),
        ("lr", "range(0,1,1e-9)", "more than 100,000 values"),
        ("lr", "range(1,0)", "no number from 1 to 0"),
        ("lr", "range(1,2,0)", "the step is 0"),
        ("lr", "range(1,2,stop=3)", "each once"),
        ("lr", "range(1,2,3,4)", "expected the arguments start, stop, step"),
        ("lr", "logspace[0:400:3]", "no finite number"),
        ("lr", "logspace[0:1e300:3]", "too large"),
        ("lr", "logspace[0:1:3:0]", "the base is 0"),
        ("act", "lin:0:1:5", "needs an option of numbers"),
        ("act", "range(1,3)", "needs an option of numbers"),
        ("act", "uniform[0:1]", "needs an option of numbers"),
        ("lr", "glob(*)", "names to choose from"),
        ("act", "glob(foo*)", "no name fits"),
        ("act", "shuffle(relu,tanh)", "write the list itself"),
        ("act", "sort(relu,tanh)", "write the list itself"),
        ("lr", "tag(foo,interval(1,2))", "expected the tag log"),
        ("lr", "tag(log,choice(1,2))", "goes with an interval"),
        ("lr", "int(3)", "expected int\\(interval"),
        ("lr", "interval(1)", "expected interval"),
        ("lr", "int(" * 50 + ")" * 50, "at most 5 functions"),
    ],
)
def test_nonsense_is_refused(option: str, given: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_dimension(option, given)


#: Some valid values of options of every kind.
VALUES: dict[str, list[Any]] = {
    "act": ["relu", "tanh", "relu,tanh", "max(0,x)", "leaky_relu:0.2", "silu,tanh,relu"],
    "hidden": ["none", "64", "64,32", "8,8,8"],
    "lr": [0.1, 1e-3, 2.5, 1 / 3, 1e-300],
    "batch_size": [1, 32, "full"],
    "epochs": [1, 7, 2**40],
    "init": ["he", "normal:0.05", "uniform:0.05"],
    "schedule": ["constant", "step:10:0.5", "cosine"],
    "bn_input": [True, False],
    "opt": ["sgd", "adam", "lbfgs"],
    "loss": ["mse", "huber:0.5", "log(cosh(p-y))"],
    "columns": ["a", "a,b", "b"],
}
SOME = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.tuples(st.just(name), st.lists(st.sampled_from(VALUES[name]), min_size=1))
)


def checked(option: str, value: Any) -> Any:
    field = next(each for each in fields(Spec) if each.name == option)
    return plain(option, option_of(field).read(value))


@settings(deadline=None)
@given(SOME)
def test_a_printed_list_reads_back(given: tuple[str, list[Any]]) -> None:
    option, values = given
    expected = Choices(tuple(checked(option, each) for each in values))
    assert read_dimension(option, values) == expected
    assert read_dimension(option, "|".join(map(str, values)) + "|") == expected
    assert read_dimension(option, "choice:" + "|".join(map(str, values)) + "|") == expected
    if not any("," in str(each) for each in values) and option not in ("hidden", "columns"):
        for form in ("{}", "[{}]", "choice({})", "choice:{}"):
            assert read_dimension(option, form.format(",".join(map(str, values)))) == expected
    plain_values = list(expected.values())  # what is printed of the axis gives the axis
    assert read_dimension(option, "|".join(map(str, plain_values)) + "|") == expected
    assert dimension_from_json(expected.to_json()) == expected


POSITIVE = st.floats(1e-30, 1e30)


@settings(deadline=None)
@given(POSITIVE, POSITIVE, st.integers(2, 60), st.sampled_from(["lin", "log"]))
def test_spaced_numbers(low: float, high: float, count: int, form: str) -> None:
    # closer ends leave no room for the numbers between, at 15 digits
    assume(low * (1 + 1e-9) < high)
    found = list(read_dimension("l1", f"{form}:{low!r}:{high!r}:{count}").values())
    assert (found[0], found[-1], len(found)) == (low, high, count)
    assert all(a < b for a, b in itertools.pairwise(found))  # type: ignore[operator]
    for place, value in enumerate(found):
        share = place / (count - 1)
        if form == "lin":
            expected = low * (1 - share) + high * share
        else:
            expected = math.exp(math.log(low) * (1 - share) + math.log(high) * share)
        # 15 digits are kept; exp multiplies the rounding of its argument, at most 70, by as much
        assert value == pytest.approx(expected, rel=1e-12)


@settings(deadline=None)
@given(st.integers(-8, 3), st.integers(1, 8), st.integers(1, 9))
def test_decades_are_clean(exponent: int, decades: int, between: int) -> None:
    low, high = float(f"1e{exponent}"), float(f"1e{exponent + decades}")
    found = list(read_dimension("l1", f"log:{low!r}:{high!r}:{decades * between + 1}").values())
    assert found[::between] == [float(f"1e{exponent + i}") for i in range(decades + 1)]


@settings(deadline=None)
@given(st.integers(1, 500), st.integers(1, 500), st.integers(1, 60))
def test_whole_ranges_include_their_ends(low: int, length: int, step: int) -> None:
    high = low + length
    expected = list(range(low, high + 1, step))
    dots = read_dimension("epochs", f"{low}..{high}..{step}")
    assert list(dots.values()) == expected
    assert list(read_dimension("hidden", f"{low}..{high}..{step}").values()) == [
        str(each) for each in expected
    ]
    assert list(read_dimension("epochs", f"range[{low}:{high}:{step}]").values()) == expected
    assert list(read_dimension("epochs", f"range({low},{high},{step})").values()) == [
        each for each in expected if each < high
    ]
    if step <= length:
        whole = read_dimension("epochs", f"int:{low}:{high}:{step}")
        assert list(whole.values()) == expected
        assert whole.size == len(expected)


@settings(deadline=None)
@given(
    st.one_of(
        st.builds(Real, st.floats(1e-9, 1.0), st.floats(2.0, 1e9), st.booleans()),
        st.builds(Whole, st.integers(1, 9), st.integers(10, 99), log=st.booleans()),
        st.integers(1, 5).map(lambda step: Whole(-step, 7 * step, step)),
        st.lists(st.integers(), min_size=1).map(lambda each: Choices(tuple(each))),
    ),
    st.floats(0, 1, exclude_max=True),
)
def test_a_share_gives_a_value_of_the_axis(dimension: Dimension, share: float) -> None:
    value = dimension.at_share(share)
    assert value in dimension
    first = next(dimension.values()) if dimension.size else dimension.at_share(0.0)
    # a logarithm and its exponential round
    assert dimension.at_share(0.0) == pytest.approx(first, rel=1e-12)
    assert dimension_from_json(dimension.to_json()) == dimension


@pytest.mark.parametrize("log", [False, True])
def test_shares_reach_every_whole_number(log: bool) -> None:
    dimension = Whole(1, 20, log=log)
    found = {dimension.at_share(i / 5000) for i in range(5000)}
    assert found == set(range(1, 21))


def test_logarithmic_shares_favour_small_numbers() -> None:
    assert Real(1e-4, 1.0, log=True).at_share(0.5) == pytest.approx(1e-2)
    assert Real(1e-4, 1.0).at_share(0.5) == pytest.approx(0.50005)
    assert Whole(1, 1000, log=True).at_share(0.5) == round(math.sqrt(0.5 * 1000.5))


FRAGMENTS = st.sampled_from(
    [
        *(
            "relu",
            "tanh",
            "adam",
            "64",
            "0.1",
            "1e-3",
            "none",
            "full",
            "x",
            "p",
            "y",
            "max",
            "true",
        ),
        *("lin", "log", "uniform", "int", "logint", "choice", "range", "linspace", "logspace"),
        *("interval", "tag", "glob", "sort", "float", "start=", "exclude=", "step:10:0.5", "inf"),
        *",,,|:::()()[[]]..*-+/ =",
    ]
)


@settings(deadline=None, max_examples=400)
@given(
    st.sampled_from(OPTIONS),
    st.one_of(st.text(max_size=12), st.lists(FRAGMENTS, max_size=10).map("".join)),
)
def test_no_text_does_more_than_a_usage_error(option: str, text: str) -> None:
    try:
        found = read_dimension(option, text)
    except UsageError:
        return
    assert found.size != 0
    assert found.at_share(0.5) in found


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(OPTIONS), JSON)
def test_no_value_does_more_than_a_usage_error(option: str, value: Any) -> None:
    try:
        found = read_dimension(option, value)
    except UsageError:
        return
    assert found.at_share(0.5) in found
