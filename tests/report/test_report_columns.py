"""Which columns a list of runs has, and what stands above it."""

from __future__ import annotations

from typing import Any

import pytest

from nncli.metrics import read_metric
from nncli.report.columns import EXTRAS, choose, wanted
from nncli.report.grid import FILLER
from nncli.resolving import resolve
from nncli.spec import Spec
from nncli.tables import Table

METRIC = read_metric("val_accuracy")


def found(*runs: dict[str, Any]) -> Table:
    """Runs as the store gives them; a run is what its options and its own fields say."""
    names = wanted(METRIC)
    own = {"name", "status", "tags", "sweep", "epochs", "epochs_planned", METRIC.label, *EXTRAS}
    rows = []
    for number, run in enumerate(runs, 1):
        options = {name: value for name, value in run.items() if name not in own}
        spec = resolve(Spec.read(options), "multiclass").to_json()
        values = {**spec, "run": number, "status": "completed", "tags": (), "epochs": 50}
        values |= {"epochs_planned": 50, METRIC.label: 0.9, **run}
        rows.append([values.get(name) for name in names])
    return Table.of_rows(names, rows)


def chosen(*runs: dict[str, Any], extras: bool = False) -> tuple[tuple[str, ...], str]:
    made = choose(found(*runs), METRIC, extras=extras)
    return made.table.names, made.common


def test_what_differs_is_a_column_and_what_is_common_stands_above() -> None:
    names, common = chosen({"act": "relu", "lr": 0.1}, {"act": "tanh", "lr": 0.1})
    assert names == ("run", "act", "val_accuracy:best")
    assert common == "data digits, hidden 256, opt adam, lr 0.1, seed 0, epochs 50, completed"


def test_what_follows_from_another_option_is_no_column() -> None:
    names, _ = chosen({"opt": "sgd", "act": "relu"}, {"opt": "adam", "act": "tanh"})
    assert names == ("run", "act", "opt", "lr", "val_accuracy:best")  # no betas, no initializer
    names, _ = chosen({"opt": "sgd"}, {"opt": "sgd", "init": "orthogonal"})
    assert names == ("run", "init", "val_accuracy:best")
    names, _ = chosen({"opt": "adamw"}, {"opt": "sgd", "weight_decay": 0.5})
    assert "weight_decay" in names


def test_a_run_that_never_trained_hides_nothing_of_the_others() -> None:
    names, _ = chosen({"opt": "sgd", "epochs": 0}, {"opt": "adam"})
    assert names == ("run", "opt", "lr", "val_accuracy:best", "epochs")


@pytest.mark.parametrize("status", ["failed", "diverged", "stale", "running", "interrupted"])
def test_trouble_is_a_column_even_if_all_share_it(status: str) -> None:
    names, common = chosen({"status": status}, {"status": status})
    assert "status" in names
    assert status not in common


def test_epochs_that_are_missing_are_told() -> None:
    made = choose(found({"epochs": 3}, {}), METRIC, extras=False)
    assert made.table["epochs"] == ["3/50", "50"]


def test_options_that_were_set_are_named_though_they_are_common() -> None:
    run = {"dropout": 0.2, "batch_size": 64, "tags": ("night",)}
    _, common = chosen(run, run)
    for each in ("dropout 0.2", "batch_size 64", "tags night"):
        assert each in common
    assert "beta1" not in common
    assert "batch_size" not in chosen({}, {})[1]  # nncli's own choice


def test_wide_terminals_get_more_and_nobody_misses_it() -> None:
    runs = ({"seconds_train": 0.5, "created": "2026"}, {"created": "2027"})
    assert "seconds_train" not in chosen(*runs)[0]
    made = choose(found(*runs), METRIC, extras=True)
    assert made.table.names[-2:] == ("seconds_train", "created")
    assert made.ranks["created"] > made.ranks["seconds_train"] >= FILLER
    assert made.ranks["run"] == made.ranks["val_accuracy:best"] == 0
    alike = choose(found({"created": "2026"}, {"created": "2026"}), METRIC, extras=True)
    assert "created" not in alike.table.names


def test_an_option_of_another_version_is_shown_as_it_is() -> None:
    table = found({"act": "relu"}, {"act": "tanh"})
    strange = {**table.columns, "act": ["relu", "act of tomorrow"]}
    made = choose(Table(strange), METRIC, extras=False)
    assert made.table["act"] == ["relu", "act of tomorrow"]
    assert "init" in made.table.names  # it is not known what would follow


def test_no_runs() -> None:
    assert chosen() == (("run", "val_accuracy:best"), "")
