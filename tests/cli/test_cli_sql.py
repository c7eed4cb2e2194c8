"""``nncli sql``: formats, what fits a terminal, what is refused, the queries of docs/sql.md."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cli_fakes import Call, Outcome
from typer.testing import CliRunner

import nncli
from nncli.cli import app
from nncli.cli.app import load_command
from nncli.store import NewRun, RunStore, Summary

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sql.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.S)
VIEWS = ("runs_flat", "curves", "layers", "sweep_trials")


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A database with a few runs that a query can ask for."""
    path = tmp_path / "some.db"
    with RunStore(path) as store:
        for seed, name in enumerate(["plain", "esc\x1b[31m\nape", "漢字" * 30, None]):
            spec = json.dumps({"act": "relu", "lr": 0.1})
            new = NewRun(
                data="digits", data_hash="d", task="multiclass", seed=seed, spec=spec,
                spec_hash=f"s{seed}", name=name,
            )  # fmt: skip
            store.add_run(new, "completed", summary=Summary(val_loss=1 / 3, best_epoch=seed))
    return str(path)


def ask(database: str, *args: str, columns: int = 80, stdin: str | None = None) -> Outcome:
    result = CliRunner().invoke(
        app, ["sql", *args, "--db", database], env={"COLUMNS": str(columns)}, input=stdin
    )
    return Outcome(result.exit_code, result.stdout, result.stderr)


def test_a_table(database: str) -> None:
    done = ask(database, "select id, name, val_loss, note from runs_flat where id in (1, 4)")
    assert done.code == 0
    assert done.out.splitlines() == [
        "id  name   val_loss  note",
        " 1  plain  0.333333  NULL",
        " 4  NULL   0.333333  NULL",
    ]


@pytest.mark.parametrize("columns", [40, 80, 160])
@pytest.mark.parametrize(
    "query", [f"select * from {view}" for view in VIEWS] + ["select * from runs"]
)
def test_everything_fits_the_terminal(database: str, query: str, columns: int) -> None:
    from rich.cells import cell_len

    done = ask(database, query, columns=columns)
    assert done.code == 0
    assert max(map(cell_len, done.out.splitlines()), default=0) <= columns
    assert "\x1b" not in done.out


def test_control_characters_are_shown(database: str) -> None:
    done = ask(database, "select name from runs where id = 2")
    assert done.out.splitlines()[1] == "esc\\x1b[31m\\nape"


def test_columns_that_cannot_fit_stand_below_each_other(database: str) -> None:
    done = ask(database, "select * from runs_flat where id = 1", columns=40)
    lines = done.out.splitlines()
    assert lines[0] == "row 1"
    assert re.fullmatch(r"id +1", lines[1])
    assert any(re.fullmatch(r"val_loss +0.333333", line) for line in lines)


def test_more_rows_than_are_measured_keep_the_columns(database: str) -> None:
    counting = "with recursive c(x) as (select 1 union all select x + 1 from c where x < 1500)"
    done = ask(database, f"{counting} select x, 'n' || x as name from c")
    assert done.out.splitlines()[1500] == "1500  n1500"


def test_csv_and_json_have_all_digits(database: str) -> None:
    query = "select id, name, val_loss, note, val_loss from runs_flat where id in (2, 4) order by 1"
    rows = list(csv.reader(io.StringIO(ask(database, query, "--format", "csv").out)))
    assert rows[0] == ["id", "name", "val_loss", "note", "val_loss"]
    assert rows[1] == ["2", "esc\x1b[31m\nape", str(1 / 3), "", str(1 / 3)]
    assert rows[2][1] == ""
    for flags in (["--json"], ["--format", "json"]):
        found = ask(database, query, *flags).json
        assert found["columns"] == ["id", "name", "val_loss", "note", "val_loss_2"]
        assert found["rows"][1] == {
            "id": 4, "name": None, "val_loss": 1 / 3, "note": None, "val_loss_2": 1 / 3
        }  # fmt: skip


def test_json_of_what_json_lacks(database: str) -> None:
    found = ask(database, "select 9e999 as a, x'0102' as b", "--json").json
    assert found["rows"] == [{"a": None, "b": "<2 bytes>"}]


def test_nothing_found(database: str) -> None:
    done = ask(database, "select id, name from runs where id = 77")
    assert (done.code, done.out, done.err) == (0, "id  name\n", "no rows\n")
    assert ask(database, "select id from runs where 0", "--json").json == {
        "columns": ["id"], "rows": []
    }  # fmt: skip


def test_a_query_from_standard_input(database: str) -> None:
    done = ask(database, "-", stdin="select count(*) as n\nfrom runs\n;\n")
    assert done.out.split() == ["n", "4"]


def test_a_query_that_begins_with_a_comment(database: str) -> None:
    query = "-- best runs\nselect count(*) as n from runs"
    for words in ((query,), ("--format", "csv", query), ("--", query)):
        result = CliRunner().invoke(app, ["sql", "--db", database, *words])
        assert (result.exit_code, result.stdout.split()) == (0, ["n", "4"]), result.stderr
    unknown = ask(database, "select 1", "--fromat", "csv")
    assert "did you mean '--format'?" in unknown.err
    spaced = CliRunner().invoke(app, ["sql", "select 1", "--db=no such folder/a.db"])
    assert spaced.exit_code == 4


