"""nncli itself, and the peak of the BLAS that is on this machine."""

from __future__ import annotations

import numpy as np

from peers.cases import Case, Data, Job

PEAK_SIZE = 2048
PEAK_FLOPS = 2 * PEAK_SIZE**3


def nncli_worker(case: Case, data: Data, threads: int) -> Job:
    """nncli's runner on the arrays, as ``nncli train`` calls it, without a database."""
    from nncli import runner
    from nncli.data import Dataset, Preprocessing
    from nncli.events import Finished
    from nncli.resolving import resolve
    from nncli.spec import Spec

    width = case.sizes[0]
    images = data.x.dtype == np.uint8
    every = np.arange(len(data.y))
    dataset = Dataset(
        name=case.name,
        source=case.name,
        rows=data.x,
        targets=data.y.astype(np.float32)[:, None],
        train=every,
        val=every[:0],
        test=every[:0],
        task="multiclass",
        outputs=case.sizes[-1],
        preprocessing=Preprocessing(
            task="multiclass",
            inputs=(),
            shift=(0.0,) * width,
            scale=(1 / 255 if images else 1.0,) * width,
            targets=("class",),
            target_kinds=("number",),
            storage=data.x.dtype.name,
        ),
        hash="",
    )
    options = {
        "hidden": case.sizes[1:-1],
        "epochs": case.epochs,
        "batch_size": "full" if case.batch == case.rows else case.batch,
        "threads": None if threads > 1 else 1,
    }
    spec = resolve(Spec.read(options), "multiclass")

    def run() -> float:
        for event in runner.run(spec, dataset):
            if isinstance(event, Finished):
                return event.last["train_loss"]
        raise AssertionError("a run ends with Finished")

    return Job(run)


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
