"""The chain rule on computation graphs, against hand calculation, SymPy and rules made wrong."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nncli.errors import UsageError
from nncli.gradcheck import graph_rules
from nncli.gradcheck.graph import Graph, parse_at, trace
from nncli.gradcheck.graph_rules import FUNCTIONS, RULES
from nncli.gradcheck.graph_text import lines

EXACT = 1e-12
"""Relative, of adjoints against formulas: ten roundings of 1e-16, with room for conditions."""


def adjoints(graph: Graph) -> dict[str, float]:
    return {node.label: node.adjoint for node in graph.nodes}


def test_the_worked_example() -> None:
    """f = ((a + b) c)^2: with u = a + b, v = u c the derivatives are 2v, 2v c, 2v u."""
    graph = trace("((a+b)*c)**2", parse_at("a=2,b=-1,c=3"))
    found = graph.to_json()
    assert list(found) == ["nodes"]
    assert all(list(node) == ["node", "value", "adjoint", "numeric"] for node in found["nodes"])
    assert [(node["node"], node["value"], node["adjoint"]) for node in found["nodes"]] == [
        ("((a+b)*c)**2", 9, 1),
        ("(a+b)*c", 3, 6),
        ("c", 3, 6),
        ("a+b", 1, 18),
        ("b", -1, 18),
        ("a", 2, 18),
    ]
    for node in found["nodes"]:
        # Extrapolated central differences of a polynomial: rounding of f over the step, 1e-12.
        assert node["numeric"] == pytest.approx(node["adjoint"], rel=1e-10)
    assert graph.passed
    assert graph.value == 9


def test_every_edge_has_its_local_derivative() -> None:
    graph = trace("((a+b)*c)**2", {"a": 2.0, "b": -1.0, "c": 3.0})
    nodes = {node.name: node for node in graph.nodes}
    assert nodes["v2"].inputs == ("v1", "c")
    assert nodes["v2"].derivatives == (3.0, 1.0)
    assert nodes["v3"].inputs == ("v2",)
    assert nodes["v3"].derivatives == (6.0,)
    assert (nodes["v2"].local, nodes["v2"].text) == ("v1*c", "(a+b)*c")


def test_a_name_used_twice_is_one_node_with_two_paths() -> None:
    graph = trace("u=a*b; v=u+a; v**2", {"a": 2.0, "b": 3.0})
    assert [node.name for node in graph.nodes] == ["a", "b", "u", "v", "v1"]
    assert adjoints(graph) == {"v**2": 1, "v": 16, "u": 16, "b": 32, "a": 64}
    assert len(graph.nodes[0].edges) == 2
    assert len(trace("(a+b)*(a+b)", {"a": 1.0, "b": 2.0}).nodes) == 4
    assert adjoints(trace("a*a", {"a": 3.0}))["a"] == 6
    assert len(trace("u=a+1; v=a+1; u*v", {"a": 1.0}).nodes) == 3
    assert trace("a*b+a*1", {"a": 2.0, "b": 3.0}).value == 8  # b is node 1, and not the number


def test_several_outputs_give_the_sum_over_the_paths_to_all() -> None:
    at = {"a": 2.0, "b": 3.0}
    together = trace("u=a*b; u**2, u+a, u", at)
    parts = [trace(f"u=a*b; {output}", at) for output in ("u**2", "u+a", "u")]
    assert together.value == sum(part.value for part in parts)
    for name in ("a", "b", "u"):
        assert adjoints(together)[name] == sum(adjoints(part)[name] for part in parts)
    assert together.passed
    assert adjoints(trace("a*b, a*b", at)) == {"a*b": 2, "a": 6, "b": 4}
    assert trace("v1=a*b; a+v1", at).nodes[-1].name == "v2"  # v1 is taken


def test_the_2_2_1_network_by_its_literal_formulas() -> None:
    """Hidden sigmoid f, output g = tanh, L = (y^ - y)^2: each weight's gradient written out."""
    at = parse_at(
        "x1=0.5,x2=-1.2,w11=0.3,w21=-0.8,w12=1.1,w22=0.4,c1=0.1,c2=-0.2,v1=0.7,v2=-0.6,y=1"
    )
    graph = trace(
        "h1=sigmoid(w11*x1+w21*x2+c1); h2=sigmoid(w12*x1+w22*x2+c2); p=tanh(v1*h1+v2*h2); (p-y)**2",
        at,
    )
    h = [
        1 / (1 + math.exp(-(at[f"w1{k}"] * at["x1"] + at[f"w2{k}"] * at["x2"] + at[f"c{k}"])))
        for k in (1, 2)
    ]
    p = math.tanh(at["v1"] * h[0] + at["v2"] * h[1])
    d_s = 2 * (p - at["y"]) * (1 - p**2)
    expected = {"v1": d_s * h[0], "v2": d_s * h[1]}
    for k in (1, 2):
        d_z = d_s * at[f"v{k}"] * h[k - 1] * (1 - h[k - 1])
        expected |= {f"w1{k}": d_z * at["x1"], f"w2{k}": d_z * at["x2"], f"c{k}": d_z}
    found = adjoints(graph)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=EXACT), name
    assert graph.passed


