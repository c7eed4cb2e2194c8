"""Whole commands on PostgreSQL: train, report, resume, predict, and errors without a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from postgres_server import PASSWORD, PostgresServer

from nncli.store import RunStore

PROGRAM = [sys.executable, "-m", "nncli.cli"]


def nncli(folder: Path, *words: str, code: int = 0, **environment: str) -> str:
    """Run a command in a folder, and return what it prints; no password may be in it."""
    done = subprocess.run(
        [*PROGRAM, *words],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    shown = done.stdout + done.stderr
    assert done.returncode == code, shown
    assert "Traceback" not in shown
    assert PASSWORD not in shown
    assert "%40ss" not in shown
    return done.stdout if code == 0 else done.stderr


def test_train_report_resume_predict(url: str, tmp_path: Path) -> None:
    words = ("train", "iris", "--epochs", "2", "--name", "first", "--db", url, "--json")
    trained = json.loads(nncli(tmp_path, *words))
    assert (trained["status"], trained["epochs"]) == ("completed", 2)
    assert "first" in nncli(tmp_path, "report", "--db", url)
    shown = json.loads(nncli(tmp_path, "report", "first", "--db", url, "--json"))
    assert (shown["uuid"], len(shown["curve"])) == (trained["uuid"], 2)
    words = ("train", "--resume", "first", "--epochs", "4", "--db", url, "--json")
    assert json.loads(nncli(tmp_path, *words))["epochs"] == 4
    (tmp_path / "new.csv").write_text(
        "sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n"
    )
    assert len(nncli(tmp_path, "predict", "first", "new.csv", "--db", url).splitlines()) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["new.csv"]


def test_the_environment_names_a_hosted_database(
    server: PostgresServer, database: str, tmp_path: Path
) -> None:
    hosted = server.tcp_url(database)
    nncli(tmp_path, "train", "iris", "--epochs", "2", "--name", "hosted", NNCLI_DB=hosted)
    assert "hosted" in nncli(tmp_path, "report", NNCLI_DB=hosted)
    assert list(tmp_path.iterdir()) == []


def test_errors_end_with_code_4(server: PostgresServer, tmp_path: Path) -> None:
    train, report = ("train", "iris", "--epochs", "2"), ("report",)
    for words, given, message in (
        (train, server.tcp_url("no_such_base"), "createdb no_such_base"),
        (train, "postgres://127.0.0.1:1/name", "no PostgreSQL server answers"),
        (report, server.tcp_url("postgres", password=f"{PASSWORD}!"), "authentication failed"),
        (report, f"postgresql://me:{PASSWORD}@127.0.0.1/name", "cannot be read"),
    ):
        assert message in nncli(tmp_path, *words, "--db", given, code=4).replace("\n", " ")


@pytest.mark.slow
def test_a_killed_run_is_stale_and_goes_on(url: str, execute, tmp_path: Path) -> None:
    words = ("train", "digits", "--epochs", "100000000", "--db", url)
    process = subprocess.Popen(
        [*PROGRAM, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    give_up = time.monotonic() + 120  # a cold cache compiles first
    while not wrote(execute) and process.poll() is None and time.monotonic() < give_up:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    listed = json.loads(nncli(tmp_path, "report", "--db", url, "--json"))["runs"]
    assert [run["status"] for run in listed] == ["stale"]
    assert execute("SELECT status FROM runs") == [("running",)]
    (total,) = (epochs + 5 for (epochs,) in execute("SELECT epochs FROM runs"))
    words = ("train", "--resume", "last", "--epochs", str(total), "--db", url, "--json")
    again = json.loads(nncli(tmp_path, *words))
    assert (again["run"], again["epochs"]) == (listed[0]["run"], total)
    with RunStore(url) as store:
        assert store.curve(again["run"])["epoch"].tolist() == list(range(1, total + 1))


def wrote(execute) -> bool:
    """Say whether there is a run with a curve; before the first there is no table."""
    there = "SELECT to_regclass('epochs') IS NOT NULL"
    return execute(there) == [(True,)] and execute("SELECT count(*) FROM runs WHERE epochs > 0") > [
        (0,)
    ]