def test_bytes_that_are_not_utf_8(database: str) -> None:
    done = ask(database, "select 1\udcff")
    assert (done.code, "the SQL has bytes that are not UTF-8: select 1\\udcff" in done.err) == (
        2,
        True,
    )
    process = subprocess.run(
        program("sql", "-", "--db", database), input=b"select '\xff'", capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},
    )  # fmt: skip
    assert process.returncode == 2
    assert b"standard input has bytes that are not UTF-8" in process.stderr


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select zeroblob(2000000000)", "the SQL cannot be executed: string or blob too big"),
        ("select val_acuracy from runs_flat", "no such column: val_acuracy (did you mean 'val_ac"),
        ("select * from run_flat", "no such table: run_flat (did you mean 'runs_flat'?)"),
        ("selec 1", 'near "selec": syntax error'),
        ("select 1; select 2", "several statements were given"),
        ("select ?", "expected values in the place of ?"),
        ("  ;", "no SQL was given"),
        ("delete from runs", "this would change the database"),
        ("update runs set name = 'x'", "this would change the database"),
        ("drop view runs_flat", "this would change the database"),
        ("attach 'other.db' as other", "this would change the database"),
        ("vacuum into 'other.db'", "this would change the database"),
        ("pragma query_only = 0", "this would change the database"),
        ("pragma journal_mode = delete", "this would change the database"),
        ("create temp table t (a)", "this would change the database"),
        ("begin immediate", "this would change the database"),
    ],
)
def test_what_is_refused(
    database: str, query: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = ask(database, query)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert message in done.err
    assert not (tmp_path / "other.db").exists()
    assert (
        ask(database, "select count(*) as n from runs where name = 'plain'").out.split()[1] == "1"
    )


def test_sqlite_itself_is_read_only(database: str) -> None:
    """Also without the authorizer, which refuses what would write before it is executed."""
    import sqlite3

    from nncli.store.finding.plain_sql import connect_read_only

    connection = connect_read_only(Path(database), 1.0)
    connection.execute("PRAGMA query_only = 0")
    with pytest.raises(sqlite3.OperationalError, match="readonly database"):
        connection.execute("DELETE FROM runs")
    connection.close()


def test_formats_and_missing_databases(database: str, call: Call) -> None:
    assert "unknown format 'xml'" in ask(database, "select 1", "--format", "xml").err
    both = ask(database, "select 1", "--format", "csv", "--json")
    assert (both.code, "expected one of the two" in both.err) == (2, True)
    missing = ask("nowhere.db", "select 1", "--json")
    assert missing.code == 4
    assert missing.json["exit_code"] == 4
    assert not Path("nowhere.db").exists()


def program(*args: str) -> list[str]:
    code = "import importlib, sys\napp = importlib.import_module('nncli.cli.app')\napp.main()"
    return [sys.executable, "-c", code, *args]


def test_ctrl_c_ends_a_query(database: str) -> None:
    endless = (
        "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"
    )
    process = subprocess.Popen(
        program("sql", endless, "--db", database),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not _works_in_sqlite(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "error: interrupted\n")


def _works_in_sqlite(pid: int) -> bool:
    """Say whether a process has the database open and has used a second of the processor."""
    try:
        opened = [os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir()]
        used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11]
    except OSError:
        return False
    ticks = os.sysconf("SC_CLK_TCK")
    return any(name.endswith("some.db") for name in opened) and int(used) > 2 * ticks


def test_a_reader_that_has_enough(database: str) -> None:
    endless = "with recursive c(x) as (select 1 union all select x + 1 from c) select x from c"
    process = subprocess.Popen(
        program("sql", endless, "--db", database, "--format", "csv"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    assert [process.stdout.readline() for _ in range(3)] == ["x\n", "1\n", "2\n"]
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(60) == 0


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with a sweep in it, one of whose runs has diverged."""
    path = str(tmp_path_factory.mktemp("swept") / "results.db")
    nncli.sweep(
        "iris", db=path, act=["relu", "tanh"], opt=["sgd", "adam"], lr=[0.02, 0.1], seeds=2,
        epochs=12, hidden=[8], diagnose=True,
    )  # fmt: skip
    nncli.train("iris", db=path, opt="sgd", lr=1e30, epochs=3)
    return path


def test_the_page_has_ten_queries() -> None:
    assert len(QUERIES) == 10


@pytest.mark.parametrize("query", QUERIES, ids=range(1, len(QUERIES) + 1))
def test_a_query_of_the_page(query: str, swept: str) -> None:
    done = ask(swept, query, "--json")
    assert done.code == 0, done.err
    assert done.json["rows"], query
    assert all(any(v is not None for v in row.values()) for row in done.json["rows"])


@pytest.mark.parametrize("view", VIEWS)
def test_every_column_is_described(view: str, swept: str) -> None:
    section = re.search(rf"^## `{view}`.*?(?=^## )", PAGE, re.S | re.M)
    assert section is not None
    told = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", section[0], re.M)))
    columns = ask(swept, f"select * from {view} limit 1", "--json").json["columns"]
    assert sorted(told) == sorted(columns)


def test_the_frames_of_the_page(swept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = re.search(r"```python\n(.*?)```", PAGE, re.S)
    assert found is not None
    monkeypatch.setenv("NNCLI_DB", swept)
    names: dict[str, Any] = {}
    exec(compile(found[1], "sql.md", "exec"), names)
    assert all(len(names[each]) for each in ("runs", "curves", "layers"))


def test_help() -> None:
    command = load_command("sql")
    assert command.help.splitlines()[0] == "Query the database in SQL, read-only."
