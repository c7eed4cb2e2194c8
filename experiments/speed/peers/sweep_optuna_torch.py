"""Optuna with PyTorch: processes that share a study, each with a plain eager loop on one thread.

    python -m peers.sweep_optuna_torch SPLIT.npz --trials 64 --epochs 30 --jobs 2

The study is in SQLite, as Optuna's manual shows for several processes, or in the journal file that
it advises instead (`--storage journal`). The process that starts the workers makes the study while
they import PyTorch. Prints the number of trials and the best validation loss as a JSON line.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna

from peers.cases import BETA1, BETA2, EPS
from peers.sweep_work import CASE, Split, options, rates, read_split

STUDY = "digits"


def main() -> None:
    given = options(storage="sqlite", folder="", worker=-1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if given.folder:
        work(given)
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "peers.sweep_optuna_torch", *sys.argv[1:]]
        workers = [
            subprocess.Popen(
                [*command, f"--folder={folder}", f"--worker={place}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
            )
            for place in range(given.jobs)
        ]
        storage = storage_of(given.storage, Path(folder))
        study = optuna.create_study(study_name=STUDY, storage=storage)
        for worker in workers:
            assert worker.stdin
            worker.stdin.close()  # the study is there
        codes = [worker.wait() for worker in workers]
        if any(codes):
            sys.exit(f"the workers ended with exit codes {codes}")
        complete = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
        print(json.dumps({"trials": len(complete), "best": study.best_value}))


def storage_of(kind: str, folder: Path) -> Any:
    """The place of the study that all processes share."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'study.db'}"
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(str(folder / "study.log")))


def work(given: Any) -> None:
    """One worker: its share of the trials, which the study hands out."""
    train = trainer(read_split(given.split), given.epochs)
    grid = {"lr": rates(given.trials)}
    sys.stdin.read()
    place = int(given.worker)  # a seed of its own, so that no two take the same point at once
    study = optuna.load_study(
        study_name=STUDY,
        storage=storage_of(given.storage, Path(given.folder)),
        sampler=optuna.samplers.GridSampler(grid, seed=place),
    )
    study.optimize(
        lambda trial: train(trial.suggest_float("lr", min(grid["lr"]), max(grid["lr"]), log=True)),
        n_trials=given.trials * (place + 1) // given.jobs - given.trials * place // given.jobs,
    )


def trainer(split: Split, epochs: int) -> Callable[[float], float]:
    """A function that trains with a learning rate and returns the last validation loss.

    Adam is in its fused form, the fastest for this network (peers/pytorch.py).
    """
    import torch
    from torch.nn import Linear, ReLU, Sequential
    from torch.nn.functional import cross_entropy

    torch.set_num_threads(1)
    x, y = torch.from_numpy(split.x), torch.from_numpy(split.y)
    x_val, y_val = x[split.train :], y[split.train :]
    inputs, hidden, classes = CASE.sizes

    def train(rate: float) -> float:
        torch.manual_seed(0)
        network = Sequential(Linear(inputs, hidden), ReLU(), Linear(hidden, classes))
        adam = torch.optim.Adam(network.parameters(), rate, (BETA1, BETA2), EPS, fused=True)
        loss = torch.zeros(())
        for _ in range(epochs):
            for index in torch.randperm(split.train).split(CASE.batch):
                adam.zero_grad()
                cross_entropy(network(x[index]), y[index]).backward()
                adam.step()
            with torch.no_grad():
                loss = cross_entropy(network(x_val), y_val)
        return float(loss)

    return train


if __name__ == "__main__":
    main()