def expressions() -> st.SearchStrategy[str]:
    """Smooth expressions of a, b and c, positive numbers, so that all are in their domains."""
    leaves = st.sampled_from(["a", "b", "c", "2", "0.5", "a", "b"])
    sign = st.sampled_from("+*/")
    whole = st.sampled_from(["exp(-({}))", "log(1+{})", "sqrt({})", "sin({})**2", "tanh({})"])
    more = st.sampled_from(["sigmoid({})", "({})**3", "({})**-1.5", "cos({})**2+1", "({})**a"])
    return st.recursive(
        leaves,
        lambda inner: (
            st.builds("({}){}({})".format, inner, sign, inner)
            | st.builds(str.format, whole | more, inner)
        ),
        max_leaves=6,
    )


@settings(max_examples=60, deadline=None)
@given(expressions())
def test_sympy_agrees(text: str) -> None:
    at = {"a": 0.7, "b": 1.3, "c": 0.4}
    used = {name: value for name, value in at.items() if name in set(text.replace("cos", ""))}
    try:
        graph = trace(text, used)
    except UsageError:
        assume(False)
    weights = [abs(node.adjoint) for node in graph.nodes]
    assume(min(weights) > 1e-6 and max(weights) < 1e6)  # else cancellation is what is compared
    names = {"sigmoid": lambda x: 1 / (1 + sympy.exp(-x))}
    formula = sympy.sympify(text, locals=names)
    for name, found in adjoints(graph).items():
        if name in used:
            exact = formula.diff(sympy.Symbol(name)).evalf(30, subs=used)
            # Condition numbers of these graphs multiply to 1e4 or so.
            assert found == pytest.approx(float(exact), rel=1e-10)
    assert graph.passed


@settings(max_examples=60, deadline=None)
@given(expressions())
def test_the_text_of_a_node_means_the_node(text: str) -> None:
    at = {"a": 0.7, "b": 1.3, "c": 0.4}
    try:
        graph = trace(f"a+b+c+({text})", at)
    except UsageError:
        assume(False)
    values = {"a": 0.7, "b": 1.3, "c": 0.4, **{n: getattr(np, n) for n in ("exp", "log", "sqrt")}}
    values |= {n: getattr(np, n) for n in ("sin", "cos", "tanh")}
    values["sigmoid"] = lambda x: 1 / (1 + np.exp(-x))
    for node in graph.nodes:
        # The sigmoid is written in another way here: some roundings.
        assert eval(node.text, {}, values) == pytest.approx(node.value, rel=1e-12)


POINTS = {
    **{"log": (0.7,), "sqrt": (0.7,), "relu": (0.7,), "/": (0.7, -1.3), "**": (0.7, 1.3)},
    **{"max": (0.7, 0.2), "min": (0.7, 0.2)},
}


def use_of(operation: str) -> tuple[str, dict[str, float]]:
    """Return an expression that uses an operation, and a place where its slopes are not special."""
    numbers = POINTS.get(operation, (0.7, 1.3) if len(RULES[operation].slopes) > 1 else (-0.7,))
    names = [f"x{k}" for k in range(len(numbers))]
    if operation in FUNCTIONS:
        text = f"{operation}({','.join(names)})"
    else:
        text = "-x0" if operation == "negative" else operation.join(names)
    return text, dict(zip(names, numbers, strict=True))


