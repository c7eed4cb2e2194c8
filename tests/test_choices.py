"""Parts as people name them: one canonical text for every spelling, and refusals that help."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli import choices
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.initializers import INITIALIZERS
from nncli.kernels.losses import LOSSES

READERS = {
    "activation": choices.activation,
    "loss": choices.loss,
    "initializer": choices.initializer,
}


@pytest.mark.parametrize(
    ("kind", "spellings", "canonical"),
    [
        ("activation", ["relu", " relu"], "relu"),
        ("activation", ["leaky_relu", "leaky_relu:0.01", "leaky_relu:1e-2"], "leaky_relu:0.01"),
        ("activation", ["leaky_relu:.2", "leaky_relu:0.20"], "leaky_relu:0.2"),
        ("activation", ["prelu", "prelu:0.25", "prelu:0.25:layer"], "prelu:0.25:layer"),
        ("activation", ["prelu:0.1:unit", "prelu:.10:unit"], "prelu:0.1:unit"),
        ("activation", ["prelu:0:fixed", "prelu:-0.0:fixed"], "prelu:0:fixed"),
        ("activation", ["elu", "elu:1", "elu:1.0"], "elu:1"),
        ("activation", ["x*sigmoid(2*x)", "x * sigmoid( 2*x )"], "x*sigmoid(2*x)"),
        ("loss", ["mse"], "mse"),
        ("loss", ["huber", "huber:1", "huber:1.00"], "huber:1"),
        ("loss", ["log(cosh(p - y))", "log(cosh(p-y))"], "log(cosh(p-y))"),
        ("initializer", ["normal", "normal:0.01", "normal:1e-2"], "normal:0.01"),
        ("initializer", ["constant", "constant:0"], "constant:0"),
        ("initializer", ["sparse", "sparse:15"], "sparse:15"),
        ("initializer", ["lsuv"], "lsuv"),
    ],
)
def test_all_spellings_have_one_text(kind: str, spellings: list[str], canonical: str) -> None:
    for text in spellings:
        assert READERS[kind](text).text == canonical
    assert READERS[kind](canonical).text == canonical


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("activation", "rellu", r"choose one of identity, .*did you mean 'relu'"),
        ("activation", "relu:2", r"relu takes no number"),
        ("activation", "leaky_relu:0.2:unit", r"leaky_relu takes one number, leaky_relu:0.01"),
        ("activation", "leaky_relu:2", r"leaky_relu takes a number from 0 to 1"),
        ("activation", "leaky_relu:-0.1", r"from 0 to 1"),
        ("activation", "leaky_relu:", r"expected a number"),
        ("activation", "leaky_relu:nan", r"expected a finite number"),
        ("activation", "elu:101", r"from 0 to 100"),
        ("activation", "prelu:0.1:units", r"choose one of layer, unit, fixed.*mean 'unit'"),
        ("activation", "prelu:0.1:unit:2", r"prelu takes prelu:0.25:layer\|unit\|fixed"),
        ("activation", "prelu:unit", r"expected a number"),
        ("activation", "x*sigmiod(x)", r"sigmiod.*did you mean 'sigmoid'"),
        ("activation", "p-y", r"unknown name 'p'"),
        ("loss", "mse:2", r"mse takes no number"),
        ("loss", "huber:0", r"huber takes a number above 0"),
        ("loss", "huber:-1", r"above 0"),
        ("loss", "huber:wide", r"expected a number"),
        ("loss", "hubber", r"did you mean 'huber'"),
        ("loss", "x**2", r"unknown name 'x'"),
        ("initializer", "he:2", r"he takes no value"),
        ("initializer", "normal:-1", r"expected 0 or more"),
        ("initializer", "orthognal", r"did you mean 'orthogonal'"),
        ("initializer", "sparse:0", r"at least 1"),
        ("initializer", "sparse:2.5", r"whole number"),
    ],
)
def test_refusals(kind: str, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        READERS[kind](text)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("activation", name) for name in ACTIVATIONS.names()),
        *(("loss", name) for name in LOSSES.names()),
        *(("initializer", name) for name in INITIALIZERS.names()),
    ],
)
def test_every_name_is_a_choice_with_the_declared_default(kind: str, name: str) -> None:
    found: Any = READERS[kind](name)
    assert (found.part.name, found.value) == (name, found.part.value)
    assert READERS[kind](found.text) == found


def test_whose_number_it_is() -> None:
    whole, unit, fixed = (choices.activation(f"prelu:0.1:{s}") for s in choices.SHARINGS)
    assert [each.learned for each in (whole, unit, fixed)] == [True, True, False]
    assert [each.numbers(7) for each in (whole, unit, fixed)] == [1, 7, 1]
    leaky = choices.activation("leaky_relu")
    assert (leaky.learned, leaky.numbers(7)) == (False, 1)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_digits_read_back_as_the_same_number(value: float) -> None:
    assert float(choices.digits(value)) == value


@given(value=st.floats(0, 1))
def test_numbers_keep_all_their_digits(value: float) -> None:
    text = choices.activation(f"leaky_relu:{value!r}").text
    assert choices.activation(text).value == value


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("relu,tanh", ["relu", "tanh"]),
        (" relu , ,tanh,", ["relu", "tanh"]),
        ("max(x,0),tanh", ["max(x,0)", "tanh"]),
        ("where(x>0,x,max(0,x)), relu", ["where(x>0,x,max(0,x))", "relu"]),
        ("", []),
    ],
)
def test_lists_are_split_outside_of_parentheses(text: str, parts: list[str]) -> None:
    from nncli import formulas

    split = getattr(choices, "split", None) or formulas.split_names
    assert [each.strip() for each in split(text) if each.strip()] == parts


def test_adaptive_initializers() -> None:
    assert choices.is_adaptive("lsuv")
    assert not choices.is_adaptive("auto")
    assert not choices.is_adaptive("normal:0.5")


def test_every_name_in_a_list_of_choices_can_be_typed() -> None:
    """No blank, no comma, no colon, which have meanings of their own."""
    for table in (ACTIVATIONS, LOSSES, INITIALIZERS):
        for name in table.names():
            assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
