"""Depth and width of networks as fields, layers at one epoch, weights, and the runs of a sweep."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from finding_samples import samples
from store_samples import a_run, layers_of

from nncli.store import Checkpoint, NewSweep, Settled, Wanted
from nncli.store.finding import Query, ReportStore

#: Hidden layers as specs have them, with depth and width.
SHAPES = {"none": (0, 0), "64": (1, 64), "64,32": (2, 64), "8,16,4": (3, 16), "9,100": (2, 100)}


@pytest.fixture
def shapes(reports: ReportStore) -> ReportStore:
    for hidden in SHAPES:
        reports.add_run(a_run(spec=json.dumps({"hidden": hidden})), "completed")
    reports.add_run(a_run(spec="{}"), "completed")
    return reports


def test_depth_and_width(shapes: ReportStore) -> None:
    found = shapes.find(Query(("depth", "width"), sort="run")).table
    assert list(found.rows()) == [*SHAPES.values(), (0, 0)]
    assert all(type(value) is int for row in found.rows() for value in row)


@pytest.mark.parametrize(
    ("condition", "runs"),
    [
        ("depth = 0", [1, 6]),
        ("depth > 1 and width < 100", [3, 4]),
        ("width = 100", [5]),
        ("width/depth > 20", [2, 3, 5]),
        ("depth in (1, 3)", [2, 4]),
        ("not width >= 16", [1, 6]),
        ("depth is none", []),
    ],
)
def test_conditions_on_them(shapes: ReportStore, condition: str, runs: list[int]) -> None:
    found = shapes.find(Query(("run",), where=condition, sort="run")).table
    assert found["run"] == runs


def test_sorted_by_them(shapes: ReportStore) -> None:
    found = shapes.find(Query(("run",), sort="-width", limit=2)).table
    assert found["run"] == [5, 3]
    assert shapes.find(Query(("run",), sort="depth:desc", limit=1)).table["run"] == [4]


def test_layers_at_one_epoch(store_of_runs: ReportStore) -> None:
    rows = {at: list(store_of_runs.layer_stats_at(Query(()), at).records()) for at in (None, 1, 2)}
    watched = [n for n, each in enumerate(samples(), 1) if each.layers]
    assert [(row["run"], row["layer"]) for row in rows[1]] == [
        (run, layer) for run in watched for layer in (1, 2)
    ]
    assert repr(rows[None]) == repr(rows[2])
    second = samples()[2].layers
    mine = [row for row in rows[None] if row["run"] == 3]
    assert [row["grad_norm"] for row in mine] == second["grad_norm"][2:] == [math.inf, -math.inf]
    assert math.isnan(mine[0]["dead_frac"])
    assert mine[0]["act_std"] is None


def test_every_run_s_own_last_epoch(reports: ReportStore) -> None:
    for last in (3, 5):
        reports.add_run(a_run(), "completed", layers=layers_of(1, last))
    found = reports.layer_stats_at(Query(()))
    assert found["epoch"] == [3, 3, 5, 5]
    assert len(reports.layer_stats_at(Query((), where="seed = 99"))) == 0
    assert reports.layer_stats_at(Query((), where="run = 2"), 4)["run"] == [2, 2]


def test_weights_are_the_best_or_the_last(reports: ReportStore) -> None:
    models: list[dict[str, Any]] = [
        {"last": Checkpoint(epoch=5, weights=b"last", state=b"much")},
        {
            "last": Checkpoint(epoch=5, weights=b"last"),
            "best": Checkpoint(epoch=3, weights=b"best"),
        },
        {},
    ]
    for each in models:
        reports.add_run(a_run(), "completed", **each)
    found = reports.weights_of([1, 2, 3, 99])
    assert {run: (model.epoch, model.weights) for run, model in found.items()} == {
        1: (5, b"last"),
        2: (3, b"best"),
    }
    assert found[1].state is None


def test_the_runs_of_a_sweep_are_those_it_uses(reports: ReportStore) -> None:
    """Also one that another sweep has trained; what it trained itself can be asked for alone."""
    for number in range(2):
        sweep, _ = reports.open_sweep(
            NewSweep(data="digits", definition="{}", definition_hash=str(number))
        )
        process = reports.join_sweep(sweep.id)
        wanted = [Wanted(0, 0, "{}", "same", "data-1"), Wanted(1, 0, "{}", f"own {number}", "d")]
        for claim in reports.claim(sweep.id, process, wanted):
            if claim.outcome == "mine":
                new = a_run(spec_hash=claim.spec_hash, sweep_id=sweep.id)
                run, _ = reports.add_run(new, "completed")
                reports.settle(sweep.id, [Settled(claim.number, 0, run)])

    def runs(*sweeps: int, **more: Any) -> list[int]:
        query = Query(("run",), of_sweeps=sweeps, sort="run", **more)
        return list(reports.find(query).table["run"])

    assert runs(1) == [1, 2]
    assert runs(2) == [1, 3]
    assert runs(1, 2) == [1, 2, 3]
    assert runs(2, where="run > 1") == [3]
    assert runs(runs=("sweep:2",)) == [1, 3]
    assert runs(runs=("sweep:last",)) == [1, 3]
    assert runs(runs=("sweep:2",), only_trained=True) == [3]
    assert runs(7) == []


def test_samples_have_shapes_too(store_of_runs: ReportStore) -> None:
    shapes = {"64": (1, 64), "64,32": (2, 64), "none": (0, 0)}
    found = store_of_runs.find(Query(("depth", "width"), sort="run")).table
    assert list(found.rows()) == [shapes[each.spec["hidden"]] for each in samples()]
