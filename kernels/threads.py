"""Ranks: the threads that train one network together, and the barrier they meet at.

Every rank runs the same loop over the same arrays and works on its own slice of each matrix.
Between two phases all ranks meet at a barrier that spins on a shared counter. On two cores a
meeting takes about a tenth of a microsecond, where a parallel region of Numba takes several, and
several networks can be trained at once, each with its own ranks.
"""

from __future__ import annotations

from nncli.kernels.jit import kernel, native_twin

#: Spins before a waiting rank offers its core to somebody else; about 20 microseconds.
PATIENCE = 4000


@native_twin("nncli.kernels.thread_intrinsics:atomic_add")
def atomic_add(array, index, value):
    """Add ``value`` to ``array[index]`` of int64 in one indivisible step; return nothing."""
    array[index] += value


@native_twin("nncli.kernels.thread_intrinsics:atomic_load")
def atomic_load(array, index):
    """Return ``array[index]`` of int64 as other ranks last wrote it."""
    return array[index]


@native_twin("nncli.kernels.thread_intrinsics:pause")
def pause():
    """Tell the core that this is a waiting loop (the ``pause`` instruction, on x86)."""


@native_twin("nncli.kernels.thread_intrinsics:offer_core")
def offer_core():
    """Let the operating system run another thread (``sched_yield``)."""


@kernel
def barrier(counter, ranks, meeting):
    """Wait until all ``ranks`` have reached meeting number ``meeting`` (1, 2, ...).

    ``counter`` (1,) int64 counts the arrivals since the start; it only ever grows, so that a rank
    that is late cannot confuse one meeting with the next.
    """
    if ranks == 1:
        return
    atomic_add(counter, 0, 1)
    spins = 0
    while atomic_load(counter, 0) < ranks * meeting:
        spins += 1
        if spins > PATIENCE:
            offer_core()
        else:
            pause()


@kernel
def share(size, rank, ranks, grain):
    """Return ``(start, stop)``: the slice of ``range(size)`` that ``rank`` works on.

    Slices begin at multiples of ``grain``, so that no two ranks write to one cache line.
    """
    grains = (size + grain - 1) // grain
    start = min(size, grains * rank // ranks * grain)
    stop = min(size, grains * (rank + 1) // ranks * grain)
    return start, stop