@pytest.mark.parametrize("operation", RULES)
def test_every_rule_is_right(operation: str) -> None:
    assert trace(*use_of(operation)).passed


@pytest.mark.parametrize("power", [-101, -3, -2, -1, 0, 1, 2, 3, 101])
@pytest.mark.parametrize("base", [-1.25, 0.8])
def test_whole_powers_are_right_on_both_sides(power: int, base: float) -> None:
    graph = trace(f"a**{power}+a", {"a": base})
    assert adjoints(graph)["a"] == pytest.approx(power * base ** (power - 1) + 1, rel=EXACT)
    assert graph.passed


WRONG = {
    "sign": lambda d: -d - 1e-3,
    "factor": lambda d: 0.5 * d + 1e-4,
    "slightly": lambda d: 1.001 * d + 1e-4,
    "beyond central differences": lambda d: d + 1e-8,  # the complex step sees it
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("operation", RULES)
def test_every_wrong_rule_is_rejected(
    operation: str, wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = RULES[operation]
    for place in range(len(rule.slopes)):
        slopes = list(rule.slopes)
        slopes[place] = lambda *given, right=rule.slopes[place]: wrong(right(*given))
        monkeypatch.setitem(graph_rules.RULES, operation, replace(rule, slopes=tuple(slopes)))
        graph = trace(*use_of(operation))
        assert not graph.passed, place
        failed = {node.name for node in graph.nodes if not node.check.passed}
        assert failed <= {"x0", "x1"}  # what lies behind the wrong rule is right


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1.0, 1e3, 1e9])
@pytest.mark.parametrize("text", ["1/a", "log(a)", "a+1", "sqrt(a)", "a**3-a", "a*tanh(1/a)"])
def test_steps_follow_the_scale(text: str, scale: float) -> None:
    graph = trace(text, {"a": 1.7 * scale})
    assert graph.passed
    a = sympy.Symbol("a")
    exact = float(sympy.sympify(text).diff(a).evalf(30, subs={a: 1.7 * scale}))
    # a + 1 at 1e-12 and tanh(1/a) at 1e9 cancel: up to 1e-7 of accuracy is left in differences.
    assert graph.nodes[0].numeric == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize(
    ("text", "at", "sides"),
    [
        ("abs(a)", {"a": 0.0}, (-1, 1)),
        ("relu(3*a)", {"a": 0.0}, (0, 3)),
        ("max(a,2)", {"a": 2.0}, (0, 1)),
        ("min(a,b)**2", {"a": 3.0, "b": 3.0}, (6, 0)),
        ("u=a-1; abs(u)+u", {"a": 1.0}, (0, 2)),
    ],
)
def test_a_kink_is_reported_as_one(
    text: str, at: dict[str, float], sides: tuple[float, float]
) -> None:
    graph = trace(text, at)
    node = graph.nodes[0]
    # One-sided differences with a step of 2^-22 of the scale.
    assert node.check.kink == pytest.approx(sides, abs=1e-5)
    assert node.check.passed
    assert min(sides) <= node.adjoint <= max(sides)
    assert any("at a kink" in line for line in lines(graph, 200))
    moved = trace(text, {**at, "a": at["a"] + 1e-3})
    assert all(node.check.kink is None for node in moved.nodes)
    assert moved.passed


