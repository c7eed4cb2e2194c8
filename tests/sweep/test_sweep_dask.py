"""Sweeps on Dask, with real schedulers and workers: the bits of one machine, whatever dies."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from dask_processes import Processes, dask_processes, wait_until

from nncli import __version__
from nncli.environment import Provenance
from nncli.errors import NncliError, UsageError
from nncli.events import CurveBlock, Finished, Progress
from nncli.kernels import control
from nncli.planning import Planner, new_run
from nncli.spec import Spec
from nncli.sweeps.definition import Definition
from nncli.sweeps.engines import dask_cluster, dask_engine
from nncli.sweeps.engines.dask_engine import DaskEngine
from nncli.sweeps.engines.threads import ThreadEngine
from nncli.sweeps.engines.work import Engine, Job
from nncli.sweeps.events import Done, RunEnded
from nncli.sweeps.space.forms import read_dimension
from nncli.sweeps.space.space import Space
from nncli.sweeps.starting import Prepared, Wish, carry_out

pytest.importorskip("distributed")

#: What differs from one time to the next: clocks, and who wrote it.
VOLATILE = {"id", "uuid", "run_id", "saved", "created", "started", "finished", "heartbeat"}
VOLATILE |= {"samples_per_second", "sweep_id", "seconds", "versions", "info", "pid", "pid_started"}

SMALL = {"data": "digits", "hidden": "16", "epochs": "3", "act": "relu,tanh", "opt": "sgd,adam"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A scheduler with two workers, one of two threads, which stay unharmed."""
    with dask_processes(tmp_path_factory.mktemp("dask")) as processes:
        processes.add_worker()
        processes.add_worker(threads=2)
        processes.wait_for_workers(2)
        yield processes


