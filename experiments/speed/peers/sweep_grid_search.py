"""scikit-learn's `GridSearchCV` over `MLPClassifier`, with everything off that is not the sweep.

    python -m peers.sweep_grid_search SPLIT.npz --trials 64 --epochs 30 --jobs 2

Prints the number of trials and the best validation loss as a JSON line.
"""

from __future__ import annotations

import json
import os

import numpy as np
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.neural_network import MLPClassifier

from peers.cases import BETA1, BETA2, EPS
from peers.sweep_work import CASE, options, rates, read_split


def main() -> None:
    given = options()
    os.environ["PYTHONWARNINGS"] = "ignore"  # in its processes: a fixed number of epochs is meant
    split = read_split(given.split)
    network = MLPClassifier(
        CASE.sizes[1:-1],
        batch_size=CASE.batch,
        max_iter=given.epochs,
        beta_1=BETA1,
        beta_2=BETA2,
        epsilon=EPS,
        alpha=0.0,
        tol=0.0,
        n_iter_no_change=given.epochs + 1,
        random_state=0,
    )
    validated = np.where(np.arange(len(split.y)) < split.train, -1, 0)
    search = GridSearchCV(
        network,
        {"learning_rate_init": rates(given.trials)},
        scoring="neg_log_loss",
        cv=PredefinedSplit(validated),
        refit=False,
        n_jobs=given.jobs,
    )
    search.fit(split.x, split.y)
    losses = -search.cv_results_["mean_test_score"]
    print(json.dumps({"trials": len(losses), "best": float(np.nanmin(losses))}))


if __name__ == "__main__":
    main()
