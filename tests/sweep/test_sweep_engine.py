"""Sweeps in this process: each run is the one of ``nncli train``, to the bit.

Trials compete fairly; what goes wrong is recorded; what is stored is not done again.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import load

import nncli.sweeps.engines.work
from nncli import recorder
from nncli.errors import DataError, StoreError, UsageError
from nncli.events import Event
from nncli.planning import Planner
from nncli.sweeps.events import Opened
from nncli.sweeps.search.guides import Guide

if TYPE_CHECKING:
    from tests.sweep.conftest import Lab

#: Options of sweeps, each with its values as people write them; `nncli train` gets them one by one.
#: All networks are so small that training takes one thread.
SAME = {
    "optimizers": {
        "data": ["iris"],
        "opt": ["sgd", "adam", "rmsprop", "lbfgs"],
        "hidden": ["5"],
        "epochs": ["6"],
        "test": ["0.2"],
    },
    "normalized, dropped, scheduled": {
        "data": ["iris"],
        "bn": ["none", "before"],
        "dropout": ["0", "0.3"],
        "hidden": ["6", "6,4"],
        "schedule": ["cosine"],
        "batch_size": ["16", "full"],
        "epochs": ["5"],
    },
    "regression that stops early": {
        "data": ["sine"],
        "loss": ["mse", "huber"],
        "lr": ["0.003", "0.3"],
        "early_stop": ["2"],
        "hidden": ["6"],
        "epochs": ["40"],
        "log_every": ["1", "3"],
    },
    "formula, watched, in float64": {
        "data": ["moons"],
        "act": ["tanh", "x*sigmoid(x)"],
        "init": ["auto", "orthogonal", "lsuv"],
        "dtype": ["float64"],
        "diagnose": ["true"],
        "save": ["last"],
        "hidden": ["4"],
        "epochs": ["4"],
    },
    "table with texts, cut differently": {
        "data": ["{table}"],
        "target": ["price"],
        "val": ["0.1", "0.3"],
        "scale": ["standard", "minmax"],
        "hidden": ["4"],
        "epochs": ["5"],
        "l1": ["0", "0.01"],
    },
    "classes of a table": {
        "data": ["{table}"],
        "target": ["town"],
        "class_weight": ["balanced"],
        "features": ["quadratic"],
        "drop": ["colour"],
        "act": ["relu", "prelu"],
        "epochs": ["5"],
        "hidden": ["2", "3"],
    },
}


def write_table(path: Path) -> str:
    """A table with two columns of texts, gaps in one of numbers, and a price to be told."""
    rng = np.random.default_rng(5)
    lines = ["size,colour,town,age,price"]
    for _ in range(90):
        size, age = rng.uniform(20, 200), rng.integers(0, 90)
        colour, town = rng.choice(["red", "green", "blue"]), rng.choice(["Oslo", "Rome"])
        price = 3 * size - age + 40 * (town == "Rome") + rng.normal(0, 5)
        gap = "" if rng.random() < 0.1 else str(age)
        lines.append(f"{size:.1f},{colour},{town},{gap},{price:.2f}")
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def combinations(values: dict[str, list[str]]) -> Iterator[dict[str, str]]:
    for chosen in itertools.product(*values.values()):
        yield dict(zip(values, chosen, strict=True))


def as_list(values: list[str]) -> str:
    """Several values with bars; a single one as `nncli train` takes it."""
    return "|".join(values) + ("|" if len(values) == 1 and "," in values[0] else "")


@pytest.mark.parametrize("case", SAME)
def test_a_run_of_a_sweep_is_the_run_of_train(lab: Lab, case: str) -> None:
    table = write_table(lab.folder / "houses.csv")
    values = {name: [one.format(table=table) for one in all_] for name, all_ in SAME[case].items()}
    seeds, alone = (0, 7), str(lab.folder / "alone.db")
    expected = {}
    for chosen in combinations(values):
        for seed in seeds:
            run = lab.train({**chosen, "seed": seed}, db=alone).run
            learned = lab.learned(run, db=alone)
            expected[learned["runs"][0]["spec_hash"], learned["runs"][0]["data_hash"]] = learned
    assert len(expected) == 2 * len(list(combinations(values)))
    options = {name: as_list(all_) for name, all_ in values.items()}
    for jobs in (1, 2, 4):
        db = str(lab.folder / f"jobs{jobs}.db")
        done = lab.sweep(options, db=db, jobs=jobs, seeds="0,7")
        assert done.counts.completed == len(expected)
        found = {}
        for (run,) in lab.query("select id from runs", db=db):
            learned = lab.learned(run, db=db)
            found[learned["runs"][0]["spec_hash"], learned["runs"][0]["data_hash"]] = learned
        assert found == expected


def test_the_runs_of_a_seed_begin_with_the_same_weights(lab: Lab) -> None:
    # steps of 1e-30 vanish beside weights of float32, which end as they began (biases begin at 0)
    lab.sweep(
        {"data": "iris", "opt": "sgd", "lr": "1e-30,2e-30,3e-30", "hidden": 3, "epochs": 1}, seeds=3
    )
    rows = lab.query(
        "select t.seed, m.weights from trials t join models m on m.run_id = t.run_id "
        "where m.kind = 'last'"
    )
    first = {(seed, load(weights)["layer 1 W"].tobytes()) for seed, weights in rows}
    assert len(rows) == 9
    assert len(first) == 3
    assert {seed for seed, _ in first} == {0, 1, 2}


def test_the_best_trial_has_the_best_mean_over_seeds(lab: Lab) -> None:
    options = {"data": "iris", "lr": "log:1e-4:1:6", "act": "relu,tanh", "hidden": 4, "epochs": 5}
    done = lab.sweep(options, seeds="3,5,9")
    rows = lab.query(
        "select t.number, r.best_val_loss, r.id, t.seed from trials t "
        "join runs r on r.id = t.run_id order by 1, 4"
    )
    trials = {
        number: [row[1:] for row in group]
        for number, group in itertools.groupby(rows, lambda row: row[0])
    }
    assert len(trials) == 12
    assert all([seed for *_, seed in group] == [3, 5, 9] for group in trials.values())
    means = {
        number: statistics.fmean(value for value, *_ in each) for number, each in trials.items()
    }
    best = min(means, key=means.__getitem__)
    assert done.best[0].trial == best
    # a mean of three doubles: the order of the additions may differ, 4 units in the last place
    assert done.best[0].values[0] == pytest.approx(means[best], rel=4 * 2**-52)
    assert sorted(done.best[0].runs) == sorted(run for _, run, _ in trials[best])
    assert len(done.best) == 1
    stored = json.loads(lab.query("select params from trials where number = ?", best)[0][0])
    assert done.best[0].params == {name: stored[name] for name in ("lr", "act")}


def test_a_mean_is_not_the_best_single_run(lab: Lab) -> None:
    """One lucky seed does not win: the objective is maximal where it is to be."""
    options = {"data": "iris", "lr": "log:1e-4:1:6", "hidden": 4, "epochs": 5}
    done = lab.sweep(options, seeds=4, objective="val_accuracy:last")
    rows = lab.query(
        "select number, avg(r.val_accuracy) from trials t join runs r "
        "on r.id = t.run_id group by number"
    )
    top = max(value for _, value in rows)
    assert done.best[0].values[0] == pytest.approx(top, rel=4 * 2**-52)
    assert done.best[0].trial in [number for number, value in rows if value > top - 1e-12]


def test_several_objectives_have_a_pareto_front(lab: Lab) -> None:
    options = {"data": "iris", "hidden": "1|2|3|5|8|2,2", "lr": "0.003,0.03", "epochs": 6}
    done = lab.sweep(options, seeds=2, objective=["val_loss", "parameters", "train_loss:last"])
    rows = lab.query(
        "select number, avg(r.best_val_loss), avg(r.parameters), avg(r.train_loss) "
        "from trials t join runs r on r.id = t.run_id group by number"
    )

    def beats(a: Any, b: Any) -> bool:
        return all(x <= y for x, y in zip(a, b, strict=True)) and a != b

    front = {
        number for number, *values in rows if not any(beats(others, values) for _, *others in rows)
    }
    assert {each.trial for each in done.best} == front
    assert 1 < len(front) < len(rows)
    assert [event.objectives for event in lab.events if isinstance(event, Opened)] == [
        ("val_loss", "parameters", "train_loss:last")
    ]


# What goes wrong

DIVERGES = {"data": "linear", "opt": "sgd", "lr": "0.01,1e30", "hidden": 3, "epochs": 5}


def test_a_diverging_run_is_recorded_and_the_sweep_goes_on(lab: Lab) -> None:
    done = lab.sweep({**DIVERGES, "lr": "1e30,0.01,0.02"}, seeds=2, jobs=1)
    assert (done.counts.completed, done.counts.failed, done.counts.diverged) == (4, 2, 2)
    assert lab.query("select status, count(*), count(error) from runs group by 1 order by 1") == [
        ("completed", 4, 0),
        ("diverged", 2, 2),
    ]
    assert done.best[0].params["lr"] < 1
    assert not done.stopped
    again = lab.sweep({**DIVERGES, "lr": "1e30,0.01,0.02"}, seeds=2)
    assert (again.counts.skipped, again.counts.ended) == (6, 6)
    assert again.best[0].values == done.best[0].values


def test_fail_fast_stops_at_the_first_that_diverges(lab: Lab) -> None:
    rates = "1e30," + ",".join(f"{0.001 * (1 + k):g}" for k in range(300))
    done = lab.sweep({**DIVERGES, "lr": rates}, jobs=1, fail_fast=True)
    assert done.stopped
    assert done.counts.diverged == 1
    assert done.counts.ended < 300
    assert lab.query("select count(*) from runs where status = 'running'") == [(0,)]
    rest = lab.sweep({**DIVERGES, "lr": rates})
    assert rest.counts.ended == 301
    lab_runs = lab.query("select count(*), count(distinct spec_hash) from runs")
    assert lab_runs == [(301, 301)]


def broken_for(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the training of one seed end with an error after its second progress."""
    real = nncli.sweeps.engines.work.run

    def run(spec: Any, *args: Any, **more: Any) -> Iterator[Event]:
        events = real(spec, *args, **more)
        if spec.seed == seed:
            yield next(events)
            yield next(events)
            raise RuntimeError("the ceiling came down")
        yield from events

    monkeypatch.setattr(nncli.sweeps.engines.work, "run", run)


