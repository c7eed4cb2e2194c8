"""Plain SQL on every kind of database: what is read, and that nothing is written."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from store_samples import a_curve, a_run, layers_of
from sweep_samples import a_sweep, do, wanted

from nncli.errors import StoreError, UsageError
from nncli.store import NewRun, RunStore, Summary, SweepStore
from nncli.store.finding import PlainSql
from nncli.store.finding.plain_sql import BLOCK

PAGE = Path(__file__).parents[3] / "docs" / "sql.md"
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


def ask(target: str | Path, statement: str) -> list[tuple[Any, ...]]:
    with PlainSql(target, timeout=5) as database, database.ask(statement) as answer:
        return [tuple(row) for row in answer.rows]


@pytest.fixture
def filled(target: str | Path) -> str | Path:
    """A database with runs of two activations and seeds, a sweep, and a run that diverged."""
    with SweepStore(target) as store:
        sweep, _ = store.open_sweep(a_sweep())
        process = store.join_sweep(sweep.id)
        trial = wanted(1)
        store.claim(sweep.id, process, [trial])
        do(store, sweep, trial)
    with RunStore(target) as store:
        for seed in (0, 1):
            for act in ("relu", "tanh"):
                store.add_run(new(act, seed), "completed", a_curve(1, 9), layers=layers_of(1, 9),
                              summary=results(0.9 + seed / 100))  # fmt: skip
        store.add_run(new("relu", 2), "diverged", {**a_curve(1, 1), "train_loss": [math.nan]})
    return target


def new(act: str, seed: int) -> NewRun:
    spec = '{"act":"%s","opt":"adam","lr":0.1,"hidden":"64"}' % act  # noqa: UP031 (of braces)
    return a_run(spec=spec, seed=seed, tags=("night",))


def results(accuracy: float) -> Summary:
    return Summary(best_epoch=4, best_val_accuracy=accuracy, best_val_loss=0.1, val_loss=0.2)


def test_reading(filled: str | Path) -> None:
    with PlainSql(filled) as database:
        with database.ask("select id, act from runs_flat where lr > 0.05 order by id") as answer:
            assert answer.columns == ("id", "act")
            assert next(answer.rows) == (2, "relu")
        with database.ask("  -- a comment\n select '50%' as share") as answer:
            assert list(answer.rows) == [("50%",)]
        with database.ask("explain select 1") as answer:
            assert list(answer.rows)


def test_more_rows_than_a_block(filled: str | Path) -> None:
    numbers = "with recursive c(x) as (select 1 union all select x + 1 from c where x < 2500)"
    assert ask(filled, f"{numbers} select x from c") == [(x,) for x in range(1, 2501)]
    assert BLOCK < 2500


@pytest.mark.parametrize("query", QUERIES, ids=range(1, len(QUERIES) + 1))
def test_the_queries_of_the_page(query: str, filled: str | Path) -> None:
    assert ask(filled, query)


@pytest.mark.parametrize(
    "statement",
    [
        "delete from runs",
        "insert into tags values (1, 'x')",
        "update runs set name = 'x'",
        "drop table tags",
        "create table mine (a integer)",
        "commit",
        "select 1; delete from runs",
        "select 1; commit; delete from runs",
        "with gone as (delete from runs returning id) select * from gone",
        "explain analyze delete from runs",
        "select * from runs for update",
        "select 1 into mine",
        "copy runs to '/tmp/nncli-copied'",
        "vacuum",
        "set transaction read write",
    ],
)
def test_nothing_is_written(
    filled: str | Path,
    statement: str,
    execute: Callable[[str], list[tuple[Any, ...]]],
) -> None:
    before = execute("SELECT count(*), count(name) FROM runs")
    with pytest.raises(UsageError):
        ask(filled, statement)
    assert execute("SELECT count(*), count(name) FROM runs") == before
    assert not Path("/tmp/nncli-copied").exists()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("select val_acuracy from runs_flat", r"did you mean 'val_accuracy'"),
        ("select r.val_acuracy from runs_flat r", r"did you mean 'val_accuracy'"),
        ("select * from curve", r"did you mean 'curves'"),
        ("select opt from runs", r"opt\"? .*\(opt is a column of runs_flat\)"),
        ("select best_epoch from models", r"\(best_epoch is a column of runs\)"),
        ("select from where", r"the SQL cannot be executed: .*syntax error"),
        ("select 1; select 2", r"several statements were given|the SQL cannot be executed"),
        ("", "no SQL was given"),
        (";", "no SQL was given"),
    ],
)
def test_mistakes(filled: str | Path, statement: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ask(filled, statement)


def test_a_mistake_leaves_the_store_usable(filled: str | Path) -> None:
    with PlainSql(filled) as database:
        for _ in range(2):
            with pytest.raises(UsageError), database.ask("select nothing from nowhere"):
                pass
            with database.ask("select count(*) from runs") as answer:
                assert next(answer.rows) == (6,)


def test_what_goes_wrong_between_rows(filled: str | Path) -> None:
    """Some of a statement's mistakes show only where a row has it."""
    if isinstance(filled, str):
        statement = "select 1 / (3 - id) from runs order by id"
    else:
        statement = "select abs(-9223372036854775808 + (id < 3)) from runs order by id"
    with pytest.raises(UsageError, match=r"the SQL cannot be executed: .*(overflow|by zero)"):
        ask(filled, statement)


def test_a_missing_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no database at"):
        ask(tmp_path / "results.db", "select 1")
    assert not list(tmp_path.iterdir())


def test_a_database_of_another_program(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    with pytest.raises(StoreError, match="a database of another program"):
        ask(path, "select * from theirs")


def test_a_database_that_is_written_at_the_moment(path: Path) -> None:
    with RunStore(path) as store:
        store.add_run(a_run(), "completed")
        with store.transaction():
            store.add_run(a_run(), "completed")
            assert ask(path, "select count(*) from runs") == [(1,)]
        assert ask(path, "select count(*) from runs") == [(2,)]


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("select value from runs, json_each(spec) where key = 'lr'", [(0.01,)]),
        ("select name from pragma_table_info('runs') limit 1", [("id",)]),
        ("pragma page_size", [(4096,)]),
        ("select count(*) from sqlite_master where name = 'runs_flat'", [(1,)]),
        ("values (1) -- a comment", [(1,)]),
    ],
)
def test_what_only_sqlite_can(path: Path, statement: str, found: list[tuple[Any, ...]]) -> None:
    with RunStore(path) as store:
        store.add_run(a_run(), "completed")
    assert ask(path, statement) == found


def test_the_schema_is_not_written_either(path: Path) -> None:
    with RunStore(path) as store:
        store.add_run(a_run(), "completed")
    for statement in (
        "update sqlite_master set sql = ''",
        "pragma writable_schema = 1",
        "pragma page_size = 512",
    ):
        with pytest.raises(UsageError):
            ask(path, statement)


def test_bytes_that_are_no_text(path: Path) -> None:
    with RunStore(path) as store:
        store.add_run(a_run(), "completed")
    ((text,),) = ask(path, "select cast(x'61ff62' as text)")
    assert text == "a\N{REPLACEMENT CHARACTER}b"
