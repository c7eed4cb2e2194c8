"""Conditions select in SQL the runs for which ``predicates.evaluate`` says yes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from finding_samples import record, samples
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.dialects import postgresql, sqlite

from nncli.errors import StoreError, UsageError
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
    Or,
    Text,
    evaluate,
    parse,
)
from nncli.predicates.grammar import LONGEST
from nncli.store.finding import Query, ReportStore
from nncli.store.finding.conditions import condition_of
from nncli.store.finding.operands import Operands
from nncli.store.schema import runs

NUMBERS = (
    *("run", "lr", "momentum", "epochs", "parameters", "best_epoch", "seconds_train", "test_loss"),
    *("val_loss", "best_val_loss", "val_accuracy:best", "val_error", "train_loss:last"),
    *("train_loss:min", "train_loss:max", "val_error:min", "dead_frac", "dead_frac:min"),
    *("grad_norm:mean", "act_std:max", "early_stop", "eps_inside", "bn_input", "git_dirty"),
    "no_header",
)
TEXTS = ("act", "hidden", "name", "note", "status")
WHOLE = ("run", "epochs", "parameters", "best_epoch", "early_stop", "eps_inside", "git_dirty")

number_names = st.sampled_from(NUMBERS).map(Name)
text_names = st.sampled_from(TEXTS).map(Name)
some_numbers = st.one_of(
    st.sampled_from([0, 1, 3, 0.01, 0.5, -1.5, 0.25, 64, 32.0, 0.00031622776601683794, 2**40 + 1]),
    st.integers(-(10**17), 10**17),
    st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda each: abs(each) > 1e-9),
).map(Number)
some_texts = st.one_of(
    st.sampled_from(
        ["relu", "64", "64.0", " 64 ", "6_4", "inf", "true", "False", "nan", "it's; --", "a%b_c"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
).map(Text)
#: Texts that SQL and Python read as the same number, or that neither does.
compared_texts = some_texts.filter(lambda each: "_" not in each.value and _plain(each.value))
patterns = st.text(st.sampled_from("*?[]!-^rexlu6410.,aé'%_\\n"), max_size=7).map(Text)

arithmetic = st.recursive(
    st.one_of(number_names, some_numbers.filter(lambda each: abs(each.value) < 1e9)),
    lambda inner: st.one_of(
        st.builds(Arithmetic, st.sampled_from("+-*/"), inner, inner), st.builds(Minus, inner)
    ),
    max_leaves=4,
)
orders = st.sampled_from(["<", "<=", ">", ">="])
equals = st.sampled_from(["=", "!="])
leaves = st.one_of(
    st.builds(Compare, orders, st.one_of(number_names, arithmetic), arithmetic),
    st.builds(Compare, orders, some_numbers, number_names),
    st.builds(Compare, orders, text_names, some_texts),
    st.builds(Compare, orders, text_names, text_names),
    st.builds(Compare, equals, arithmetic, arithmetic),
    st.builds(Compare, equals, number_names, compared_texts),
    st.builds(Compare, equals, text_names, st.one_of(some_numbers, some_texts, arithmetic)),
    st.builds(
        Compare, equals, st.just(Name("batch_size")), st.one_of(some_numbers, compared_texts)
    ),
    st.builds(Compare, equals, st.just(Name("seed")), some_numbers),
    st.builds(Compare, orders, st.just(Name("seed")), some_numbers),
    st.builds(
        In,
        st.one_of(number_names, text_names, st.just(Name("batch_size"))),
        st.lists(st.one_of(some_numbers, compared_texts), min_size=1, max_size=4).map(tuple),
    ),
    st.builds(IsNull, st.one_of(arithmetic, text_names, st.just(Name("batch_size")))),
    st.builds(
        Compare,
        st.just("~"),
        st.one_of(text_names, st.sampled_from([*WHOLE, "batch_size"]).map(Name)),
        patterns,
    ),
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=4,
)


def _plain(text: str) -> bool:
    """Say whether a text is a number to Python alone by no rule that only Python has."""
    return text.isascii() or not any(sign.isdigit() or sign.isspace() for sign in text)


def expected(tree: Expression, records: Mapping[int, Mapping[str, Any]]) -> set[int]:
    return {run_id for run_id, values in records.items() if evaluate(tree, values)}


def test_sql_selects_what_evaluate_does(store_of_runs: ReportStore, target: Any) -> None:
    store, on_server = store_of_runs, isinstance(target, str)
    records = {number: record(number, each) for number, each in enumerate(samples(), 1)}

    @settings(max_examples=150 if on_server else 500, suppress_health_check=list(HealthCheck))
    @given(expressions)
    def check(tree: Expression) -> None:
        text = str(tree)
        assume(len(text) <= LONGEST)
        try:
            found = store.find(Query(("run",), where=text)).table["run"]
        except UsageError as error:
            # PostgreSQL's arithmetic ends at 1.8e308 and 2e-308
            if not on_server or "cannot be computed" not in str(error):
                raise
            return
        assert set(found) == expected(parse(text), records), text

    check()


MARK = "Zq9x"
marked_texts = st.text(st.sampled_from("'\";)(%:?$-*[]\\ aé"), max_size=5).map(
    lambda each: Text(MARK + each)
)
marked_numbers = st.integers(7_531_000, 7_531_999).map(Number)
marked = st.one_of(
    st.builds(Compare, st.sampled_from(["=", "!=", "<"]), text_names, marked_texts),
    st.builds(Compare, st.just("~"), text_names, marked_texts),
    st.builds(Compare, orders, number_names, marked_numbers),
    st.builds(Compare, orders, st.builds(Arithmetic, st.just("*"), number_names, marked_numbers),
              marked_numbers),
    st.builds(In, text_names, st.lists(marked_texts, min_size=1, max_size=3).map(tuple)),
    st.builds(Compare, st.just("="), text_names, marked_numbers),
    st.builds(Compare, equals, st.sampled_from(["tags", "batch_size"]).map(Name), marked_texts),
)  # fmt: skip


@settings(max_examples=200)
@given(st.recursive(marked, lambda inner: st.builds(Not, inner), max_leaves=2))
def test_nothing_a_user_writes_stands_in_the_sql(tree: Expression) -> None:
    for dialect in (sqlite.dialect(), postgresql.psycopg.dialect()):
        condition = condition_of(str(tree), Operands(dialect.name))
        compiled = select(runs.c.id).where(condition).compile(dialect=dialect)
        assert MARK not in str(compiled)
        assert "7531" not in str(compiled)
        bound = [str(value) for value in compiled.params.values()]
        assert any(MARK in value or "7531" in value for value in bound)


def test_nothing_a_user_writes_stands_in_what_is_executed(store_of_runs: ReportStore) -> None:
    executed: list[str] = []
    store_of_runs.list_runs(1)
    engine = store_of_runs._engine
    assert engine is not None

    @event.listens_for(engine, "before_cursor_execute")
    def remember(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        executed.append(statement)

    query = Query(
        ("run", "lr", "val_loss:max"),
        runs=("@Zq9x'; drop table runs; --",),
        where='name ~ "Zq9x\'*" or note = "Zq9x"',
        since="2020-07-31",
        statuses=("completed",),
        sort="-val_loss:max",
    )
    with pytest.raises(StoreError, match="has the tag"):
        store_of_runs.find(query)
    for runs_of in ((), ("night",), ("1-9", "@night")):
        store_of_runs.find(replace(query, runs=runs_of, limit=3))
    assert executed
    for statement in executed:
        assert not any(word in statement for word in (MARK, "2020", "night", "completed"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dead_frc < 1", "unknown field 'dead_frc' .did you mean 'dead_frac'"),
        ("learning_rate < 1", "did you mean 'lr'"),
        ("val_accuracy:bst > 0", "unknown statistic 'bst'.*did you mean 'best'"),
        ("dead_frac:last > 0", "unknown statistic 'last': choose one of max, mean, min"),
        ("lr:max > 0", "lr has one value a run"),
        ("test_loss:best > 0", "test_loss has one value a run"),
        ("act < 3", "asks for the order of the text act and the number 3"),
        ("3 < hidden", "asks for the order of the text hidden and the number 3"),
        ("lr > relu", "unknown field 'relu'"),
        ("lr > 'relu'", 'asks for the order of the text "relu" and the number lr'),
        ("act * 2 > 1", "computes with act, a text: expected a number"),
        ("lr * 'x' > 1", "computes with the text 'x'"),
        ("-act > 1", "-act computes with act, a text"),
        ("lr ~ 0.0*", "holds a pattern against lr, which is a number"),
        ("lr / 2 ~ 0.0*", "holds a pattern against lr / 2, which is a number"),
        ("tags = (name)", "compares tags with name"),
        ("tags + 1 > 2", "computes with tags, a text"),
        ("act=relu) and", "expected an operator"),
    ],
)
def test_mistakes_are_told_before_anything_is_read(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        condition_of(text, Operands("sqlite"))


def found(store: ReportStore, where: str) -> list[int]:
    return sorted(store.find(Query(("run",), where=where)).table["run"])


def where(holds: Callable[[dict[str, Any]], bool]) -> list[int]:
    each = [record(number, sample) for number, sample in enumerate(samples(), 1)]
    return [values["run"] for values in each if holds(values)]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("tags = night", lambda run: "night" in run["tags"]),
        ("tags != night", lambda run: "night" not in run["tags"]),
        ('tags in (day, "a\'b")', lambda run: "a'b" in run["tags"]),
        ("tags ~ n*t", lambda run: "night" in run["tags"]),
        ("not tags ~ n*t", lambda run: not run["tags"]),
        ("tags is none", lambda run: not run["tags"]),
        ("tags is not none and lr < 0.1", lambda run: run["tags"] and run["lr"] < 0.1),
        ("batch_size > 32", lambda run: run["batch_size"] == 64),
        ("batch_size = full", lambda run: run["batch_size"] == "full"),
        ("batch_size < 'g'", lambda run: run["batch_size"] == "full"),
        ("batch_size * 2 = 64", lambda run: run["batch_size"] == 32),
        ("batch_size + 1 is none", lambda run: run["batch_size"] in (None, "full")),
        ("val_loss = inf", lambda run: run["val_loss"] == math.inf),
        ("val_loss != inf", lambda run: run["val_loss"] != math.inf),
        ("val_loss < -1e300", lambda run: run["val_loss"] == -math.inf),
        ("val_loss is none", lambda run: run["val_loss"] is None),
        ("val_loss - val_loss is none", lambda run: run["val_loss"] is None),
        ("val_loss - val_loss = 0", lambda run: run["val_loss"] in (0.5, 0.0)),
        ("seed = 1152921504606846976", lambda run: False),  # the float 2^60, next to a seed
        ("seed > 1152921504606846976", lambda run: run["seed"] > 2**60),
        ("seed < 9223372036854775808", lambda run: True),
        ("seed = 9223372036854775807", lambda run: run["seed"] == 2**63 - 1),
        ("seed >= 9223372036854774784", lambda run: run["seed"] == 2**63 - 1),
    ],
)
def test_what_evaluate_leaves_open(
    store_of_runs: ReportStore, text: str, holds: Callable[[dict[str, Any]], bool]
) -> None:
    assert found(store_of_runs, text) == where(holds)


def test_arithmetic_beyond_the_largest_number(store_of_runs: ReportStore, target: Any) -> None:
    text = "(lr + 1e300) * 1e300 > 1"
    if isinstance(target, str):
        with pytest.raises(UsageError, match=r"cannot be computed .*expected numbers below"):
            found(store_of_runs, text)
    else:
        assert found(store_of_runs, text) == where(lambda run: True)


def test_text_no_database_takes(store_of_runs: ReportStore) -> None:
    assert found(store_of_runs, 'name = "a\0b" or name ~ "\0*" or act < "\ud800" and lr < 0') == []