@pytest.fixture(autouse=True)
def quiet(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing that a sweep does makes Dask write to the terminal, and no thread stays."""
    yield
    err = capfd.readouterr().err
    assert err == ""
    # a pool of Dask's own is kept by it, idle
    names = [each.name for each in threading.enumerate() if each is not threading.main_thread()]
    assert [name for name in names if not name.startswith(("Dask-Offload", "asyncio_"))] == []


def prepared(seeds: tuple[int, ...] = (0, 1), **options: str) -> Prepared:
    axes = {name: read_dimension(name, text) for name, text in {**SMALL, **options}.items()}
    return Prepared(Definition(Space(axes), seeds=seeds))


def sweep(
    folder: Path, name: str, what: Prepared, observe: Any = lambda event: None, **wish: Any
) -> tuple[Done, list[Any]]:
    """Carry a sweep out in a database of its own; return what came of it and all it has stored."""
    path = folder / f"{name}.db"
    done = carry_out(what, Wish(db=str(path), **wish), observe=observe)
    return done, contents(path)


def contents(path: Path) -> list[Any]:
    """Return all runs of a database, each with curve, layer statistics and weights, in order."""
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        found = []
        for run in connection.execute("select * from runs order by spec_hash"):
            parts = [[stable(run)]]
            for table in ("epochs order by epoch", "layer_stats order by epoch, layer", "models"):
                name, _, order = table.partition(" ")
                select = f"select * from {name} where run_id = ? {order}"
                parts.append([stable(row) for row in connection.execute(select, (run["id"],))])
            found.append(parts)
    connection.close()
    return found


def stable(row: sqlite3.Row) -> dict[str, Any]:
    found = {
        name: value
        for name, value in dict(row).items()
        if name not in VOLATILE and not name.startswith("seconds_")
    }
    if found.get("state_info"):
        info = json.loads(found["state_info"])
        found["state_info"] = {**info, "position": without_call(info["position"])}
    return found


def without_call(position: dict[str, Any]) -> dict[str, Any]:
    """Return a position without the rows that the last call of the loop wrote: as long as 50 ms."""
    kept = [each for place, each in enumerate(position["control"]) if place != control.CURVE_ROWS]
    return {**position, "control": kept}


def statuses(found: list[Any]) -> list[str]:
    return [parts[0][0]["status"] for parts in found]


# Engines alone


def job(judge: Any = None, look_every: int | None = None, **options: Any) -> Job:
    values = {"data": "digits", "hidden": "16", "epochs": 12, **options}
    plan = Planner().plan(Spec.read(values))
    row = new_run(plan, Provenance.now(), threads=1)
    return Job(0, plan.spec.seed, plan, row, judge=judge, look_every=look_every)


@contextmanager
def running(make: Callable[[], Engine]) -> Iterator[Engine]:
    engine = make()
    try:
        yield engine
    finally:
        engine.close()


def ends(engine: Engine, count: int) -> dict[Job, list[Any]]:
    """Return the events of jobs, once so many have ended."""
    found: dict[Job, list[Any]] = {}
    deadline = time.monotonic() + 60
    while sum(isinstance(told[-1], Finished | Exception) for told in found.values()) < count:
        assert time.monotonic() < deadline, "no end of jobs"
        for each, event in engine.messages(0.1):
            found.setdefault(each, []).append(event)
    return found


def outcome(events: list[Any]) -> Any:
    """Return the bits of a run: its status, its results, its weights and its curve."""
    last = events[-1]
    assert isinstance(last, Finished), last
    blocks = [event.rows for event in events if isinstance(event, Progress) and len(event.rows)]
    assert all(isinstance(block, CurveBlock) for block in blocks)
    curve = {
        name: np.concatenate([block.columns[name] for block in blocks]).tolist()
        for name in blocks[0].columns
        if name != "seconds"
    }
    arrays = {name: array.tobytes() for name, array in last.checkpoint.arrays.items()}
    facts = (last.status, last.best, last.last, last.test, last.checkpoint.epoch)
    return facts, arrays, without_call(last.checkpoint.position), curve


def in_threads(*jobs: Job) -> list[Any]:
    with running(lambda: ThreadEngine(1)) as engine:
        for each in jobs:
            engine.start(each)
        found = ends(engine, len(jobs))
    return [outcome(found[each]) for each in jobs]


def test_runs_have_the_bits_that_threads_give(tmp_path: Path, cluster: Processes) -> None:
    # the last rate makes the loss infinite: the end in the middle of an epoch is one of the cases
    what = {"lr": "0.01,1e18", "diagnose": "true", "seeds": (0, 3)}
    done, found = sweep(tmp_path, "dask", prepared(**what), dask=cluster.address)
    _, expected = sweep(tmp_path, "threads", prepared(**what), jobs=2)
    assert found == expected
    assert len(found) == done.counts.ended == 16
    assert "diverged" in statuses(found)
    assert "completed" in statuses(found)


def test_a_run_in_many_legs_is_that_of_one(
    cluster: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "LEG", 0.0)  # a leg ends when the loop first looks up
    jobs = [
        job(epochs=400, dropout=0.2, early_stop=150),
        job(epochs=3, hidden="512,512", opt="rmsprop", batch_size=8),  # ends within an epoch
        job(epochs=12, opt="lbfgs"),
    ]
    with running(lambda: DaskEngine(cluster.address)) as engine:
        assert engine.slots == 3
        for each in jobs:
            engine.start(each)
        found = ends(engine, len(jobs))
    assert [outcome(found[each]) for each in jobs] == in_threads(*jobs)
    events = found[jobs[0]]
    assert sum(isinstance(event, Progress) for event in events) > 3  # so there were several legs
    seconds = np.concatenate(
        [event.rows.columns["seconds"] for event in events if isinstance(event, Progress)]
    )
    assert (np.diff(seconds) > 0).all()
    # the clock of the curve is that of the whole run; both count the calls of the native loop
    assert seconds[-1] == pytest.approx(events[-1].train_seconds)


def test_a_judge_ends_a_run_at_the_same_epoch(cluster: Processes) -> None:
    jobs = [job(judge=lambda rows: rows[-1].epoch >= 6, look_every=3) for _ in range(2)]
    jobs += [job(judge=lambda rows: False, look_every=5, opt="lbfgs")]
    with running(lambda: DaskEngine(cluster.address)) as engine:
        for each in jobs:
            engine.start(each)
        found = ends(engine, len(jobs))
    outcomes = [outcome(found[each]) for each in jobs]
    assert outcomes == in_threads(*jobs)
    assert [each[0][0] for each in outcomes] == ["pruned", "pruned", "completed"]
    assert outcomes[0][0][-1] == 6


def test_stopping_gives_back_what_waits_and_the_checkpoints_of_the_rest(
    cluster: Processes,
) -> None:
    jobs = [job(epochs=100_000, seed=seed) for seed in range(6)]
    with running(lambda: DaskEngine(cluster.address)) as engine:
        for each in jobs:
            engine.start(each)
        time.sleep(1)
        left = engine.stop()
        found = ends(engine, len(jobs) - len(left))
    assert len(found) == 3  # one a thread
    assert {*found, *left} == {*jobs}
    for each, events in found.items():
        (status, *_), _, _, curve = outcome(events)
        assert status == "interrupted"
        checkpoint = events[-1].checkpoint
        total = checkpoint.epoch + 2
        plan = replace(each.plan, spec=replace(each.plan.spec, epochs=total))
        rest = outcome_of_resumed(replace(each, plan=plan, checkpoint=checkpoint))
        whole = in_threads(replace(each, plan=plan))[0]
        assert rest[1] == whole[1]
        assert curve["train_loss"] == whole[3]["train_loss"][: len(curve["train_loss"])]


def outcome_of_resumed(resumed: Job) -> Any:
    return in_threads(resumed)[0]


def test_mapped_data_are_sent_as_they_are(tmp_path: Path, cluster: Processes) -> None:
    plain = job()
    rows = plain.plan.dataset.rows
    mapped = np.memmap(tmp_path / "rows", rows.dtype, "w+", shape=rows.shape)
    mapped[:] = rows
    mapped.flush()
    mapped = np.memmap(tmp_path / "rows", rows.dtype, "r", shape=rows.shape)
    dataset = replace(plain.plan.dataset, rows=mapped)
    same = replace(plain, plan=replace(plain.plan, dataset=dataset))
    with running(lambda: DaskEngine(cluster.address)) as engine:
        engine.start(same)
        assert outcome(ends(engine, 1)[same]) == in_threads(plain)[0]


def test_an_error_of_a_run_is_told_as_it_is(cluster: Processes) -> None:
    good, broken = job(), job()
    dataset = replace(broken.plan.dataset, train=np.array(["no rows"]))
    broken = replace(broken, plan=replace(broken.plan, dataset=dataset))
    with running(lambda: DaskEngine(cluster.address)) as engine:
        engine.start(broken)
        engine.start(good)
        found = ends(engine, 2)
    assert isinstance(found[broken][-1], ValueError)
    assert found[good][-1].status == "completed"


# Workers that come and go


def test_a_sweep_waits_for_workers(tmp_path: Path) -> None:
    with (
        dask_processes(tmp_path) as processes,
        running(lambda: DaskEngine(processes.address)) as engine,
    ):
        mine = job()
        engine.start(mine)
        assert engine.slots == 1
        assert engine.messages(0.3) == []
        processes.add_worker()
        assert outcome(ends(engine, 1)[mine]) == in_threads(mine)[0]


@pytest.mark.slow
def test_a_killed_workers_runs_are_done_again(tmp_path: Path) -> None:
    what = {"epochs": "200", "seeds": (0, 1, 2)}
    with dask_processes(tmp_path, workers=2) as processes:

        def observe(event: Any) -> None:
            if isinstance(event, RunEnded) and processes.workers[0].poll() is None:
                processes.workers[0].kill()
                processes.workers[0].wait()

        wish = {"dask": processes.address, "observe": observe}
        done, found = sweep(tmp_path, "dask", prepared(**what), **wish)
        assert processes.workers[0].poll() is not None
    _, expected = sweep(tmp_path, "threads", prepared(**what), jobs=2)
    assert found == expected
    assert done.counts.completed == len(found) == 12


@pytest.mark.slow
def test_data_that_died_with_the_last_worker_are_sent_again(tmp_path: Path) -> None:
    jobs = [job(epochs=2000, seed=seed) for seed in range(3)]
    with (
        dask_processes(tmp_path, workers=1) as processes,
        running(lambda: DaskEngine(processes.address)) as engine,
    ):
        for each in jobs:
            engine.start(each)
        time.sleep(1)
        processes.workers[0].kill()
        processes.add_worker()
        found = ends(engine, 3)
    assert [outcome(found[each]) for each in jobs] == in_threads(*jobs)


@pytest.mark.slow
def test_a_run_that_kills_its_workers_fails_alone(tmp_path: Path) -> None:
    killer, other = job(epochs=1_000_000), job(epochs=20)
    with (
        dask_processes(tmp_path, workers=1) as processes,
        running(lambda: DaskEngine(processes.address)) as engine,
    ):
        engine.start(killer)
        engine.start(other)
        found: dict[Job, list[Any]] = {}
        while killer not in found:
            time.sleep(1.5)
            processes.workers[-1].kill()
            processes.add_worker()
            processes.wait_for_workers(1)
            for each, event in engine.messages(0.5):
                found.setdefault(each, []).append(event)
            assert len(processes.workers) < 20
        if other not in found:
            found |= ends(engine, 1)
    assert "workers were lost" in str(found[killer][-1])
    assert outcome(found[other]) == in_threads(other)[0]


@pytest.mark.slow
def test_workers_with_an_empty_cache_compile_side_by_side(tmp_path: Path) -> None:
    with dask_processes(tmp_path) as processes:
        for _ in range(2):
            processes.add_worker(NNCLI_CACHE=str(tmp_path / "cache"))
        processes.wait_for_workers(2)
        _, found = sweep(tmp_path, "dask", prepared(), dask=processes.address)
    _, expected = sweep(tmp_path, "threads", prepared(), jobs=2)
    assert found == expected


# What a cluster must be


OTHER_VERSION = "import nncli\nnncli.__version__ = '0.0.7'\n"
BROKEN = """
import sys
class Nobody:
    def find_spec(self, name, path=None, target=None):
        if name == "nncli":
            raise ModuleNotFoundError("No module named 'nncli'", name="nncli")
sys.meta_path.insert(0, Nobody())
"""
WITHOUT = f"""{BROKEN}
import importlib.metadata
version = importlib.metadata.version
importlib.metadata.version = lambda name: version("none" if name == "nncli" else name)
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (OTHER_VERSION, f"has nncli 0.0.7, expected {__version__}"),
        (WITHOUT, f"has no nncli, expected {__version__}"),
        (BROKEN, "cannot use its nncli"),
    ],
    ids=["other", "without", "broken"],
)
def test_a_worker_with_another_version_is_refused(tmp_path: Path, text: str, found: str) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(text)
    with dask_processes(tmp_path) as processes:
        processes.add_worker(PYTHONPATH=str(tmp_path / "site"))
        processes.wait_for_workers(1)
        with pytest.raises(UsageError) as refused:
            DaskEngine(processes.address)
    assert "the Dask worker tcp://127.0.0.1:" in str(refused.value)
    assert found in str(refused.value)


