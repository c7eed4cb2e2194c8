"""A run whose process is gone is stale, and one whose process lives is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from store_samples import ELSEWHERE, a_curve, a_model, a_run

from nncli.errors import StoreError
from nncli.store import RunStore
from nncli.store import process as process_module
from nncli.store.process import Process, is_alive, start_of, this_process


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """A process of this machine that waits until it is killed."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield child
    child.kill()
    child.communicate()


def process_of(child: subprocess.Popen[bytes]) -> Process:
    return replace(this_process(), pid=child.pid, started=start_of(child.pid))


@pytest.fixture
def stored_status(execute) -> Callable[[int], str]:
    """The status of a run as it is stored, whatever its process does."""
    return lambda run_id: execute(f"SELECT status FROM runs WHERE id = {run_id}")[0][0]


def test_alive_dead_and_recycled(other: subprocess.Popen[bytes]) -> None:
    process = process_of(other)
    assert is_alive(this_process())
    assert is_alive(process)
    assert is_alive(replace(process, started="12")) is False  # the number came to another process
    assert is_alive(replace(process, started=None)) is None
    assert is_alive(replace(process, space="another boot")) is None
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # a zombie now: killed, not reaped
    assert is_alive(process) is False
    other.wait()
    assert is_alive(process) is False


def test_without_proc_psutil_tells(
    other: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "start_of", process_module._start_by_psutil)
    process = replace(process_of(other), started=process_module._start_by_psutil(other.pid))
    assert is_alive(process)
    assert is_alive(replace(process, started="12")) is False
    other.kill()
    other.wait()
    assert is_alive(process) is False


def test_a_killed_run_is_shown_and_then_marked_stale(
    store: RunStore, target, elsewhere, stored_status, other: subprocess.Popen[bytes]
) -> None:
    run_id = elsewhere(process_of(other)).create_run(a_run())
    mine = store.create_run(a_run())
    assert store.get_run(run_id).status == "running"
    with pytest.raises(StoreError, match=f"being trained by process {other.pid}"):
        store.reopen_run(run_id)
    other.kill()
    other.wait()
    assert store.get_run(run_id).status == store.find_run(run_id).status == "stale"
    assert [row.status for row in store.list_runs()] == ["running", "stale"]
    assert [row.id for row in store.list_runs(status="stale")] == [run_id]
    assert [row.id for row in store.list_runs(status="running")] == [mine]
    assert stored_status(run_id) == "running"  # reading writes nothing
    with RunStore(target) as later:
        later.create_run(a_run())
    assert stored_status(run_id) == "stale"
    assert stored_status(mine) == "running"
    store.reopen_run(run_id)
    assert stored_status(run_id) == "running"


def test_a_recycled_pid_is_not_mistaken_for_the_run(store: RunStore, elsewhere) -> None:
    run_id = elsewhere(replace(this_process(), started="12")).create_run(a_run())
    assert store.get_run(run_id).status == "stale"
    store.reopen_run(run_id)


def test_on_another_machine_the_heartbeat_decides(target) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    with RunStore(target, process=ELSEWHERE, clock=lambda: now) as theirs:
        run_id = theirs.create_run(a_run())

    def seen_after(minutes: float) -> str:
        with RunStore(target, clock=lambda: now + timedelta(minutes=minutes)) as mine:
            return mine.get_run(run_id).status

    assert seen_after(0) == seen_after(4.9) == "running"
    assert seen_after(5.1) == "stale"
    with (
        RunStore(target, clock=lambda: now + timedelta(minutes=1)) as mine,
        pytest.raises(StoreError, match="being trained by process 7 on elsewhere"),
    ):
        mine.reopen_run(run_id)
    with RunStore(target, process=ELSEWHERE, clock=lambda: now + timedelta(minutes=4)) as theirs:
        theirs.heartbeat(run_id)
    assert seen_after(8.9) == "running"


def test_a_run_wrongly_marked_goes_on_unless_it_was_taken_over(target, stored_status) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    slept = RunStore(target, process=ELSEWHERE, clock=lambda: now)
    run_id = slept.create_run(a_run())
    slept.save(run_id, a_curve(1, 2), last=a_model(2))
    with RunStore(target, clock=lambda: now + timedelta(hours=1)) as mine:
        mine.create_run(a_run())
        assert stored_status(run_id) == "stale"
        slept.save(run_id, a_curve(3, 4), last=a_model(4))
        assert stored_status(run_id) == "running"
        assert mine.reopen_run(run_id) == a_model(4)
        with pytest.raises(StoreError, match=f"belongs to process {os.getpid()}"):
            slept.save(run_id, a_curve(5, 6))
        assert len(mine.curve(run_id)) == 4
    slept.close()
