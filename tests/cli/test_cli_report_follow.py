"""``nncli report --follow``: a table that goes on, and lines where nothing can be drawn anew."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_sample import add_run, make_sample

from nncli.cli.reporting.follow import follow, picture
from nncli.cli.reporting.request import read_request
from nncli.store import NewRun, RunStore
from nncli.store.care import CareStore
from nncli.store.finding import ReportStore

FOLLOW = [sys.executable, "-m", "nncli.cli", "report", "--follow"]

NEW = NewRun(
    data="iris",
    data_hash="d",
    task="multiclass",
    seed=0,
    spec=json.dumps({"data": "iris", "act": "relu"}),
    spec_hash="s",
    epochs_planned=3,
)


def steps(*actions: Callable[[], object]) -> Callable[[float], None]:
    """A wait that does the next of ``actions``, and then what Ctrl-C does."""
    left = list(actions)

    def wait(seconds: float) -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop(0)()

    return wait


def epoch(number: int) -> dict[str, Any]:
    values = {"train_loss": 1.0 / number, "val_loss": 2.0 / number, "val_accuracy": 0.3 * number}
    return {
        name: np.array([value])
        for name, value in {
            **{"epoch": number, "updates": number, "seconds": 0.1 * number, "lr": 0.1},
            **values,
        }.items()
    }


def test_a_line_for_each_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "results.db"
    writer = RunStore(path)
    with writer:
        add_run(writer, 0.9)
        wait = steps(
            lambda: writer.create_run(NEW),
            lambda: writer.save(2, epoch(1)),
            lambda: None,
            lambda: (writer.save(2, epoch(2)), add_run(writer, 0.8), add_run(writer, 0.7)),
            lambda: writer.finish_run(2, "interrupted"),
            lambda: None,
        )
        assert follow(read_request({"follow": True}, str(path)), wait) == 130
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[:3] for line in lines] == [
        ["run 1", "completed", "5/5 epochs"],
        ["run 2", "running", "0/3 epochs"],
        ["run 2", "running", "1/3 epochs"],
        ["run 2", "running", "2/3 epochs"],
        ["run 3", "completed", "5/5 epochs"],
        ["run 4", "completed", "5/5 epochs"],
        ["run 2", "interrupted", "2/3 epochs"],
    ]
    assert "train_loss:last 0.5" in lines[3]


def test_changes_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make_sample(tmp_path / "results.db")
    given = {"follow": True, "format": "jsonl", "runs": ["12-14"], "columns": "run,val_loss:last"}
    assert follow(read_request(given, str(path)), steps(lambda: None)) == 130
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["run"] for each in found] == [12, 13, 14]
    assert found[1]["nonfinite"] == {"val_loss:last": "nan"}


def test_only_what_is_asked_for_is_followed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "results.db"
    with RunStore(path) as writer:
        add_run(writer, 0.9, act="relu")
        wait = steps(
            lambda: (add_run(writer, 0.8, act="tanh"), add_run(writer, 0.7, act="relu")),
        )
        given = {"follow": True, "where": "act=relu or act=gelu"}
        assert follow(read_request(given, str(path)), wait) == 130
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["run 1", "run 3"]


def test_it_waits_for_a_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "results.db"

    def make() -> None:
        with RunStore(path) as store:
            add_run(store, 0.9)

    assert follow(read_request({"follow": True}, str(path)), steps(lambda: None, make)) == 130
    told = capsys.readouterr()
    assert told.err == f"no database at {path} yet: waiting for one (Ctrl-C ends)\n"
    assert told.out.startswith("run 1  completed")


def test_the_table_has_running_runs_first_and_fits(tmp_path: Path) -> None:
    path = make_sample(tmp_path / "results.db")
    with RunStore(path) as writer:
        writer.create_run(NEW)
        add_run(writer, 0.9)
        request = read_request({"follow": True}, str(path))
        with ReportStore(path) as store:
            lines = list(picture(store, request, 80, 5))
            narrow = list(picture(store, request, 40, 30))
    assert "19 runs, 1 running" in lines[0]
    runs = [line.split()[0] for line in lines if line.split()[0].isdigit()]
    assert runs == ["18", "19", "17", "16", "15"]
    assert "0/3" in next(line for line in lines if line.startswith(" 18"))
    assert max(map(len, lines)) <= 80
    assert max(map(len, narrow)) <= 40


def test_a_database_without_runs_is_watched(tmp_path: Path) -> None:
    path = tmp_path / "results.db"
    with RunStore(path) as writer:
        add_run(writer, 0.9)
    request = read_request({"follow": True, "where": "act=gelu"}, str(path))
    with ReportStore(path) as store:
        (line,) = picture(store, request, 80, 5)
    assert line.endswith("waiting for one (Ctrl-C ends)")


def test_ctrl_c_ends_it_quietly(tmp_path: Path) -> None:
    path = make_sample(tmp_path / "results.db")
    process = subprocess.Popen(
        [*FOLLOW, "--db", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("run 1 ")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")


def test_a_reader_that_has_enough_ends_it(tmp_path: Path) -> None:
    path = make_sample(tmp_path / "results.db")
    with RunStore(path) as writer:
        script = f"{' '.join(FOLLOW)} --db {path} | head -1; echo ${{PIPESTATUS[0]}}"
        process = subprocess.Popen(["bash", "-c", script], stdout=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            add_run(writer, 0.9)  # something to write, on which it sees that nobody reads
            time.sleep(0.5)
        assert process.stdout is not None
        assert process.stdout.read().endswith("\n0\n")


def test_in_a_terminal_the_table_is_drawn_in_place(tmp_path: Path) -> None:
    path = make_sample(tmp_path / "results.db")
    ours, theirs = pty.openpty()
    env = {**os.environ, "COLUMNS": "80", "LINES": "24", "TERM": "xterm"}
    process = subprocess.Popen(
        [*FOLLOW, "--db", str(path)], stdin=theirs, stdout=theirs, stderr=theirs, env=env
    )
    os.close(theirs)
    seen = b""
    deadline = time.monotonic() + 60
    while b"run" not in seen or b"stale" not in seen:
        assert time.monotonic() < deadline
        seen += os.read(ours, 65536)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    os.close(ours)
    assert b"17 runs, 0 running" in seen
    assert b"Traceback" not in seen


def test_a_run_that_is_deleted_is_forgotten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "results.db"
    with RunStore(path) as writer:
        add_run(writer, 0.9)
        writer.create_run(NEW)
        wait = steps(
            lambda: CareStore(path).delete_runs([2], force=True),
            lambda: add_run(writer, 0.8),
            lambda: None,
        )
        assert follow(read_request({"follow": True}, str(path)), wait) == 130
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in told] == ["1", "2", "3"]
