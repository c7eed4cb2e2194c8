"""The grammar: what is read, and that hostile text is refused with a reason and at once."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nncli.formulas import activation, canonical, is_formula, loss, split_names
from nncli.formulas.grammar import CONSTANTS, FUNCTIONS, parse


def test_importing_the_package_loads_neither_sympy_nor_numba() -> None:
    code = (
        "import sys; from nncli.formulas import canonical; canonical('x * tanh(x)');"
        "print([m for m in ('sympy', 'numba', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("text", ["relu", "leaky_relu:0.2", "prelu:0.1:unit", " tanh ", "x", ""])
def test_names_are_no_formulas(text: str) -> None:
    assert not is_formula(text)


@pytest.mark.parametrize("text", ["x*2", "tanh(x)", "-x", "(x)", "p-y", "2"])
def test_formulas_are_told_from_names(text: str) -> None:
    assert is_formula(text)


def test_canonical_is_free_of_blanks_and_stable() -> None:
    assert canonical(" x * sigmoid( 1.702 * x )\n") == "x*sigmoid(1.702*x)"
    assert canonical("x*sigmoid(1.702*x)") == "x*sigmoid(1.702*x)"
    assert canonical("(p\n- y) ** 2", "loss") == "(p-y)**2"


def test_lists_are_split_outside_parentheses() -> None:
    assert split_names("max(x, 0.1*x), tanh,where(x>0,x,-x)") == [
        "max(x, 0.1*x)",
        "tanh",
        "where(x>0,x,-x)",
    ]
    assert split_names("relu,tanh") == ["relu", "tanh"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("x^2", "write ** for powers"),
        ("x*sigmod(x)", "unknown function 'sigmod'"),
        ("x*sigmod(x)", "did you mean 'sigmoid'"),
        ("x*w", "unknown name 'w'"),
        ("x*relu", "write relu(...)"),
        ("p-y", "the names x, z, pi, e"),
        ("x > 0", "outside where()"),
        ("x*(x > 0)", "outside where()"),
        ("where(x, 1, 2)", "expected a comparison by <, <=, > or >="),
        ("where(x == 0, 1, 2)", "expected a comparison by <, <=, > or >="),
        ("sigmoid(x, 2)", "sigmoid() has 2 plain arguments: expected 1"),
        ("max(x)", "max() has 1 plain arguments: expected 2 to 8"),
        ("exp(x=x)", "0 plain arguments and named ones"),
        ("x+", "cannot be read at character"),
        ("x y", "cannot be read"),
        ("", "cannot be read"),
        ("x//2", "cannot hold 'x // 2'"),
        ("x if x > 0 else 0", "cannot hold"),
        ("x and x", "cannot hold"),
        ("not x", "cannot hold"),
        ("1j*x", "cannot hold '1j'"),
        ("True*x", "cannot hold 'True'"),
        ("...", "cannot hold '...'"),
        ("x,x", "cannot hold"),
        ("exp(*x)", "cannot hold '*x'"),
        ("2", "does not depend on x"),
        ("x-x", "does not depend on x"),
        ("x**65", "the power 65 is too large: expected an exponent from -64 to 64"),
        ("x/0", "divides by zero"),
        ("log(-1)+x", "'log(-1)' is not a finite real number"),
        ("x + (-8)**(1/3)", "not a finite real number"),
        ("(-2)**x", "expected a base above 0"),
        ("sqrt(-x**2)", "not a real number"),
        ("sign(x)", "is 0 wherever there is one"),
        ("where(x > 0, 1, 0)", "is 0 wherever there is one"),
        ("x*1e400", "not a finite real number"),
    ],
)
def test_slips_are_refused_with_the_reason(text: str, part: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        activation(text)
    assert part in str(caught.value)


def test_a_loss_holds_prediction_and_target() -> None:
    with pytest.raises(ValueError, match="does not depend on y"):
        loss("p**2")
    with pytest.raises(ValueError, match="does not depend on p: expected both p and y"):
        loss("y**2 + p - p")
    with pytest.raises(ValueError, match="unknown name 'x'"):
        loss("x - y")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('x')",
        "().__class__.__bases__[0]",
        "x.__class__",
        "x.real",
        "lambda: x",
        "(lambda x: x)(x)",
        "f'{x}'",
        "'x'*9",
        "b'x'",
        "[x for x in (1,2)]",
        "{x}",
        "{x: x}",
        "(x := 2)",
        "x[0]",
        "eval(x)",
        "exec(x)",
        "open(x)",
        "__import__(x)",
        "print(x)",
        "getattr(x, x)",
        "max(x, x, key=exp)",
        "tanh(p, base=y) + tanh(x, **x)",
        "exp(x)(x)",
        "await x",
        "yield x",
        "x; x",
        "x # y",
        "x\\\n+1",
        "\uff58*2",  # a wide x, which Python takes for x
        "\U0001d431*2",
        "x\0",
        "x*²",
        "x@x",
        "x|x",
        "~x",
        "x<<2",
        "0x" + "f" * 400 + "*x",
        "9**9**9**9 + x",
        "x**10**10",
        "x**1e9",
        "((x**64)**64)**64",
        "x**64*x**64*x**64*x**64*x**64",
        "9" * 490 + "*x",
        "x*1" + "0" * 400,
        "-" * 499 + "x",
        "+".join("x" * 250),
        "exp(" * 60 + "x" + ")" * 60,
        "x" * 501,
        "(" * 499,
    ],
)
def test_hostile_texts_are_refused(text: str) -> None:
    for make in (activation, loss):
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            make(text)
        assert len(str(caught.value)) > 20


def test_only_listed_nodes_pass_the_grammar() -> None:
    tree = parse("where(-1 < x <= pi, max(x, 1.5)**2, -e/x)", "activation")
    kinds = {type(node).__name__ for node in ast.walk(tree)}
    assert kinds == {
        *("BinOp", "UnaryOp", "Call", "Compare", "Name", "Constant", "Load"),
        *("Div", "Pow", "USub", "Lt", "LtE"),
    }


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        ("exp(", ")", 39),
        ("tan(", ")", 39),
        ("relu(1-", ")", 19),
        ("max(x,", ")", 39),
        ("min(x,", ")", 39),
        ("where(0<x<1,1,", ")", 30),
        ("where(x>1,x,1-", ")", 19),
        ("x**(", ")", 39),
        ("x/(1+", ")", 19),
        ("sigmoid(x*", ")", 19),
        ("abs(x-", ")", 19),
        ("log(1+exp(", "))", 12),
        ("(1+", ")**64", 19),
    ],
)
def test_deep_formulas_do_not_grow_out_of_bounds(start: str, end: str, count: int) -> None:
    """An expression that were written twice at each level would have a million terms or more."""
    assert activation(start * count + "x" + end * count).name


def test_no_power_of_a_sum_is_expanded() -> None:
    """SymPy would, with a million terms, to learn whether a hyperbolic function of it is real."""
    sums = "(7-where(y<=9,2,p)+max(3-y,3)-erf(p)**3*sigmoid(y)-log(p)*sin(y)-atan(p*y))**64"
    for name in FUNCTIONS:
        if FUNCTIONS[name] == (1, 1) and name != "sign":
            assert loss(f"{name}({sums})*cosh({sums})").name


WORDS = [*FUNCTIONS, *CONSTANTS, "x", "x", "x", "p", "y", "0", "1", "2.5", "1e300", "64", "lambda"]
SIGNS = ["+", "-", "*", "/", "**", "(", ")", ",", "<", ">=", " ", ".", "=", "if ", "^", "[", "'"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(WORDS + SIGNS), max_size=30).map("".join) | st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for make in (activation, loss):
        try:
            made = make(text)
        except ValueError:
            continue
        assert make(made.name) is made


def expressions() -> st.SearchStrategy[str]:
    """Return formulas that the grammar takes, most of which can be differentiated too."""
    leaf = st.sampled_from(["x", "x", "0.5", "2", "3", "pi", "1e-3"])
    one = sorted(name for name, (least, most) in FUNCTIONS.items() if most == 1)
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
            st.builds("{}({})".format, st.sampled_from(one), inner),
            st.builds("({})**{}".format, inner, st.sampled_from(["2", "3", "0.5", "(-1)", "x"])),
            st.builds("where({} > {}, {}, {})".format, inner, inner, inner, inner),
            st.builds("max({}, {})".format, inner, inner),
        ),
        max_leaves=8,
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(expressions())
def test_well_formed_formulas_are_made_or_refused_with_a_reason(text: str) -> None:
    try:
        made = activation(text)
    except ValueError:
        return
    assert list(made.kinks) == sorted(made.kinks)