def test_a_failed_run_is_tried_again_in_its_row(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"data": "iris", "lr": "0.01,0.02", "hidden": 3, "epochs": 4}
    with monkeypatch.context() as broken:
        broken_for(1, broken)
        done = lab.sweep(options, seeds=3, jobs=2)
    assert (done.counts.completed, done.counts.failed, done.counts.diverged) == (4, 2, 0)
    assert done.best == ()  # no trial is whole
    failed = lab.query("select id, seed, error from runs where status = 'failed'")
    assert [row[1:] for row in failed] == [(1, "RuntimeError: the ceiling came down")] * 2
    again = lab.sweep(options, seeds=3)
    assert (again.counts.completed, again.counts.skipped, again.counts.failed) == (2, 4, 0)
    lab.check_whole(2, 3)
    alone = str(lab.folder / "alone.db")
    for run, seed, _ in failed:
        (spec,) = lab.query("select spec from runs where id = ?", run)[0]
        single = lab.train({**options, "lr": json.loads(spec)["lr"], "seed": seed}, db=alone).run
        assert lab.learned(run) == lab.learned(single, db=alone)
    assert lab.query("select count(error) from runs") == [(0,)]


def test_the_best_runs_stand_in_the_order_of_the_seeds(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"data": "iris", "lr": "0.01", "hidden": 3, "epochs": 4}
    with monkeypatch.context() as broken:
        broken_for(4, broken)
        lab.sweep(options, seeds="4,0,2")
    done = lab.sweep(options, seeds="4,0,2")
    by_seed = dict(lab.query("select seed, run_id from trials"))
    assert done.best[0].runs == tuple(by_seed[seed] for seed in (0, 2, 4))


