"""scikit-learn's `MLPClassifier`, with everything off that is not training."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from peers.cases import BETA1, BETA2, EPS, LEARNING_RATE, Case, Data, Job


def classifier(case: Case, data: Data, threads: int) -> Job:
    """`fit` for a fixed number of epochs; of two classes it makes one logistic output."""
    x = data.x
    if x.dtype == np.uint8:
        x = np.divide(x, np.float32(255), dtype=np.float32)
    model = MLPClassifier(
        case.sizes[1:-1],
        batch_size=case.batch,
        max_iter=case.epochs,
        learning_rate_init=LEARNING_RATE,
        beta_1=BETA1,
        beta_2=BETA2,
        epsilon=EPS,
        alpha=0.0,
        tol=0.0,
        n_iter_no_change=case.epochs + 1,
        random_state=0,
    )

    def run() -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x, data.y)
        return float(model.loss_)

    return Job(run)