@pytest.mark.slow
def test_a_worker_with_another_version_that_comes_later_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(OTHER_VERSION)
    what = prepared(epochs="100000", seeds=(0, 1, 2))
    with dask_processes(tmp_path, workers=1) as processes:
        processes.add_worker(PYTHONPATH=str(tmp_path))
        with pytest.raises(UsageError, match=r"has nncli 0\.0\.7, expected"):
            sweep(tmp_path, "dask", what, dask=processes.address)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense", "127.0.0.1"])
def test_an_address_without_a_scheduler_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(dask_cluster, "PATIENCE", 0.3)
    with pytest.raises(UsageError, match=f"--dask {address}: no Dask scheduler answers there"):
        sweep(tmp_path, "dask", prepared(), dask=address)
    assert not (tmp_path / "dask.db").exists()


def test_dask_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'nncli\[dask\]'"):
        DaskEngine("local")


def test_a_scheduler_that_dies_ends_the_sweep_with_a_message(tmp_path: Path) -> None:
    ended: list[RunEnded] = []
    with dask_processes(tmp_path, workers=1) as processes:

        def observe(event: Any) -> None:
            if isinstance(event, RunEnded):
                ended.append(event)
                processes.scheduler.kill()

        with pytest.raises(NncliError, match="is gone: what it had done is stored"):
            sweep(
                tmp_path,
                "dask",
                prepared(epochs="300", seeds=(0, 1, 2, 3)),
                observe,
                dask=processes.address,
            )
    assert ended
    stored = contents(tmp_path / "dask.db")
    assert statuses(stored).count("completed") == len(ended)


