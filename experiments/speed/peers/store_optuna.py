"""Optuna's SQLite store: a trial with a reported value an epoch, the other curves as attributes.

    python -m peers.store_optuna STORE.db --task write --runs 3
    python -m peers.store_optuna STORE.db --task list --runs 10000

A trial has the options that a sweep varies, not all, and one value a step; the other five
measurements are lists in its user attributes, written once. Listing is `get_trials` without copies,
sorted. The trials to choose from are added by Optuna itself, without waiting for the disk.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.storages import RDBStorage

from peers.store_work import PARAMS, accuracy, curve, options, report, sum_of_best

STUDY = "digits"
SEARCHED = {name: PARAMS[name] for name in ("hidden", "act", "opt", "lr", "batch_size")}
KEPT = {name: CategoricalDistribution((value,)) for name, value in SEARCHED.items()}


def main() -> None:
    given = options()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    is_new = not Path(given.database).exists()
    address = f"sqlite:///{given.database}"
    if given.task == "write":
        study = optuna.create_study(
            storage=address, study_name=STUDY, load_if_exists=True, direction="maximize"
        )
        report(lambda number: write(study, number, given.epochs), given.runs)
        return
    if is_new:
        fill(address, given.runs)
    report(lambda _: best_of(address, given.best), given.times)


def write(study: Any, number: int, epochs: int) -> int:
    """A trial from its start to its end; at number 0 a short one."""
    epochs = epochs if number else 2
    trial = study.ask(fixed_distributions=KEPT)
    values = curve(epochs, number)
    for epoch, value in enumerate(values.pop("val_accuracy")):
        trial.report(value, epoch)
    for name, column in values.items():
        trial.set_user_attr(name, column)
    study.tell(trial, value)
    return epochs


def fill(address: str, runs: int) -> None:
    """Store trials with their options and a measurement of each kind."""
    import sqlalchemy

    storage = RDBStorage(address)

    @sqlalchemy.event.listens_for(storage.engine, "connect")
    def hurry(connection: Any, record: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    storage.engine.dispose()  # its connections so far
    study = optuna.create_study(storage=storage, study_name=STUDY, direction="maximize")
    for number in range(runs):
        attributes = {name: value for name, [value] in curve(1, number).items()}
        study.add_trial(
            optuna.create_trial(
                value=accuracy(number, runs),
                params=SEARCHED,
                distributions=KEPT,
                user_attrs=attributes,
            )
        )


def best_of(address: str, best: int) -> float:
    """List the best trials with all that is stored of them."""
    study = optuna.load_study(study_name=STUDY, storage=address)
    trials = sorted(study.get_trials(deepcopy=False), key=lambda trial: -trial.value)[:best]
    return sum_of_best([trial.value for trial in trials])


if __name__ == "__main__":
    main()