def test_what_only_looks_like_a_kink() -> None:
    """relu(a) - relu(-a) is a, smooth at 0; the chain rule fails there, and that is not passed."""
    graph = trace("relu(a)-relu(-a)", {"a": 0.0})
    assert graph.nodes[0].numeric == pytest.approx(1.0)
    assert not graph.passed
    for text in ("a**3", "a**2", "cos(a)", "exp(20*a)", "a*abs(a)"):
        assert trace(text, {"a": 0.0}).nodes[0].check.kink is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a/b", r"node v1 = 'a/b' is inf: expected a finite value"),
        ("a+1/(b*2)", r"node v2 = '1/\(b\*2\)' is inf"),
        ("a+log(b)", r"node v1 = 'log\(b\)' is -inf"),
        ("b+(-a)**0.5", r"'\(-a\)\*\*0.5' is nan"),
        ("a+sqrt(b)", r"the derivative of node v1 = 'sqrt\(b\)' by b is inf at b = 0"),
        ("b+(-a)**a", r"derivative of node v2 = '\(-a\)\*\*a' by a is nan"),
        ("a+b**1.5", r"node 'b' .* farther from the edge of its domain"),
        ("exp(a*800)+b", r"'exp\(a\*800\)' is inf"),
        ("a+b+1/0", r"'1/0' is inf"),
        ("a+b+9**9**9", r"'9\*\*387420489' is inf"),
        ("a+b+1e999", "too large"),
    ],
)
def test_what_is_not_finite_is_named(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        trace(text, {"a": 2.0, "b": 0.0})


HOSTILE = [
    "__import__('os').system('true')",
    *("a.__class__", "a.real", "a[0]", "open(a)", "eval(a)", "exp(*a)", "exp(x=a)", "(a:=2)"),
    *("lambda: a", "f'{a}'", "'a'*9", "[a]", "{a}", "(a for a in a)", "a if a else a", "not a"),
    *("True", "None", "1j", "a<2", "a and a", "a^2", "a//2", "a%2", "a@a", "~a", "a<<2", "..."),
    *(
        "import os",
        "del a",
        "pass",
        "a;a",
        "x=y=a; a",
        "a.b=a",
        "u+=a",
        "def f(): a",
        "a\nb=1",
        "a\\",
    ),
    *("(" * 390, "-" * 390 + "a", "a" + "**a" * 120, "a+" * 190 + "a", "a" * 401, "9" * 390 + "*a"),
    *(
        "µ+a",
        "a+\U0001d482",
        "a\0",
        "a#",
        "",
        "  ",
        "()",
        ";",
        "exp",
        "exp(a,a)",
        "max(a)",
        "exp()",
        "2*3",
        "a,2",
    ),
    *("a=1", "exp=a; a", "u=a; u=a", "unknown", "negative(a)"),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected|choose one of|write exp|parts to names"):
        trace(text, {"a": 1.0})


def test_names_are_matched_with_values() -> None:
    with pytest.raises(UsageError, match=r"'c' has no value: .*--at c=1"):
        trace("a*c", {"a": 1.0})
    with pytest.raises(UsageError, match=r"gives 'b' a value, but .* expected a=\.\.\."):
        trace("a*2", {"a": 1.0, "b": 2.0})
    with pytest.raises(UsageError, match=r"unknown function 'tan'.*did you mean 'tanh'"):
        trace("tan(a)", {"a": 1.0})


def test_values_are_read() -> None:
    assert parse_at("a=2,b=-1, c_1 = 1e-3") == {"a": 2.0, "b": -1.0, "c_1": 1e-3}
    for wrong in (
        "",
        "a",
        "a=",
        "a=x",
        "a=nan",
        "a=1e999",
        "a=1,a=2",
        "a=1,",
        "1=2",
        "é=1",
        "a=b=1",
    ):
        with pytest.raises(UsageError, match="expected"):
            parse_at(wrong)


def test_the_table_runs_from_the_back_to_the_front() -> None:
    graph = trace("u=a*b; v=u+a; v**2", {"a": 2.0, "b": 3.0})
    head, *rows = lines(graph, 100)
    assert head.split()[:5] == ["node", "value", "adjoint", "numeric", "check"]
    assert [row.split()[0] for row in rows] == ["v1", "v", "u", "b", "a"]
    assert rows[0].endswith("1: the output")
    assert rows[1].endswith("d_v1 * 2*v")
    assert rows[-1].endswith("ok     sum over 2 paths: d_u * b + d_v * 1")


@pytest.mark.parametrize("width", [10, 40, 60, 80, 200])
def test_the_table_keeps_to_its_width(width: int) -> None:
    graph = trace("exp(sin(a)*cos(b))+exp(sin(a)*cos(b)+a*b)/(1+exp(-a*b))", {"a": 0.3, "b": 2.0})
    assert max(map(len, lines(graph, width))) <= max(width, 16)
