"""A laboratory for whole sweeps: in this process, in others, and what they wrote."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from nncli.experiment import plan, train
from nncli.kernels.control import CURVE_ROWS
from nncli.recorder import Result
from nncli.spec import Spec
from nncli.sweeps.events import Done, RunEnded, SweepEvent
from nncli.sweeps.request import read_request
from nncli.sweeps.starting import Prepared, Wish, carry_out

#: What two runs of one spec may differ in: who they are, where and when they ran, and how fast.
OTHERWISE = {
    *("id", "run_id", "uuid", "name", "sweep_id", "parent", "note"),
    *("host", "pid", "pid_started", "pid_space"),
    *("created", "started", "finished", "heartbeat", "saved"),
    *("seconds", "seconds_data", "seconds_compile", "seconds_train", "seconds_total"),
    "samples_per_second",
}

#: The command line with checkpoints at any pace; the first argument is the seconds between two.
PROGRAM = """
import sys, nncli.runner
nncli.runner.SAVE_INTERVAL, nncli.runner.SAVE_SHARE = float(sys.argv.pop(1)), 1.0
from nncli.cli import main
main()
"""

Options = Mapping[str, Any]


class Lab:
    """Sweeps and single runs, in one database unless another is named."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.db = folder, str(folder / "results.db")
        self.events: list[SweepEvent] = []

    # In this process

    def sweep(
        self,
        options: Options,
        *,
        db: str | None = None,
        jobs: int = 2,
        rerun: bool = False,
        fail_fast: bool = False,
        stop: Callable[[], bool] = lambda: False,
        observe: Callable[[SweepEvent], None] | None = None,
        **settings: Any,
    ) -> Done:
        """Carry out a sweep; its events are in ``events``."""
        prepared = Prepared(read_request(options, settings).definition)
        wish = Wish(db=db or self.db, jobs=jobs, rerun=rerun, fail_fast=fail_fast)
        self.events = []
        return carry_out(prepared, wish, observe=observe or self.events.append, stop=stop)

    def train(self, options: Options, *, db: str | None = None) -> Result:
        """Train one network as ``nncli train`` does."""
        return train(plan(Spec.read(dict(options))), db=db or self.db)

    @property
    def ended(self) -> list[RunEnded]:
        """Return how the runs of the last sweep ended, in their order."""
        return [event for event in self.events if isinstance(event, RunEnded)]

    # In processes of their own

    def start(self, *args: str, pace: float = 5.0, **environment: str) -> subprocess.Popen[str]:
        """Start ``nncli`` with checkpoints ``pace`` seconds apart, in its own process group."""
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(pace), *args],
            cwd=self.folder,
            env={**os.environ, "NNCLI_DB": self.db, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def call(self, *args: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """Call ``nncli`` and wait for its end."""
        process = self.start(*args, **more)
        out, err = process.communicate(timeout=240)
        return subprocess.CompletedProcess(args, process.returncode, out, err)

    def kill(self, process: subprocess.Popen[str]) -> None:
        """Kill a process and all that it started, at once."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def wait(self, process: subprocess.Popen[str], there: str) -> None:
        """Wait until a query finds a number other than 0, or the process has ended."""
        until = time.monotonic() + 120
        while process.poll() is None:
            assert time.monotonic() < until, f"never came true: {there}"
            try:
                if self.query(there)[0][0]:
                    return
            except sqlite3.OperationalError:
                pass  # no database, or no tables, yet
            time.sleep(0.01)

    # What is in a database

    def query(self, sql: str, *values: Any, db: str | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of a plain SQL query."""
        connection = sqlite3.connect(db or self.db, timeout=30)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def sizes(self) -> dict[str, int]:
        """Return how many rows each table holds that results are in."""
        tables = ("runs", "epochs", "layer_stats", "models", "sweeps", "trials", "tags")
        return {table: self.query(f"select count(*) from {table}")[0][0] for table in tables}

    def learned(self, run: int, *, db: str | None = None) -> dict[str, list[dict[str, Any]]]:
        """Return all that a run came to, table by table, bit for bit."""
        found = {}
        for table in ("runs", "epochs", "layer_stats", "models"):
            key, order = ("id", "id") if table == "runs" else ("run_id", "run_id, epoch, 3")
            connection = sqlite3.connect(db or self.db, timeout=30)
            connection.row_factory = sqlite3.Row
            rows = connection.execute(
                f"select * from {table} where {key} = ? order by {order}", (run,)
            ).fetchall()
            connection.close()
            found[table] = [
                {name: row[name] for name in row.keys() if name not in OTHERWISE}  # noqa: SIM118
                for row in rows
            ]
        for model in found["models"]:
            state = json.loads(model["state_info"] or "null")
            if state is not None:
                # how many rows of the curve the last look up found: a matter of the clock
                state["position"]["control"][CURVE_ROWS] = 0
            model["state_info"] = state
        return found

    def results(self, sweep: int, *, db: str | None = None) -> dict[tuple[str, int], Any]:
        """Return all that the runs of a sweep came to, by the trial's params and the seed."""
        rows = self.query(
            "select params, seed, run_id from trials where sweep_id = ?", sweep, db=db
        )
        return {(params, seed): self.learned(run, db=db) for params, seed, run in rows}

    def differences(self, sweep: int, others: Mapping[tuple[str, int], Any]) -> list[str]:
        """Name the first cells, if any, in which a sweep and other results are not the same."""
        mine = self.results(sweep)
        if set(mine) != set(others):
            return [f"other trials: {set(mine) ^ set(others)}"]
        found = []
        for key, tables in mine.items():
            for table, rows in tables.items():
                wanted = others[key][table]
                if len(rows) != len(wanted):
                    found.append(f"{key} {table}: {len(rows)} rows, not {len(wanted)}")
                found += [
                    f"{key} {table}[{place}].{name}: {row[name]!r:.300}, not {other[name]!r:.300}"
                    for place, (row, other) in enumerate(zip(rows, wanted, strict=False))
                    for name in row
                    if row[name] != other[name]
                ]
        return found[:5]

    def check_whole(
        self, trials: int, seeds: int, *, sweep: int = 1, runs: int | None = None
    ) -> None:
        """Assert that a sweep is complete, nothing was done twice, and nothing lies about."""
        count = trials * seeds
        assert self.query(
            "select count(*), count(distinct run_id), count(distinct number) from trials "
            "where sweep_id = ? and state = 'done'",
            sweep,
        ) == [(count, count, trials)]
        per_run = "select count(*), count(distinct spec_hash) from runs where status = 'completed'"
        assert self.query(per_run) == [(runs or count,) * 2]
        assert self.query("select count(*) from runs") == [(runs or count,)]
        for table in ("epochs", "models", "layer_stats", "tags"):
            orphans = f"select count(*) from {table} where run_id not in (select id from runs)"
            assert self.query(orphans) == [(0,)]
        short = "select count(*) from runs where epochs is not epochs_planned"
        assert self.query(short) == [(0,)]
        assert self.query("pragma integrity_check") == [("ok",)]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a laboratory with an empty folder."""
    return Lab(tmp_path)
