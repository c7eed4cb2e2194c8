"""How much a coordinator takes at a time: runs claimed in advance, messages gathered.

A transaction costs as much as some runs, so that several runs share one. While it is written, the
engine must have others to train: what is claimed in advance lasts for two turns.
"""

from __future__ import annotations

#: Seconds of work that is claimed in advance, and the most runs of it.
AHEAD, MOST_AHEAD = 1.0, 200

#: Seconds that messages are gathered, and between two looks at what has come: each look takes time
#: from the threads that train.
GATHER, PAUSE = 0.2, 0.05


def room(slots: int, busy: int, rate: float) -> int:
    """Return how many runs to claim besides those that are ``busy``, of which some wait.

    ``rate`` is the number of runs that end in a second. None are claimed before half of what was
    claimed in advance is done.
    """
    ahead = max(2 * slots, min(MOST_AHEAD, int(AHEAD * rate)))
    return ahead - busy if busy <= max(slots, ahead // 2) else 0


def can_wait(slots: int, busy: int, ended: int, rate: float, *, claims: bool) -> bool:
    """Return whether to gather more: several runs will end soon, and enough is left to train.

    ``ended`` are those of the ``busy`` runs that messages have told of. Once half of what waited
    has ended, the other half lasts while they are written. Where this process is slower than the
    engine, they have ended before it looks, and it does not rest. Where it ``claims`` further runs
    it goes on only with room for them, or it would find none left the next time.
    """
    queued = busy - slots
    if queued <= 0 or rate * GATHER < 1:
        return False
    return 2 * ended < queued or (claims and room(slots, busy - ended, rate) <= 0)
