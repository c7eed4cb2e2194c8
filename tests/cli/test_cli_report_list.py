"""``nncli report`` as a list: what is shown at several widths, which runs, and in which form."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from cli_fakes import Call
from report_sample import EVIL, STEERING, add_run, make_sample

from nncli.metrics import METRICS

NNCLI = [sys.executable, "-m", "nncli.cli"]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sample(tmp_path_factory.mktemp("sample") / "results.db")


@pytest.fixture
def listed(call: Call, sample: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call nncli report on the sample."""
    monkeypatch.setenv("NNCLI_DB", str(sample))
    return lambda *args, **options: call("report", *args, **options)


# How it looks

AT_40 = """\
all: data digits, hidden 256
run  status           val_
                  accuracy
                     :best
 17  stale               -
 16  completed      0.7000
 15  interrupted    0.6000
 14  failed              -
 13  diverged       0.5000
 12  completed      0.9000
no room for: name, act, opt, lr and 3
  more
6 of 17 runs; --limit N or --limit all
  shows more
"""

AT_80 = """\
all: data digits, hidden 256
run  name               status       act               opt      lr  val_accuracy
                                                                           :best
 17  -                  stale        relu              adam  0.001             -
 16  -                  completed    x*sigm....702*x)  sgd     0.5        0.7000
 15  -                  interrupted  relu              adam  0.001        0.6000
 14  \\x1b[2J=cmd\\ttab   failed       relu              adam  0.001             -
 13  <script...~^`*[x]  diverged     relu              adam  0.001        0.5000
 12  -                  completed    tanh              adam    0.1        0.9000
no room for: seed, tags, epochs
6 of 17 runs; --limit N or --limit all shows more
"""

AT_160 = """\
all: data digits, hidden 256
run  name                      status       act                 opt      lr  seed  val_accuracy  tags   epochs  val_loss  train_loss  seconds_train
                                                                                          :best                    :best       :last
 17  -                         stale        relu                adam  0.001     0             -  -      0/5            -           -              -
 16  -                         completed    x*sigmoid(1.702*x)  sgd     0.5     0        0.7000  -      5            0.3         0.2         0.25 s
 15  -                         interrupted  relu                adam  0.001     0        0.6000  -      3/5          0.5      0.3333         0.25 s
 14  \\x1b[2J=cmd\\ttab          failed       relu                adam  0.001     0             -  -      0/5            -           -              -
 13  <script>|\\_%&#${}~^`*[x]  diverged     relu                adam  0.001     0        0.5000  -      3/5          nan         nan         0.25 s
 12  -                         completed    tanh                adam    0.1     2        0.9000  night  5            0.3         0.2         0.25 s
6 of 17 runs; --limit N or --limit all shows more
"""  # noqa: E501


@pytest.mark.parametrize(("columns", "expected"), [(40, AT_40), (80, AT_80), (160, AT_160)])
def test_the_latest_runs(listed: Call, columns: int, expected: str) -> None:
    done = listed("--limit", "6", columns=columns)
    assert (done.code, done.out, done.err) == (0, expected, "")


def test_what_is_common_stands_above(listed: Call) -> None:
    assert listed("1-3").out.splitlines()[:4] == [
        "all: data digits, hidden 256, act relu, opt adam, lr 0.01, epochs 5, tags night,",
        "  completed",
        "run  seed  val_accuracy",
        "                  :best",
    ]


@pytest.mark.parametrize("columns", [40, 80, 160])
@pytest.mark.parametrize("args", [(), ("--by", "act"), ("--by", "act,lr", "--vs", "act=relu")])
def test_every_line_fits(listed: Call, columns: int, args: tuple[str, ...]) -> None:
    lines = listed(*args, columns=columns).out.splitlines()
    assert max(map(len, lines)) <= columns


def test_a_pipe_is_wide_and_plain(sample: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    command = [*NNCLI, "report", "--db", str(sample)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=True)
    assert "seconds_train" in done.stdout
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 160


def test_where_only_ascii_can_be_shown(sample: Path, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "80"}
    for args in (["--heat", "lr,act"], ["--curves"], []):
        command = [*NNCLI, "report", *args, "--db", str(sample)]
        done = subprocess.run(command, capture_output=True, env=env, check=True)
        assert done.stdout.isascii()


def test_a_reader_that_has_enough(sample: Path) -> None:
    command = f"{sys.executable} -m nncli.cli report --limit all --format csv --db {sample}"
    script = f"{command} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("run,")
    assert done.stdout.endswith("\n0\n")
    assert done.stderr == ""


def test_a_list_loads_nothing_that_it_does_not_need(sample: Path) -> None:
    code = (
        "import sys; from nncli.cli import app\n"
        f"app(['report', '--db', {str(sample)!r}], standalone_mode=False)\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert not loaded & {"pandas", "scipy", "numba", "matplotlib", "plotext", "rich", "pyarrow"}


# Which runs


def ids(text: str) -> list[int]:
    return [json.loads(line)["run"] for line in text.splitlines()]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["1", "3-5"], [5, 4, 3, 1]),
        (["@night", "--where", "act=tanh and lr<0.1"], [9, 8, 7]),
        (["--status", "failed,diverged"], [14, 13]),
        (["--status", "stale"], [17]),
        (["--best", "2"], [3, 2]),
        (["15", "16", "--best", "1", "--metric", "val_loss"], [16]),
        (["--sort", "-val_accuracy", "--limit", "3"], [3, 2, 6]),
        (["--sort", "run", "--limit", "2"], [1, 2]),
        (["--where", "act ~ x*"], [16]),
        (["--where", "val_loss:last > 100"], []),
    ],
)
def test_which_runs(listed: Call, args: list[str], expected: list[int]) -> None:
    assert ids(listed(*args, "--format", "jsonl").out) == expected