@pytest.mark.parametrize("jobs", [1, 2])
def test_trials_that_come_to_one_spec_share_its_run(lab: Lab, jobs: int) -> None:
    """Without hidden layers the activation is none of the network's."""
    options = {"data": "iris", "hidden": "none|", "act": "relu,tanh,selu", "epochs": 3}
    done = lab.sweep(options, seeds=2, jobs=jobs)
    assert (done.counts.completed, done.counts.skipped) == (2, 4)
    assert lab.query("select count(*), count(distinct run_id) from trials") == [(6, 2)]
    assert lab.query("select count(*) from runs") == [(2,)]


def unplannable_for(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the runs of one seed fail before they begin."""
    real = Planner.plan

    def plan(self: Planner, asked: Any, spec: Any = None) -> Any:
        if asked.seed == seed:
            raise DataError("the file has melted: fetch it again")
        return real(self, asked, spec)

    monkeypatch.setattr(Planner, "plan", plan)


def test_a_run_that_cannot_be_planned_has_failed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"data": "iris", "lr": "0.01,0.02", "hidden": 3, "epochs": 4}
    with monkeypatch.context() as broken:
        unplannable_for(1, broken)
        done = lab.sweep(options, seeds=2)
    assert (done.counts.completed, done.counts.failed) == (2, 2)
    assert lab.query("select distinct error from runs where status = 'failed'") == [
        ("the file has melted: fetch it again",)
    ]
    assert lab.sweep(options, seeds=2).counts.completed == 2
    lab.check_whole(2, 2)


def test_a_run_that_cannot_be_planned_is_whole_when_tried_again(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"data": "iris", "lr": "0.01,0.02", "hidden": 3, "epochs": 4}
    with monkeypatch.context() as broken:
        unplannable_for(1, broken)
        lab.sweep(options, seeds=2)
    lab.sweep(options, seeds=2)
    whole = str(lab.folder / "whole.db")
    lab.sweep(options, db=whole, seeds=2)
    found = lab.differences(1, lab.results(1, db=whole))
    # What was open when it was refused also names options that have no value in the end.
    assert [each for each in found if "left_open" not in each] == []


def test_a_trial_that_contradicts_itself_is_refused_before_anything_is_written(lab: Lab) -> None:
    with pytest.raises(UsageError, match=r"trial 1 .*loss=hinge"):
        lab.sweep({"data": "iris", "loss": "cross_entropy,hinge"})
    assert not Path(lab.db).exists()


# Started again


SMALL = {"data": "iris", "lr": "log:1e-3:1e-1:3", "hidden": 3, "epochs": 3}


def test_a_finished_sweep_started_again_does_nothing(lab: Lab) -> None:
    first = lab.sweep(SMALL, seeds=2)
    sizes, before = lab.sizes(), lab.results(1)
    # the same sweep, asked for in other words
    again = lab.sweep({**SMALL, "hidden": "3", "lr": "0.001,1e-2,.1"}, seeds="0,1", jobs=1)
    assert (again.sweep, again.counts.skipped, again.counts.ended) == (first.sweep, 6, 6)
    assert again.best[0].values == first.best[0].values
    assert lab.sizes() == sizes
    assert lab.results(1) == before


def test_rerun_does_all_again(lab: Lab) -> None:
    first = lab.sweep(SMALL, seeds=2)
    again = lab.sweep(SMALL, seeds=2, rerun=True)
    assert again.sweep != first.sweep
    assert again.counts.completed == 6
    assert lab.query("select count(*), count(distinct spec_hash) from runs") == [(12, 6)]
    results = [list(lab.results(sweep.sweep).values()) for sweep in (first, again)]
    assert results[0] == results[1]
    third = lab.sweep(SMALL, seeds=2)  # goes on with the newest, in which nothing is missing
    assert (third.sweep, third.counts.skipped) == (again.sweep, 6)


def test_runs_of_others_are_taken_as_they_are(lab: Lab) -> None:
    single = lab.train({**SMALL, "lr": "0.01", "seed": 1})
    lab.sweep({**SMALL, "lr": "0.1"}, seeds=2)
    done = lab.sweep(SMALL, seeds=2)
    assert (done.counts.completed, done.counts.skipped) == (3, 3)
    taken = lab.query(
        "select run_id from trials where sweep_id = 2 and seed = 1 and params like "
        "'%\"lr\": 0.01,%' or sweep_id = 2 and seed = 1 and params like '%\"lr\": 0.01}'"
    )
    assert taken == [(single.run,)]
    assert lab.query("select count(*) from runs") == [(6,)]


def test_more_trials_go_on_with_the_same_sweep(lab: Lab) -> None:
    options = {"data": "iris", "lr": "loguniform:1e-4:1e-1", "hidden": 3, "epochs": 2}
    first = lab.sweep(options, trials=10, seeds=2)
    more = lab.sweep(options, trials=20, seeds=2)
    assert more.sweep == first.sweep
    assert (more.counts.skipped, more.counts.completed) == (20, 20)
    lab.check_whole(20, 2)
    other = str(lab.folder / "at_once.db")
    lab.sweep(options, db=other, trials=20, seeds=2)
    assert lab.results(1) == lab.results(1, db=other)
    fewer = lab.sweep(options, trials=5, seeds=2)
    assert fewer.counts.completed == 0


@pytest.mark.parametrize("sampler", ["random", "quasi", "tpe"])
def test_a_sampler_that_was_stopped_goes_on(lab: Lab, sampler: str) -> None:
    if sampler == "tpe":
        pytest.importorskip("optuna")
    options = {"data": "iris", "lr": "loguniform:1e-4:1e-1", "hidden": "2,4", "epochs": 2}
    asked: dict[str, Any] = {"sampler": sampler, "trials": 16, "seeds": 2, "jobs": 1}
    whole = str(lab.folder / "whole.db")
    lab.sweep(options, db=whole, **asked)
    for limit in (3, 9, 40):
        lab.sweep(options, stop=lambda: len(lab.ended) >= limit, **asked)  # noqa: B023
    lab.check_whole(16, 2)
    assert lab.results(1) == lab.results(1, db=whole)


def test_tpe_with_two_jobs(lab: Lab) -> None:
    pytest.importorskip("optuna")
    options = {
        "data": "iris",
        "lr": "loguniform:1e-5:1",
        "act": "relu,tanh",
        "hidden": 3,
        "epochs": 3,
    }
    done = lab.sweep(options, sampler="tpe", trials=24, seeds=2, jobs=2)
    assert done.counts.completed == 48
    lab.check_whole(24, 2)
    means = lab.query(
        "select number, avg(best_val_loss) as mean from trials t join runs r on "
        "r.id = t.run_id group by number order by mean"
    )
    assert done.best[0].trial == means[0][0]


# Pruners

#: Learning rates from the best to the worst, so that there is something to judge the others by.
RATES = "0.1,0.01,0.003,0.001,3e-4,1e-4,3e-5,1e-5,3e-6,1e-6,3e-7"
JUDGED = {"data": "moons", "lr": RATES, "hidden": 4, "epochs": 90}


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("pruner", ["median:3", "halving", "hyperband"])
def test_bad_trials_are_pruned_and_the_best_survives(lab: Lab, pruner: str, jobs: int) -> None:
    pytest.importorskip("optuna")
    whole = str(lab.folder / "whole.db")
    best = lab.sweep(JUDGED, db=whole, seeds=2).best[0]
    done = lab.sweep(JUDGED, seeds=2, pruner=pruner, jobs=jobs)
    assert done.best[0].trial == best.trial
    assert done.best[0].values == best.values
    runs = lab.query(
        "select t.number, t.seed, t.state, r.status, r.epochs from trials t "
        "left join runs r on r.id = t.run_id order by 1, 2"
    )
    pruned = {number for number, _, _, status, _ in runs if status == "pruned"}
    assert len(pruned) >= 3
    assert best.trial == 0
    for number, seed, state, status, epochs in runs:
        if number in pruned and seed == 0:
            assert (state, status) == ("done", "pruned")
            assert 0 < epochs < 90
        elif number in pruned:
            assert (state, status, epochs) == ("dropped", None, None)
        else:
            assert (state, status, epochs) == ("done", "completed", 90)
    assert (done.counts.pruned, done.counts.completed) == (2 * len(pruned), 22 - 2 * len(pruned))
    sizes = lab.sizes()
    again = lab.sweep(JUDGED, seeds=2, pruner=pruner, jobs=jobs)
    assert (again.counts.skipped, again.counts.ended) == (22, 22)
    assert again.best[0].values == done.best[0].values
    assert lab.sizes() == sizes


def test_one_job_with_a_pruner_is_one_trial_after_another(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that it hears of all trials before the one that it judges, each time alike."""
    pytest.importorskip("optuna")
    heard: list[tuple[str, int]] = []
    for name in ("propose", "finish"):
        real = getattr(Guide, name)

        def spy(self: Guide, number: int, *more: Any, name: str = name, real: Any = real) -> Any:
            heard.append((name, number))
            return real(self, number, *more)

        monkeypatch.setattr(Guide, name, spy)
    lab.sweep({**JUDGED, "epochs": 9}, seeds=2, pruner="median:3", jobs=1)
    started = heard.index(("finish", 0)) - 1  # before that, options are checked trial by trial
    wanted = [(name, number) for number in range(11) for name in ("propose", "finish")]
    assert heard[started : started + 22] == wanted


def test_wilcoxon_leaves_out_the_seeds_of_bad_trials(lab: Lab) -> None:
    pytest.importorskip("optuna")
    done = lab.sweep({**JUDGED, "epochs": 20}, seeds=8, pruner="wilcoxon", jobs=1)
    rows = lab.query(
        "select number, count(run_id), sum(state = 'dropped') from trials group by 1 order by 1"
    )
    assert [runs + dropped for _, runs, dropped in rows] == [8] * 11
    assert all(dropped == 0 for number, _, dropped in rows if number == done.best[0].trial)
    assert any(dropped for _, _, dropped in rows[5:])
    assert lab.query("select distinct status from runs") == [("completed",)]
    assert done.counts.pruned == sum(dropped for *_, dropped in rows)


def test_a_pruned_run_is_no_result_for_another_sweep(lab: Lab) -> None:
    pytest.importorskip("optuna")
    pruned = lab.sweep(JUDGED, seeds=1, pruner="median:3").counts.pruned
    assert pruned
    done = lab.sweep(JUDGED, seeds=1)
    assert (done.counts.skipped, done.counts.completed) == (11 - pruned, pruned)


def test_a_pruned_sweep_that_was_stopped_goes_on(lab: Lab) -> None:
    pytest.importorskip("optuna")
    asked: dict[str, Any] = {"seeds": 2, "pruner": "median:3", "jobs": 1}
    whole = str(lab.folder / "whole.db")
    lab.sweep(JUDGED, db=whole, **asked)
    for limit in (3, 9, 100):
        lab.sweep(JUDGED, stop=lambda: len(lab.ended) >= limit, **asked)  # noqa: B023
    states = "select t.*, r.status, r.epochs from trials t left join runs r on r.id = t.run_id"
    found, wanted = lab.query(states), lab.query(states, db=whole)
    assert [row[:6] + row[7:] for row in found] == [row[:6] + row[7:] for row in wanted]


def test_seeds_behind_a_failed_run_are_not_lost(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that failed is tried again, and with it the seeds that waited for it."""
    pytest.importorskip("optuna")
    options = {**JUDGED, "lr": "0.03,0.02"}
    with monkeypatch.context() as broken:
        broken_for(0, broken)
        lab.sweep(options, seeds=3, pruner="median:3")
    lab.sweep(options, seeds=3, pruner="median:3")
    assert lab.query("select state, count(run_id) from trials group by 1") == [("done", 6)]


# Changes from outside


def test_a_run_that_was_deleted_is_done_again(lab: Lab) -> None:
    lab.sweep(SMALL, seeds=2)
    connection = sqlite3.connect(lab.db)
    connection.execute("pragma foreign_keys = on")
    connection.execute("delete from runs where id in (2, 5)")
    connection.commit()
    connection.close()
    done = lab.sweep(SMALL, seeds=2)
    assert (done.counts.completed, done.counts.skipped) == (2, 4)
    lab.check_whole(3, 2)


def test_a_run_that_is_deleted_while_it_trains_ends_alone(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "FLUSH_INTERVAL", 0.0)  # stored with its first rows
    options = {"data": "digits", "lr": "0.001,0.002,0.003", "hidden": 64, "epochs": 400}
    deleted: list[int] = []

    def delete_the_first(event: object) -> None:
        if deleted or not Path(lab.db).exists():
            return
        with sqlite3.connect(lab.db) as connection:
            connection.execute("pragma foreign_keys = on")
            row = connection.execute("select id from runs where status = 'running'").fetchone()
            if row is not None:
                connection.execute("delete from runs where id = ?", row)
                deleted.append(row[0])

    done = lab.sweep(options, observe=delete_the_first)
    assert deleted
    assert (done.counts.completed, done.counts.failed) == (2, 1)
    again = lab.sweep(options)
    assert (again.counts.completed, again.counts.skipped) == (1, 2)


# Memory

MEASURED = """
import gc, psutil, sys
from nncli.sweeps.events import RunEnded
from nncli.sweeps.request import read_request
from nncli.sweeps.starting import Prepared, Wish, carry_out
options = {"data": "xor", "hidden": 3, "lr": "loguniform:1e-4:1", "epochs": 3}
ended = 0
def observe(event):
    global ended
    ended += isinstance(event, RunEnded)
    if isinstance(event, RunEnded) and ended in (200, 1500):
        gc.collect()
        print(psutil.Process().memory_info().rss)
prepared = Prepared(read_request(options, {"trials": 750, "seeds": 2}).definition)
carry_out(prepared, Wish(db=sys.argv[1], jobs=2), observe=observe)
"""


def test_memory_does_not_grow_with_the_trials(lab: Lab) -> None:
    measured = subprocess.run(
        [sys.executable, "-c", MEASURED, lab.db], capture_output=True, text=True, check=True
    )
    early, late = map(int, measured.stdout.split())
    # 1,300 runs more, of about 10 kB each while they are at work, 200 of them planned ahead (2 MB).
    # SQLite's cache of pages (2 MB a connection) and the allocator's arenas still fill; runs that
    # stayed would take 13 MB.
    assert late - early < 9e6


def test_what_a_fault_leaves_in_a_process_that_lives_is_taken_up_again(lab: Lab) -> None:
    """An observer that raises ends the sweep; its runs are interrupted, not running for ever."""
    # Long enough to be stored while they go on, which is after a second.
    options = {"data": "digits", "lr": "0.001,0.002", "hidden": 64, "epochs": 5000}

    def fail_once_stored(event: object) -> None:
        if Path(lab.db).exists() and lab.query("select count(*) from runs") != [(0,)]:
            raise RuntimeError("the notebook's plot is gone")

    with pytest.raises(RuntimeError, match="plot"):
        lab.sweep(options, observe=fail_once_stored)
    assert lab.query("select count(*) from runs where status = 'running'") == [(0,)]
    stopped: list[bool] = []
    done = lab.sweep(options, stop=lambda: len(stopped) > 3 or bool(stopped.append(True)))
    assert done.counts.interrupted == 2  # both were taken up: none is left to a process that lives


def test_a_database_that_is_replaced_is_noticed(lab: Lab) -> None:
    options = {"data": "iris", "lr": "0.01,0.02", "hidden": 3, "epochs": 4}

    def remove(event: object) -> None:
        Path(lab.db).unlink(missing_ok=True)

    with pytest.raises(StoreError, match="removed or replaced"):
        lab.sweep(options, observe=remove)
