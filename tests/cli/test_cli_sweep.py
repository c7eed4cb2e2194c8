"""`nncli sweep` as people call it: what it prints, what it refuses, how it ends, what it leaves."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_fakes import Call, Outcome
from terminal import in_terminal

import nncli.sweeps.engines.work

NNCLI = [sys.executable, "-m", "nncli.cli"]
SMALL = ("sweep", "iris", "--hidden", "3", "--epochs", "3", "--lr", "0.01,0.1")
DIVERGES = ("sweep", "linear", "--opt", "sgd", "--hidden", "3", "--epochs", "4", "--lr")


def lines(outcome: Outcome) -> list[dict[str, Any]]:
    return [json.loads(line) for line in outcome.out.splitlines()]


def query(sql: str) -> list[Any]:
    connection = sqlite3.connect("results.db")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


# What it prints


def test_json_is_a_line_an_event(call: Call) -> None:
    done = call(*SMALL, "--seeds", "2", "--name", "night", "--tag", "a", "--tag", "b", "--json")
    assert (done.code, done.err) == (0, "")
    start, *runs, last = lines(done)
    assert set(start) >= {"event", "sweep", "runs", "jobs", "objectives"}
    assert (start["event"], start["sweep"], start["runs"]) == ("start", 1, 4)
    assert (start["name"], start["new"], start["objectives"]) == ("night", True, ["val_loss"])
    assert len(runs) == 4
    for run in runs:
        assert set(run) >= {"event", "trial", "seed", "run", "status", "values", "params"}
        assert (run["event"], run["status"]) == ("run", "completed")
        stored = f"select best_val_loss, seed from runs where id = {run['run']}"
        assert query(stored) == [(run["values"][0], run["seed"])]
    keys = "event sweep completed skipped failed pruned best seconds"
    assert set(last) >= set(keys.split())
    assert (last["event"], last["sweep"], last["completed"]) == ("done", 1, 4)
    assert set(last["best"]) == {"trial", "value", "params", "runs"}
    assert query("select count(*), count(distinct run_id) from tags") == [(8, 4)]

    again = call(*SMALL, "--seeds", "2", "--json")
    assert again.code == 0
    assert [line["event"] for line in lines(again)] == ["start", "done"]
    assert (lines(again)[0]["new"], lines(again)[1]["skipped"]) == (False, 4)


def test_several_objectives_in_json(call: Call) -> None:
    asked = ("--hidden", "2|4|8", "--objective", "val_loss", "--objective", "parameters")
    last = lines(call(*SMALL, *asked, "--json"))[-1]
    assert isinstance(last["best"], list)
    assert all(len(each["values"]) == 2 for each in last["best"])


def test_text_says_what_won(call: Call) -> None:
    done = call(*SMALL, "--act", "relu,tanh", "--seeds", "3")
    assert done.code == 0
    assert "sweep 1 begins: 12 runs" in done.err
    assert done.out.startswith("sweep 1: 12 completed in ")
    table = done.out.split("\n\n")[1].splitlines()
    assert table[0] == "best trials by val_loss, means over 3 seeds:"
    assert table[1].split() == ["trial", "val_loss", "std", "act", "lr", "runs"]
    means = query(
        "select t.number, avg(r.best_val_loss) from trials t join runs r on r.id = t.run_id "
        "group by 1 order by 2"
    )
    assert table[-1].startswith("next: nncli report sweep:1 --by ")
    assert [int(row.split()[0]) for row in table[2:-1]] == [number for number, _ in means]
    again = call(*SMALL, "--act", "relu,tanh", "--seeds", "3")
    assert again.out.startswith("sweep 1: nothing to do, all 12 runs are stored\n")
    assert again.out.split("\n\n")[1].splitlines() == table
    assert query("select count(*) from runs") == [(12,)]


def test_quiet_prints_the_id_alone(call: Call) -> None:
    done = call(*SMALL, "--quiet")
    assert (done.code, done.out, done.err) == (0, "1\n", "")


def test_dry_run_trains_and_writes_nothing(call: Call) -> None:
    shown = call(*SMALL, "--hidden", "64|64,64", "--seeds", "5", "--dry-run")
    assert shown.code == 0
    rows = [row.split() for row in shown.out.splitlines()]
    assert rows[0] == ["trial", "hidden", "lr"]
    assert sorted(row[1] for row in rows[1:5]) == ["64", "64", "64,64", "64,64"]
    assert shown.out.splitlines()[-1].startswith("4 trials with 5 seeds: 20 runs, about ")
    as_json = call(*SMALL, "--hidden", "64|64,64", "--dry-run", "--json")
    *trials, plan = lines(as_json)
    assert [trial["trial"] for trial in trials] == [0, 1, 2, 3]
    assert [trial["params"]["lr"] for trial in trials[:2]] == [0.01, 0.1]
    assert (plan["trials"], plan["runs"]) == (4, 4)
    assert plan["seconds"] > 0
    assert not Path("results.db").exists()


def test_dry_run_of_a_very_large_sweep_does_not_ask(call: Call) -> None:
    shown = call("sweep", "xor", "--lr", "log:1e-4:1e-1:1000", "--seeds", "1000", "--dry-run")
    assert shown.code == 0, shown.err
    assert "1000 trials with 1000 seeds: 1000000 runs" in shown.out.replace(",", "")
    assert len(shown.out.splitlines()) < 60


def test_eighty_columns_suffice(call: Call) -> None:
    asked = ("--act", "relu,tanh", "--hidden", "3|4,4", "--seeds", "2")
    for more in ((), ("--dry-run",), ("--objective", "val_loss", "--objective", "parameters")):
        done = call(*SMALL, *asked, *more, columns=80)
        assert done.code == 0
        assert max(map(len, done.out.splitlines())) <= 80


# What it refuses, before anything is written

STUDY = 'data = "iris"\nlr = [0.01, 0.1]\n'


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("iris", "--lr", "lin:0.1:1:20", "--seeds", "10000"), 2, "200,000 runs: add --yes"),
        (("iris", "--lr", "log:1e-5:1:1000", "--epochs", "1..10000"), 2, "add --yes"),
        (("iris", "--lr", "0.1,0.2", "--constraint", "lr > 1"), 2, "no trial"),
        (("iris", "--lr", "0.1,0.2", "--trials", "5", "--sampler", "grid"), 2, "--trials 5"),
        (("iris", "--lr", "uniform:0.1:1", "--sampler", "random"), 2, "--trials"),
        (("iris", "--lr", "uniform:0.1:1"), 2, "--sampler random --trials"),
        (("iris", "--lr", "0.1,0.2", "--pruner", "median", "--val", "0"), 2, "--val 0.2"),
        (("iris", "--lr", "0.1,0.2", "--pruner", "medina"), 2, "did you mean 'median'"),
        (("iris", "--sampler", "radnom", "--trials", "3"), 2, "did you mean 'random'"),
        (("iris", "--objective", "val_los"), 2, "did you mean 'val_loss'"),
        (("iris", "--objective", "val_rmse"), 2, "val_rmse"),
        (("iris", "--objective", "test_loss"), 2, "--test"),
        (("iris", "--objective", "val_loss", "--pruner", "wilcoxon"), 2, "--seeds"),
        (("iris", "--act", "relu,tnah"), 2, "did you mean 'tanh'"),
        (("iris", "--loss", "cross_entropy,hinge"), 2, "trial 1 (loss=hinge)"),
        (("iris", "--jobs", "0"), 2, "--jobs"),
        (("iris", "--seeds", "0"), 2, "--seeds"),
        (("iris", "--name", "7"), 2, "--name"),
        (("iris", "--hiden", "3"), 2, "--hidden"),
        (("iriss", "--lr", "0.1,0.2"), 3, "did you mean 'iris'"),
        (("missing.csv", "--lr", "0.1,0.2"), 3, "missing.csv"),
        (("missing.toml",), 2, "missing.toml"),
        (("unknown.toml",), 2, "did you mean 'lr'"),
        (("empty.toml",), 2, "no trial"),
        (("by.toml",), 2, "by of [experiment]: unknown field 'atc'"),
        (("claim.toml",), 2, "the claim 'It learns': unknown field 'los'"),
        (("iris", "--lr", "0.1,0.2", "--db", "no/such/folder/results.db"), 4, "no/such/folder"),
        (("iris", "--lr", "0.1,0.2", "--db", "study.toml"), 4, "study.toml"),
        (("iris", "--lr", "0.1,0.2", "--db", "."), 4, "."),
        (("--resume", "3"), 4, "no database"),
        (("--resume", "last", "--lr", "0.1"), 2, "--lr with --resume last"),
        (("iris", "--resume", "last"), 2, "DATA with --resume last"),
        (("--resume", "last", "--seeds", "2"), 2, "--seeds with --resume last"),
    ],
)
def test_refusals_leave_nothing(
    call: Call, tmp_path: Path, args: tuple[str, ...], code: int, message: str
) -> None:
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "unknown.toml").write_text(STUDY + "learning_rate = 0.1\n")
    (tmp_path / "empty.toml").write_text(STUDY + '[sweep]\nconstraints = ["lr > 1"]\n')
    (tmp_path / "by.toml").write_text(STUDY + '[experiment]\ntitle = "On rates"\nby = ["atc"]\n')
    (tmp_path / "claim.toml").write_text(
        STUDY + '[[claim]]\nsays = "It learns"\nvalue = "los"\nbelow = 1\n'
    )
    before = sorted(path.name for path in tmp_path.iterdir())
    refused = call("sweep", *args)
    assert refused.code == code, refused.err
    assert refused.err.startswith("error: ")
    assert message in refused.err
    assert "Traceback" not in refused.err
    assert refused.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    as_json = call("sweep", *args, "--json")
    assert as_json.code == code
    (told,) = lines(as_json)
    assert told["exit_code"] == code
    assert message in told["error"]


def test_yes_is_the_answer_to_the_question(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nncli.cli.commands.sweep.ASKED_ABOVE", 3)
    refused = call(*SMALL, "--seeds", "2")
    assert (refused.code, "4 runs" in refused.err) == (2, True)
    assert not Path("results.db").exists()
    assert call(*SMALL, "--seeds", "2", "--yes", "--quiet").code == 0
    assert call(*SMALL, "--seeds", "1", "--quiet").code == 0


# How it ends


def test_exit_code_when_runs_diverge(call: Call) -> None:
    some = call(*DIVERGES, "0.01,1e30")
    assert some.code == 0
    assert "1 completed, 1 diverged" in some.out
    assert "run 2 diverged (lr=1e+30 seed=0)" in some.err.replace("run 1 div", "run 2 div")
    all_ = call(*DIVERGES, "1e30,2e30", "--rerun", "--json")
    assert all_.code == 1
    assert (lines(all_)[-1]["best"], lines(all_)[-1]["failed"]) == (None, 2)
    fast = call(*DIVERGES, "1e30,0.01", "--rerun", "--fail-fast", "--jobs", "1", "--json")
    assert fast.code == 1
    assert lines(fast)[-1]["failed"] == 1


def test_exit_code_when_runs_fail(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    real = nncli.sweeps.engines.work.run

    def run(spec: Any, *args: Any, **more: Any) -> Any:
        if spec.seed == 1:
            raise ZeroDivisionError("by nothing")
        return real(spec, *args, **more)

    with monkeypatch.context() as broken:
        broken.setattr(nncli.sweeps.engines.work, "run", run)
        failed = call(*SMALL, "--seeds", "2")
        assert failed.code == 1
        assert "error: 2 of 4 runs failed" in failed.err
        assert "Traceback" not in failed.err
        assert call(*SMALL, "--seeds", "2", "--json").code == 1
    assert query("select distinct error from runs where status = 'failed'") == [
        ("ZeroDivisionError: by nothing",)
    ]
    mended = call("sweep", "--resume", "last")
    assert mended.code == 0
    assert mended.out.startswith("sweep 1: 2 completed, 2 skipped (stored) in ")


def test_resume_by_name_with_more_trials(call: Call) -> None:
    draws = ("sweep", "iris", "--hidden", "3", "--epochs", "2", "--lr", "loguniform:1e-3:1")
    assert call(*draws, "--trials", "4", "--name", "night", "-q").code == 0
    done = call("sweep", "--resume", "night", "--trials", "6", "--json")
    assert (lines(done)[-1]["skipped"], lines(done)[-1]["completed"]) == (4, 2)
    assert call("sweep", "--resume", "1", "--json").code == 0
    assert query("select count(*) from trials") == [(6,)]


def stopped_after(runs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next sweeps stop as on Ctrl-C, after so many runs."""
    begun: list[int] = []
    real = nncli.sweeps.engines.work.run

    def run(*args: Any, **more: Any) -> Any:
        begun.append(1)
        return real(*args, **more)

    monkeypatch.setattr(nncli.sweeps.engines.work, "run", run)
    monkeypatch.setattr(
        "nncli.cli.commands.sweep.StopRequest.__call__", lambda self: len(begun) >= runs
    )