def test_programs_get_all_runs_and_people_the_latest(listed: Call) -> None:
    assert len(ids(listed("--format", "jsonl").out)) == 17
    assert len(listed("--json").json["runs"]) == 17
    assert len(listed("--json", "--limit", "3").json["runs"]) == 3
    assert listed("--json", "--limit", "3").json["total"] == 17


def test_columns_as_they_are_asked_for(listed: Call) -> None:
    done = listed("1", "13", "--columns", "run,lr,val_loss:last,note,hidden")
    assert done.out == (
        "run     lr  val_loss  note  hidden\n"
        "               :last\n"
        " 13  0.001       nan  -     256\n"
        "  1   0.01       0.3  -     256\n"
    )
    found = listed("13", "--columns", "run,val_loss:last", "--json").json["runs"]
    assert found == [{"run": 13, "val_loss:last": None, "nonfinite": {"val_loss:last": "nan"}}]


def test_one_run_alone_is_shown_in_full(listed: Call) -> None:
    assert listed("13").out.startswith("run 13 (<script>")
    assert "differs from the defaults" in listed("last").out
    assert listed("13", "--json").json["curve"][1]["nonfinite"] == {
        "train_loss": "inf",
        "val_loss": "inf",
    }
    assert listed("13", "--format", "csv").out.startswith("run,")
    assert listed("@night").out.startswith("all: ")
    assert listed("13-13").out.startswith("all: ")


def test_strings_of_other_people(listed: Call) -> None:
    rows = list(csv.reader(io.StringIO(listed("13", "14", "--format", "csv").out)))
    assert [row[rows[0].index("name")] for row in rows[1:]] == [STEERING, EVIL]
    assert [run["name"] for run in listed("13", "14", "--json").json["runs"]] == [STEERING, EVIL]
    assert "\x1b" not in listed("13", "14").out
    assert "<script" not in listed("13", "14", "--format", "md").out


# Files


@pytest.mark.parametrize("name", ["a.csv", "a.md", "a.tex", "a.json", "a.jsonl", "a.txt"])
def test_a_file_says_its_form_by_its_ending(listed: Call, name: str) -> None:
    done = listed("--best", "3", "-o", name)
    assert (done.code, done.out) == (0, "")
    forms = {"tex": "latex", "txt": "table"}
    form = forms.get(name[2:], name[2:])
    assert Path(name).read_text() == listed("--best", "3", "--format", form, columns=160).out
    assert list(Path().iterdir()) == [Path(name)]


def test_a_parquet_file(listed: Call) -> None:
    import pandas as pd

    assert listed("-o", "a.parquet").code == 0
    found = pd.read_parquet("a.parquet")
    assert found["run"].tolist() == list(range(17, 0, -1))
    assert found["act"].nunique() == 3


def test_a_file_that_cannot_be_written(listed: Call) -> None:
    done = listed("-o", "no/such/folder/a.csv")
    assert done.code == 1
    assert "no/such/folder/a.csv cannot be written (no such file or directory)" in done.err
    done = listed("-o", "a.xlsx")
    assert (done.code, done.out) == (2, "")
    assert "its ending says no format" in done.err


def test_a_file_is_replaced_whole_or_not_at_all(listed: Call) -> None:
    Path("a.csv").write_text("before")
    assert listed("--where", "nonsense=1", "-o", "a.csv").code == 2
    assert Path("a.csv").read_text() == "before"
    assert listed("-o", "a.csv").code == 0
    assert Path("a.csv").read_text().startswith("run,")


# Nothing to show


def test_nothing_that_matches(listed: Call, sample: Path) -> None:
    done = listed("--where", "act=gelu")
    assert (done.code, done.out) == (0, "")
    assert done.err == f"none of the 17 runs in {sample} matches --where act=gelu\n"
    done = listed("@night", "--where", "act=relu", "--status", "failed")
    assert "(@night matches 12, --where act=relu matches 10, --status failed matches 1)" in done.err
    assert listed("--where", "act=gelu", "--json").json["runs"] == []
    assert listed("--where", "act=gelu", "--by", "opt", "--json").json["groups"] == []


def test_a_database_without_runs(call: Call) -> None:
    from nncli.store import RunStore

    assert call("report").code == 4
    assert "no database at results.db: train something first" in call("report").err
    assert not Path("results.db").exists()
    with RunStore("results.db") as store:
        add_run(store, 0.9)
    with closing(sqlite3.connect("results.db", isolation_level=None)) as database:
        database.execute("DELETE FROM runs")
    done = call("report")
    assert (done.code, done.out) == (0, "")
    assert done.err == "results.db has no runs yet: nncli train\n"
    assert call("report", "--by", "act").err == done.err
    assert call("report", "--json").json["runs"] == []


def test_a_metric_that_no_run_has(listed: Call) -> None:
    assert "none of these runs has val_rmse" in listed("--metric", "val_rmse").out


@pytest.mark.parametrize("metric", [*METRICS, "train_loss:min", "val_error:max"])
@pytest.mark.parametrize("form", ["table", "csv", "latex"])
def test_every_metric_can_be_listed_and_grouped(listed: Call, metric: str, form: str) -> None:
    for args in (("--best", "2"), ("--limit", "3"), ("--by", "act")):
        done = listed(*args, "--metric", metric, "--format", form)
        assert done.code == 0, done.err


def test_a_run_that_is_not_there(listed: Call) -> None:
    done = listed("99")
    assert done.code == 4
    assert "no run '99'" in done.err
