"""What a Dask worker does for a sweep: trains a run for a while, and gives back all that happened.

A run is trained in *legs*: each goes on from the checkpoint of the one before, which changes no bit
of the result. Between two legs the coordinator stores the checkpoint and asks its pruner, so that a
worker that dies costs one leg, and so does a coordinator.

Whoever can reach a Dask scheduler can run any code on its workers: orders and reports travel by
Dask's own serialization, which is pickle among machines that trust each other.
"""

from __future__ import annotations

import copy
import math
import pickle
import platform
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from itertools import groupby
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

import nncli
from nncli.data import Dataset
from nncli.errors import NncliError
from nncli.events import Checkpoint, CurveBlock, Event, Finished, LayerBlock, Progress, Started
from nncli.runner import run
from nncli.spec import Spec


@dataclass(frozen=True, eq=False)
class Order:
    """A leg to be done: of which run, from where and up to where."""

    key: str
    sweep: str  #: what :func:`end_legs` knows it by
    spec: Spec  #: resolved
    checkpoint: Checkpoint | None
    seconds_before: float  #: of training
    look_every: int | None  #: it ends at the next epoch that is a multiple of this
    seconds: float = math.inf  #: after which it ends


@dataclass(frozen=True, eq=False)
class Report:
    """What came of a leg. ``events`` is empty for one that was not begun."""

    worker: str
    versions: dict[str, str]
    events: tuple[Event, ...] = ()
    error: Exception | None = None  #: that the run ended with


def versions() -> dict[str, str]:
    """Return the versions that decide the bits of a run; must be the same everywhere."""
    return {
        "nncli": nncli.__version__,
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "numpy": metadata.version("numpy"),
        "numba": metadata.version("numba"),
    }


# What this process is doing. A leg that begins after its sweep was told to end does not begin.
_lock = threading.Lock()
_under_way: dict[str, str] = {}  # the sweep of each key
_ended: set[str] = set()


def end_legs(sweep: str) -> list[str]:
    """Ask the legs of a sweep to end, and return the keys of those that are under way here."""
    with _lock:
        _ended.add(sweep)
        return [key for key, each in _under_way.items() if each == sweep]


def train_leg(order: Order, rows: NDArray[Any], rest: Dataset) -> Report:
    """Train one leg on one thread. ``rest`` is the data set without its rows."""
    from distributed import get_worker
    from threadpoolctl import threadpool_limits

    worker = str(get_worker().address)
    with _lock:
        if order.sweep in _ended:
            return Report(worker, versions())
        _under_way[order.key] = order.sweep
    try:
        threadpool_limits(1)  # for good: this is what Dask itself starts its workers with
        events = tuple(condensed(_events(order, _dataset(rows, rest))))
        return Report(worker, versions(), events)
    except Exception as error:
        return Report(worker, versions(), error=_portable(error))
    finally:
        with _lock:
            del _under_way[order.key]


def _events(order: Order, dataset: Dataset) -> Iterator[Event]:
    """Yield the events of a leg."""
    epoch = order.checkpoint.epoch if order.checkpoint else 0
    until = math.inf
    if order.look_every is not None:
        until = (epoch // order.look_every + 1) * order.look_every
    ends = math.inf

    def is_over() -> bool:
        return epoch >= until or time.perf_counter() >= ends or order.sweep in _ended

    for event in run(
        order.spec,
        dataset,
        checkpoint=order.checkpoint,
        seconds_before=order.seconds_before,
        stop=is_over,
        threads=1,
        look_every=order.look_every,
    ):
        match event:
            case Started():  # compiling, once on a machine, does not count
                ends = time.perf_counter() + order.seconds
            case Progress(epoch=done):
                epoch = done
        yield event


def condensed(events: Iterable[Event]) -> Iterator[Event]:
    """Yield the start of a leg, its curve in as few blocks as can be, and its end."""
    blocks: list[Progress] = []
    for event in events:
        match event:
            case Started():
                yield event
            case Progress():
                blocks.append(event)
            case Finished():
                for _, group in groupby(blocks, _measured):
                    yield _joined(list(group))
                yield event


def _measured(event: Progress) -> tuple[tuple[str, ...], bool]:
    """Return what the rows of an event tell: only such as tell the same can be joined."""
    assert isinstance(event.rows, CurveBlock)
    return tuple(event.rows.columns), event.layers is not None


def _joined(events: list[Progress]) -> Progress:
    rows = [event.rows.columns for event in events if isinstance(event.rows, CurveBlock)]
    layers = [event.layers.columns for event in events if event.layers is not None]
    join: Any = np.ma.concatenate  # NumPy has left it untyped
    return replace(
        events[-1],
        rows=CurveBlock({name: np.concatenate([each[name] for each in rows]) for name in rows[0]}),
        layers=LayerBlock({name: join([each[name] for each in layers]) for name in layers[0]})
        if layers
        else None,
    )


def without_rows(dataset: Dataset) -> Dataset:
    """Return what :func:`train_leg` gets beside the rows, which many data sets share."""
    return replace(dataset, rows=np.asarray(dataset.rows[:0]), targets=np.asarray(dataset.targets))


_datasets: WeakKeyDictionary[Dataset, Dataset] = WeakKeyDictionary()


def _dataset(rows: NDArray[Any], rest: Dataset) -> Dataset:
    """Put a data set together, once for as long as Dask keeps the rest here.

    An array that came by the network may begin at any address; compiled code wants it aligned.
    """
    found = _datasets.get(rest)
    if found is None:
        names = ("targets", "train", "val", "test")
        arrays = {name: np.require(getattr(rest, name), requirements=["C", "A"]) for name in names}
        found = replace(rest, rows=np.require(rows, requirements=["C", "A"]), **arrays)
        _datasets[rest] = found
    return found


def _portable(error: Exception) -> Exception:
    """Return an error that arrives as it is; one that would not do so as what it says."""
    try:
        pickle.dumps(copy.copy(error))  # made anew from its arguments, as it will be on arrival
    except Exception:
        return NncliError(f"{type(error).__name__}: {error}")
    return error
