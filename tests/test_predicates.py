"""Conditions are read, printed and evaluated as their grammar says."""

from __future__ import annotations

import contextlib
import math
import operator
import random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nncli.errors import UsageError
from nncli.predicates import (
    And,
    Arithmetic,
    Compare,
    Expression,
    In,
    IsNull,
    Minus,
    Name,
    Not,
    Number,
    Operand,
    Or,
    Text,
    evaluate,
    names,
    parse,
)

VALUES: dict[str, Any] = {
    "act": "relu",
    "opt": "adamw",
    "lr": 0.01,
    "epochs": 30,
    "hidden": "64",
    "bn_input": True,
    "momentum": None,
    "val_accuracy": 0.97,
    "dead_frac": 0.05,
    "beta1": 0.9,
    "beta2": 0.9,
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("act=relu and val_accuracy>0.95 and dead_frac<0.1", True),
        ("act == 'relu'", True),
        ("act=tanh or act=relu and lr>1", False),
        ("(act=relu or act=tanh) and not lr>1", True),
        ("act in (tanh, relu)", True),
        ("act not in (tanh, relu)", False),
        ("opt ~ ada*", True),
        ('opt ~ "ada?"', False),
        ("not (opt~sgd*)", True),
        ("momentum is none", True),
        ("momentum IS NOT NULL", False),
        ("momentum = 0", False),
        ("momentum < 1 or momentum >= 1", False),
        ("momentum != 0.9", True),
        ("momentum + 1 > 0", False),
        ("lr * epochs <= 0.3", True),
        ("1e-2 = lr", True),
        ("epochs / 4 = 7.5", True),
        ("epochs - 10 - 5 = 15", True),
        ("epochs / 3 / 5 = 2", True),
        ("-epochs + 31 = 1", True),
        ("2 * -(lr - 1) > 1.9", True),
        ("epochs / (beta1 - beta2) > 0", False),
        ("hidden = 64 and hidden != '64,64'", True),
        ("hidden in (32, 64)", True),
        ("bn_input = true and bn_input != false and bn_input = 1", True),
        ("beta1 = (beta2)", True),
        ("beta1 = beta2", False),
        ("beta1 <= beta2", True),
        ("act < 'silu'", True),
        ("not not act = relu", True),
    ],
)
def test_a_condition_says_what_it_looks_like(text: str, holds: bool) -> None:
    expression = parse(text)
    assert evaluate(expression, VALUES) is holds
    assert parse(str(expression)) == expression


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "character 1: got the end, expected a name"),
        ("act", "character 4, after 'act': got the end, expected a comparison"),
        ("act=", "character 5, after 'act=': got the end"),
        ("act=relu) and", "character 9, after 'act=relu': got '\\)', expected an operator"),
        ("(act=relu", "got the end, expected '\\)'"),
        ("0.1 < lr < 1", "write a < b and b < c"),
        ("lr = 1 $", "character 8, after 'lr = 1': got '\\$'"),
        ("act = 'relu", "expected a closing '"),
        ("act ~", "expected a pattern"),
        ("hidden = 64,64", "got ','.*quotes around texts"),
        ("act in relu", "expected '\\('"),
        ("act in (relu and", "expected '\\)'"),
        ("act in (lr+1)", "got '\\+'"),
        ("act in (-lr)", "expected a number, a word"),
        ("act not relu", "expected 'in'"),
        ("act is relu", "expected 'none'"),
        ("not act", "expected a comparison"),
        ("(act=relu) + 1 = 2", "expected 'and', 'or' or the end"),
        ("lr = 1e999", "expected a number below"),
        ("lr<1 " * 500, "2500 characters: expected at most 2000"),
        ("(" * 100 + "lr<1", "at most 15 levels"),
        ("not " * 100 + "lr<1", "at most 15 levels"),
        ("lr<" + "-" * 100 + "1", "at most 15 levels"),
        ("lr" + "+1" * 200 + "<1", "at most 30 arithmetic"),
    ],
)
def test_nonsense_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("act < 3", "order of the text 'relu' and the number 3"),
        ("lr >= '3'", "order of the text '3' and the number 0.01"),
        ("act + 1 = 2", "computes with the text 'relu'"),
        ("-act = 2", "computes with the text 'relu'"),
        ("actt = relu", "unknown name 'actt' \\(did you mean 'act'\\?\\)"),
        ("lr < relu", "unknown name 'relu'.*in quotes"),
    ],
)
def test_what_has_no_answer_is_said(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        evaluate(parse(text), VALUES)


def test_a_number_too_large_for_arithmetic_is_said() -> None:
    with pytest.raises(UsageError, match="above"):
        evaluate(parse("a + 1 > 0"), {"a": 10**400})


def test_names_come_once_in_the_order_of_the_text() -> None:
    found = names(parse("b<1 and a in (c) or not (b*d > -e) and f is none and g=h and i=(j)"))
    assert found == ("b", "a", "d", "e", "f", "g", "i", "j")


def test_a_long_chain_is_not_nested() -> None:
    assert evaluate(parse(" or ".join(["lr>1"] * 200)), VALUES) is False
    assert evaluate(parse(" and ".join(["lr<1"] * 200)), VALUES) is True
    for part in ("not lr>1", "(lr<1)", "-lr<1", "not (-lr>1)"):
        assert evaluate(parse(" and ".join([part] * 60)), VALUES) is True


WORDS = st.from_regex(r"[a-z_][a-z0-9_.:]{0,8}", fullmatch=True).filter(
    lambda word: word not in ("and", "or", "not", "in", "is")
)
NUMBERS = st.one_of(
    st.integers(-(10**17), 10**17), st.floats(allow_nan=False, allow_infinity=False)
).map(Number)
TEXTS = st.text(max_size=12).map(Text)
OPERANDS: st.SearchStrategy[Operand] = st.recursive(
    st.one_of(WORDS.map(Name), NUMBERS, TEXTS),
    lambda inner: st.one_of(
        inner.filter(lambda node: not isinstance(node, Number)).map(Minus),
        st.builds(Arithmetic, st.sampled_from("+-*/"), inner, inner),
    ),
    max_leaves=6,
)
CONDITIONS: st.SearchStrategy[Expression] = st.recursive(
    st.one_of(
        st.builds(Compare, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), OPERANDS, OPERANDS),
        st.builds(Compare, st.just("~"), OPERANDS, TEXTS),
        st.builds(
            In, OPERANDS, st.lists(st.one_of(NUMBERS, TEXTS), min_size=1, max_size=3).map(tuple)
        ),
        st.builds(IsNull, OPERANDS),
    ),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=300)
