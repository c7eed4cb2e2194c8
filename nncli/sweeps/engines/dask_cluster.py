"""A Dask cluster as a sweep uses it: reached or started, its workers checked, data sent to them.

Dask's client keeps a thread with an event loop; the coroutines here run in that thread.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import warnings
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from typing import Any, TypeVar

import numpy as np

from nncli.data import Dataset
from nncli.environment import available_cores
from nncli.errors import NncliError, UsageError
from nncli.sweeps.engines import dask_worker

#: Seconds to wait for a scheduler that does not answer, and for one to say goodbye.
PATIENCE, GOODBYE = 10.0, 3.0

#: Parts of data sets that are kept on the workers; one in use stays there in any case.
MOST_SENT = 32

#: Programs' own words for "one thread for BLAS".
ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}

Value = TypeVar("Value")


class Cluster:
    """A connection to the scheduler at ``address``, or to a cluster of this machine's own.

    ``local`` starts one with ``jobs`` processes, by default one a core, and ends it with itself.
    Raises UsageError where that is not possible, or a worker has other versions than this process.
    """

    def __init__(self, address: str, jobs: int | None) -> None:
        self.address = address
        self._own: Any = None
        self._client: Any = None
        self._threads: dict[str, int] = {}  # of the workers that have been checked
        self._sent: OrderedDict[int, tuple[object, Any]] = OrderedDict()
        self._sending = asyncio.Lock()
        self._expected = dask_worker.versions()
        distributed = _distributed()
        try:
            self._connect(distributed, jobs)
            self.wait_for(self.look())
        except BaseException:
            self.close()
            raise

    @property
    def threads(self) -> int:
        """Return the number of threads of all workers, as of the last :meth:`look`."""
        return sum(self._threads.values())

    @property
    def is_reachable(self) -> bool:
        """Return whether the connection to the scheduler stands."""
        return self._client is not None and self._client.status == "running"

    def begin(self, work: Coroutine[Any, Any, Value]) -> Future[Value]:
        """Begin a coroutine in the client's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._client.loop.asyncio_loop)

    def wait_for(self, work: Coroutine[Any, Any, Value], timeout: float | None = None) -> Value:
        """Run a coroutine in the client's thread and return what it returns."""
        return self.begin(work).result(timeout)

    def call_soon(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call a function in the client's thread, and do not wait."""
        self._client.loop.asyncio_loop.call_soon_threadsafe(function, *arguments)

    # In the client's thread

    async def look(self) -> None:
        """See which workers there are, and check the versions of those that are new.

        Raises NncliError if the scheduler is gone.
        """
        try:
            threads = dict(await self._client.nthreads())
            new = [worker for worker in threads if worker not in self._threads]
            found = {}
            if new:
                found = await self._client.run(dask_worker.versions, workers=new, on_error="return")
        except Exception:
            if self.is_reachable:
                raise
            raise self.gone() from None
        for worker, told in found.items():
            if isinstance(told, OSError):
                del threads[worker]  # it went away meanwhile
            elif isinstance(told, Exception):
                await self._refuse(worker, told)
            else:
                self.check(worker, told)
        self._threads = threads

    def check(self, worker: str, found: Mapping[str, str | None]) -> None:
        """Raise UsageError if a worker has other versions than this process."""
        for name, expected in self._expected.items():
            version = found.get(name)
            if version == expected:
                continue
            has = f"has {name} {version}" if version else f"has no {name}"
            raise UsageError(
                f"the Dask worker {worker} {has}, expected {expected} as here, so that all runs "
                f"have the same bits: install {name} {expected} there, or end that worker"
            )

    def gone(self) -> NncliError:
        """Return the error that the scheduler is gone."""
        return NncliError(
            f"the Dask scheduler {self.address} is gone: what it had done is stored; start the "
            "sweep again once it is back, and it goes on from there"
        )

    async def submit(self, order: dask_worker.Order, dataset: Dataset) -> Any:
        """Return the future of a leg, once its data are on the way."""
        rows = await self._send(dataset.rows, lambda: np.asarray(dataset.rows))
        rest = await self._send(dataset, lambda: dask_worker.without_rows(dataset))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a checkpoint may be larger than Dask thinks wise
            return self._client.submit(
                dask_worker.train_leg, order, rows, rest, key=order.key, pure=False
            )

    async def end_legs(self, sweep: str) -> set[str]:
        """Ask all legs of a sweep to end; return the keys of those that are under way."""
        told = await self._client.run(dask_worker.end_legs, sweep, on_error="ignore")
        return {key for keys in told.values() for key in keys}

    async def _send(self, part: object, whole: Callable[[], object]) -> Any:
        """Return the future of a part of a data set, which is sent to all workers if need be.

        Workers that come later get it from others; what was lost with a worker is sent again.
        """
        async with self._sending:
            _, future = self._sent.get(id(part), (None, None))
            if future is None or future.status != "finished":
                future = await self._client.scatter(whole(), broadcast=True, hash=False)
            self._sent[id(part)] = part, future  # the part too, or its id could become another's
            self._sent.move_to_end(id(part))
            if len(self._sent) > MOST_SENT:
                self._sent.popitem(last=False)
            return future

    async def _refuse(self, worker: str, reason: Exception) -> None:
        """Raise UsageError for a worker that cannot tell its versions: Dask knows what it has."""
        told = await self._client.get_versions(packages=list(self._expected))
        packages = told["workers"].get(worker, {}).get("packages", {})
        python = ".".join(packages.get("python", "").split(".")[:2])
        self.check(worker, {**packages, "Python": python})
        raise UsageError(
            f"the Dask worker {worker} cannot use its nncli ({reason}): repair it there, or end "
            "that worker"
        )

    # From and to the outside

    def _connect(self, distributed: Any, jobs: int | None) -> None:
        target: Any = self.address
        if self.address == "local":
            with _deaf_children():
                target = self._own = distributed.LocalCluster(
                    n_workers=jobs or available_cores(),
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address=None,
                    scheduler_kwargs={"dashboard_address": ":0"},  # or it wants the usual port
                    silence_logs=logging.CRITICAL + 1,
                    env=ONE_THREAD,
                )
        else:
            self._ask(distributed)
        self._client = distributed.Client(target, timeout=PATIENCE, set_as_default=False)

    def _ask(self, distributed: Any) -> None:
        """Raise UsageError if no scheduler answers: a client that fails would leave a thread."""

        async def ask() -> None:
            settings = distributed.Security().get_connection_args("client")
            connecting = distributed.core.connect(self.address, timeout=PATIENCE, **settings)
            comm = await asyncio.wait_for(connecting, PATIENCE + 1)
            await comm.close()

        try:
            with ThreadPoolExecutor(1) as thread:  # in this one a notebook may have its loop
                thread.submit(asyncio.run, ask()).result()
        except Exception as error:
            reason = str(error).split("\n")[0] or "it says nothing"
            raise UsageError(
                f"--dask {self.address}: no Dask scheduler answers there ({reason}): start one "
                "with dask scheduler and name the address that it prints, such as "
                "tcp://192.168.0.5:8786, or use --dask local"
            ) from None

    def close(self) -> None:
        """Let go of the data and the scheduler; a cluster of one's own ends."""
        self._sent.clear()
        for each in (self._client, self._own):
            if each is not None:
                with suppress(Exception):  # whatever is wrong with it, it is to go
                    each.close(timeout=GOODBYE)


def _distributed() -> Any:
    """Import Dask, and let it log nothing: what goes wrong is told by the sweep."""
    try:
        import distributed
    except ImportError:
        raise UsageError(
            "--dask needs Dask, which is not installed: pip install 'nncli[dask]'"
        ) from None
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return distributed


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Let processes that threads begun here will start not hear Ctrl-C, which all get at once.

    This process is to ask them to end; they would be gone before. A thread, and a process, begins
    with the signals blocked that its creator has blocked.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which unblocks them in the thread that starts it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