def test_what_is_said_after_an_interrupt_goes_on(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with more trials than the sweep began with."""
    draws = ("sweep", "iris", "--hidden", "3", "--epochs", "2", "--lr", "loguniform:1e-3:1")
    assert call(*draws, "--trials", "2", "-q").code == 0
    with monkeypatch.context() as stopped:
        stopped_after(3, stopped)
        broken_off = call(*draws, "--trials", "300", "--jobs", "1")
    assert broken_off.code == 130
    told = broken_off.out.splitlines()[-1]
    assert told == "go on with: nncli sweep --resume 1"
    assert call(*told.split()[4:], "-q").code == 0
    assert query("select count(*), count(distinct run_id) from trials") == [(300, 300)]


def test_resume_goes_on_with_the_sweep_that_is_named(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with a newer one of the same definition."""
    with monkeypatch.context() as stopped:
        stopped_after(1, stopped)
        rates = ("--lr", "log:1e-3:1e-1:80", "--jobs", "1")
        assert call(*SMALL, *rates, "--json").code == 130
    assert call(*SMALL, *rates, "--rerun", "-q").out == "2\n"
    done = call("sweep", "--resume", "1", "--json")
    assert [lines(done)[0]["sweep"], lines(done)[-1]["sweep"]] == [1, 1]
    assert query("select sweep_id, count(*) from trials group by 1") == [(1, 80), (2, 80)]


def test_a_rerun_that_was_interrupted_goes_on_as_one(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = ("--lr", "log:1e-3:1e-1:80", "--jobs", "1")
    assert call(*SMALL, *rates, "-q").code == 0
    with monkeypatch.context() as stopped:
        stopped_after(1, stopped)
        assert call(*SMALL, *rates, "--rerun", "-q").code == 130
    assert call("sweep", "--resume", "2", "-q").code == 0
    assert query("select count(*), count(distinct spec_hash) from runs") == [(160, 80)]


def test_resume_in_another_folder_finds_the_data(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `nncli train --resume` does."""
    table = "x,y\n" + "".join(f"{k},{k * k % 7}\n" for k in range(40))
    (tmp_path / "table.csv").write_text(table)
    assert call("sweep", "table.csv", "--hidden=2", "--epochs=2", "--lr=0.01,0.1", "-q").code == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert call("sweep", "--resume", "1", "--db", "../results.db", "-q").code == 0


def test_several_data_sets(call: Call) -> None:
    done = call(*SMALL[:1], "iris,moons", *SMALL[2:], "--seeds", "2", "--json")
    assert done.code == 0
    assert query("select data, count(*) from runs group by 1") == [("iris", 4), ("moons", 4)]
    assert query("select data from sweeps") == [("iris, moons",)]
    assert lines(call("sweep", "--resume", "1", "--json"))[-1]["skipped"] == 8


def test_resume_refuses_other_data(call: Call, tmp_path: Path) -> None:
    table = "x,y\n" + "".join(f"{k},{k * k % 7}\n" for k in range(40))
    (tmp_path / "table.csv").write_text(table)
    asked = ("sweep", "table.csv", "--hidden", "2", "--epochs", "2", "--lr", "0.01,0.1")
    assert call(*asked, "-q").code == 0
    (tmp_path / "table.csv").write_text(table + "41,3\n")
    refused = call("sweep", "--resume", "last")
    assert refused.code == 3
    assert "have changed since sweep 1" in refused.err
    assert call(*asked, "--json").code == 0  # another sweep, on other data
    assert query("select count(*) from sweeps") == [(2,)]


def test_a_file_is_a_sweep(call: Call, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(
        STUDY + 'hidden = "3"\nepochs = 2\n[sweep]\nseeds = 2\nname = "study"\n'
    )
    done = call("sweep", "study.toml", "--json")
    assert done.code == 0, done.err
    assert (lines(done)[0]["name"], lines(done)[-1]["completed"]) == ("study", 4)


def test_a_file_and_the_same_options_are_one_sweep(call: Call, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(STUDY + 'hidden = "3"\nepochs = 2\n[sweep]\nseeds = 2\n')
    assert call("sweep", "study.toml", "-q").code == 0
    same = call("sweep", "iris", "--lr", "0.01,0.1", "--hidden", "3", "--epochs", "2", "--seeds=2")
    assert same.out.startswith("sweep 1: nothing to do, all 4 runs are stored\n")


# In real processes


def environment(folder: Path, **more: str) -> dict[str, str]:
    named = {**os.environ, "NNCLI_DB": str(folder / "results.db"), **more}
    return {name: value for name, value in named.items() if name not in ("COLUMNS",)}


@pytest.mark.parametrize("how", ["--json", "--dry-run", ""])
def test_a_reader_that_has_read_enough(tmp_path: Path, how: str) -> None:
    asked = [*SMALL, "--lr", "log:1e-4:1e-1:60", "--epochs", "40", "--seeds", "2"]
    command = " ".join([*NNCLI, *asked, how, "| head -1; exit ${PIPESTATUS[0]}"])
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert (tmp_path / "results.db").exists() == (how != "--dry-run")
    if how == "--json":  # what had begun by then is gone on with
        again = subprocess.run(
            [*NNCLI, *asked, "--json"],
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=120,
        )
        last = json.loads(again.stdout.splitlines()[-1])
        assert last["completed"] + last["skipped"] == 120
        connection = sqlite3.connect(tmp_path / "results.db")
        found = connection.execute("select count(*), count(distinct spec_hash) from runs")
        assert found.fetchall() == [(120, 120)]
        connection.close()


def sweep_in_terminal(folder: Path, *args: str, **more: str) -> str:
    """Return what a command that does its work writes to a terminal."""
    env = environment(folder, TERM="xterm", **more)
    code, seen = in_terminal([*NNCLI, *args], folder, env)
    assert code == 0, seen
    return seen


def test_no_color_in_a_terminal(tmp_path: Path) -> None:
    asked = (*SMALL, "--lr", "log:1e-4:1e-1:40", "--epochs", "200", "--seeds", "2")
    shown = sweep_in_terminal(tmp_path, *asked, NO_COLOR="1")
    assert "sweep 1: 80 completed" in shown
    assert not re.findall(r"\x1b\[[0-9;]*[34][0-9][0-9;]*m", shown)
    assert "Traceback" not in shown