@given(CONDITIONS)
def test_a_printed_condition_reads_back(expression: Expression) -> None:
    text = str(expression)
    if len(text) <= 2000:
        assert parse(text) == expression


ALPHABET = st.sampled_from(
    [*"abx019.:_'\"()<>=!~+-*/, \n", "and ", " or ", "not ", " in (", "is none"]
)


@settings(deadline=None, max_examples=500)
@given(st.one_of(st.text(max_size=40), st.lists(ALPHABET, max_size=20).map("".join)))
@example("\N{ARABIC-INDIC DIGIT ONE}=1")
@example("a=1\0")
def test_no_text_does_more_than_a_usage_error(text: str) -> None:
    try:
        expression = parse(text)
    except UsageError:
        return
    assert parse(str(expression)) == expression
    with contextlib.suppress(UsageError):
        assert evaluate(expression, dict.fromkeys(names(expression), 1.5)) in (True, False)


ORDERS = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
SMALL = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, 1e-3, 2.5, -1.5]))


@settings(deadline=None, max_examples=300)
@given(SMALL, SMALL, SMALL, st.lists(st.sampled_from(sorted(ORDERS)), min_size=3, max_size=3))
def test_comparisons_agree_with_python(a: float, b: float, c: float, signs: list[str]) -> None:
    values = {"a": a, "b": b, "c": c}
    first, second, third = signs
    text = f"(a {first} (b) or not b {second} {c}) and a + b * 2 - c {third} -(c / 4)"
    expected = (ORDERS[first](a, b) or not ORDERS[second](b, c)) and ORDERS[third](
        a + b * 2 - c, -(c / 4)
    )
    assert evaluate(parse(text), values) == expected


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 2**32))
def test_arithmetic_agrees_with_python(seed: int) -> None:
    """Random sums and products of random shape, by Python's own precedence."""
    draw = random.Random(seed)
    values = {name: draw.choice([-2.0, 0.5, 3.0]) for name in "abc"}

    def some(depth: int) -> str:
        if depth == 0 or draw.random() < 0.2:
            return draw.choice(["a", "b", "c", "2", "0.25"])
        form = draw.choice(["{} + {}", "{} - {}", "{} * {}", "({} + {})", "({} - {})", "-{} * {}"])
        return form.format(some(depth - 1), some(depth - 1))

    text = some(4)
    value = eval(text, {}, values)
    assert math.isfinite(value)
    expression = parse(f"{text} = {value!r}")
    # the same operations on the same floats in the same order: the same bits
    assert evaluate(expression, values)
    assert evaluate(parse(str(expression)), values)


def test_the_largest_seeds_are_whole_numbers() -> None:
    assert evaluate(parse(f"seed={2**63 - 1}"), {"seed": 2**63 - 1})
    assert not evaluate(parse(f"seed={2**63 - 1}"), {"seed": 2**63 - 2})
