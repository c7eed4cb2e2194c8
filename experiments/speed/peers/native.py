"""nncli itself, and the peak of the BLAS that its products run on."""

from __future__ import annotations

import numpy as np

from peers.cases import Case, Data, Job

PEAK_SIZE = 2048
PEAK_FLOPS = 2 * PEAK_SIZE**3


def nncli_worker(case: Case, data: Data, threads: int) -> Job:
    """nncli's training loop on the arrays, without a database."""
    try:
        from nncli import train
    except ImportError as error:
        raise RuntimeError(f"nncli.train is missing in this Python: {error}") from error
    raise RuntimeError(f"nncli_worker is not wired to {train} yet")


def sgemm_peak(case: Case, data: Data, threads: int) -> Job:
    """One large square product by SciPy's BLAS, whose threads the worker's environment sets."""
    from scipy.linalg.blas import sgemm

    rng = np.random.default_rng(0)
    a = np.asfortranarray(rng.random((PEAK_SIZE, PEAK_SIZE), np.float32))
    product = np.zeros_like(a)

    def run() -> float:
        sgemm(1.0, a, a, c=product, overwrite_c=True)
        return 0.0

    return Job(run)
