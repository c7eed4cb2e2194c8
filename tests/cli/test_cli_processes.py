"""Real processes: signals, closed pipes, and what a terminal sees."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from terminal import in_terminal

from nncli.store import NewRun, RunStore

NNCLI = [sys.executable, "-m", "nncli.cli"]
FAKE = [sys.executable, str(Path(__file__).with_name("fake_program.py"))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose results.db holds more runs than a pipe holds text."""
    with RunStore(tmp_path / "results.db") as store, store.transaction():
        for number in range(1200):
            run = store.create_run(
                NewRun(
                    data="digits",
                    data_hash="d",
                    task="multiclass",
                    seed=0,
                    spec='{"act":"relu"}',
                    spec_hash="s",
                )
            )
            if number < 1199:  # the last one is still running, in the process of this test
                store.finish_run(run, "completed")
    return tmp_path


def started(kind: str, *args: str) -> subprocess.Popen[str]:
    """Start the program and wait until it trains."""
    process = subprocess.Popen(
        [*FAKE, kind, "train", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line == "TRAINING\n":
            return process
    raise AssertionError("it ended before it trained")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_the_run_in_order(number: signal.Signals) -> None:
    process = started("obedient")
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "nncli train --resume 12" in out
    assert "Traceback" not in err


def test_a_second_signal_aborts() -> None:
    process = started("stubborn")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert "once more to abort" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "error: interrupted\n")


@pytest.mark.parametrize("args", ["report --limit 1200", "report --limit 1200 --json"])
def test_a_reader_that_has_enough(folder: Path, args: str) -> None:
    process = subprocess.Popen(
        [*NNCLI, *args.split()], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(30) == 0


def test_a_closed_standard_error_stops_nothing() -> None:
    # As under `2>&1 | head -1`: nobody reads the progress any more, the run must still end well.
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*FAKE, "brief", "train"],
        stderr=write,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    os.close(write)
    assert done.returncode == 0
    assert "run 12 completed" in done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
def test_a_full_disk(folder: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*NNCLI, "report"], cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr == "error: no space left on device\n"


def terminal_output(args: list[str], folder: Path, env: Mapping[str, str]) -> str:
    """What a terminal gets from the program."""
    clean = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    return in_terminal([*NNCLI, *args], folder, {**clean, "TERM": "xterm-256color", **env})[1]


def test_colours_only_where_they_are_wanted(folder: Path) -> None:
    assert "\x1b[36mrunning" in terminal_output(["report", "--limit", "2"], folder, {})
    assert "\x1b[31m" in terminal_output(["report", "9999"], folder, {})
    for args in (["report", "--limit", "2"], ["report", "9999"]):
        plain = terminal_output(args, folder, {"NO_COLOR": "1"})
        assert "\x1b[3" not in plain
