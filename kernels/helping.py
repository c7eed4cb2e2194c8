"""A second process that compiles while this one does: the first start on a machine takes seconds.

Numba compiles one function at a time. What does not depend on the parts that a user has chosen is
left to a process of its own, which writes it into the disk cache, where this one finds it. Should
the helper fail, everything is compiled here as if there were none.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from nncli.kernels.jit import cache_folder


@contextmanager
def helper(call: str) -> Iterator[None]:
    """Run the Python expression ``call`` of :mod:`nncli.kernels.assemble` in another process.

    Leaving the block waits for it. On a single core, or without a cache to share, nothing is run.
    """
    if _cores() < 2 or not sys.executable or cache_folder().parent.name != "kernels":
        yield
        return
    program = f"from nncli.kernels import assemble; assemble.{call}"
    paths = os.pathsep.join(each for each in sys.path if each)
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        yield
        return
    try:
        yield
        process.wait()
    finally:
        process.kill()  # after an error or Ctrl-C; one that has ended takes no notice
        process.wait()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