def test_local_starts_a_cluster_and_ends_it(tmp_path: Path) -> None:
    before = {each.pid for each in psutil.Process().children(recursive=True)}
    done, found = sweep(tmp_path, "dask", prepared(seeds=(0,)), dask="local", jobs=2)
    left = {each.pid for each in psutil.Process().children(recursive=True)} - before
    tracker = {
        each for each in left if "resource_tracker" in " ".join(psutil.Process(each).cmdline())
    }
    assert left == tracker
    _, expected = sweep(tmp_path, "threads", prepared(seeds=(0,)), jobs=2)
    assert found == expected
    assert done.counts.completed == 4


LOCAL = """
import sys
sys.path.insert(0, sys.argv[1])
from test_sweep_dask import Wish, carry_out, prepared
from nncli.cli.stopping import StopRequest

if __name__ == "__main__":
    with StopRequest(lambda text: None) as stop:
        wish = Wish(db=sys.argv[2], dask="local", jobs=2)
        show = lambda event: print(type(event).__name__, flush=True)
        done = carry_out(prepared(epochs="1000000"), wish, observe=show, stop=stop)
        print(done.counts.interrupted, "interrupted")
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_a_local_cluster_ends_with_its_sweep(tmp_path: Path, name: str) -> None:
    """As Ctrl-C does in a terminal, the first signal goes to the workers too."""
    (tmp_path / "local.py").write_text(LOCAL)
    command = [sys.executable, "local.py", str(Path(__file__).parent), "local.db"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        while "Going" not in process.stdout.readline():
            assert process.poll() is None
        time.sleep(2)
        if name == "SIGINT":
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.kill()
        out, err = process.communicate(timeout=60)
        wait_until(lambda: not session(process.pid))
    finally:
        for each in session(process.pid):
            os.kill(each, signal.SIGKILL)
        process.wait()
    if name == "SIGINT":
        assert err == ""
        assert out.endswith("2 interrupted\n")
        assert statuses(contents(tmp_path / "local.db")) == ["interrupted"] * 2


def session(leader: int) -> list[int]:
    """Return the processes of a session that are alive."""
    found = []
    for each in psutil.process_iter(["status"]):
        try:
            if os.getsid(each.pid) == leader and each.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(each.pid)
        except ProcessLookupError:
            pass
    return found
