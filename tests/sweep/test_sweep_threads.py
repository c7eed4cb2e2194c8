"""How many threads the engine of one machine starts, and what it does where there are no more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from nncli.errors import UsageError
from nncli.sweeps.engines import threads
from nncli.sweeps.engines.threads import ThreadEngine

#: More than there are runs.
MANY = 1000


@pytest.fixture(autouse=True)
def trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train nothing: a job's events are one, that it was taken."""

    def train(job: Any, stop: object) -> Iterator[Any]:
        yield f"took {job}"

    monkeypatch.setattr(threads, "train", train)


def done(engine: ThreadEngine, jobs: int) -> set[Any]:
    """Give the engine jobs, and return what it tells of them."""
    for job in range(jobs):
        engine.start(job)  # type: ignore[arg-type]
    found: set[Any] = set()
    while len(found) < jobs:
        found |= set(engine.messages(10.0))
    return found


def started() -> int:
    return sum(each.name.startswith("run-") for each in threading.enumerate())


def test_there_are_no_more_threads_than_runs_and_slots() -> None:
    for slots, jobs, wanted in ((MANY, 3, 3), (2, 5, 2)):
        engine = ThreadEngine(slots)
        assert started() == 0
        try:
            assert done(engine, jobs) == {(job, f"took {job}") for job in range(jobs)}
            assert (started(), engine.slots) == (wanted, slots)
        finally:
            engine.close()


@pytest.mark.parametrize("most", [0, 2])
def test_a_system_without_more_threads(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def start_some(thread: threading.Thread) -> None:
        if started() >= most:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_some)
    engine = ThreadEngine(MANY)
    try:
        if most:
            assert len(done(engine, 5)) == 5
            assert engine.slots == most
        else:
            with pytest.raises(UsageError, match="the system starts no thread"):
                done(engine, 1)
    finally:
        engine.close()
