"""Tags, notes, deleting and pruning: what is changed, what stays, and who is spared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from care_samples import UNCOUNTED, add_diverged, add_whole, fill, sound_run
from sweep_samples import a_sweep

from nncli.errors import StoreError, UsageError
from nncli.metrics import read_metric
from nncli.store import SweepStore
from nncli.store.care import Candidate, CareStore, Rule, kept_runs, read_rule
from nncli.store.care.keeping import candidates_of, fields_of, unranked_groups
from nncli.tables import Table

CHILDREN = ("epochs", "layer_stats", "models", "tags")


@pytest.fixture
def care(target: Path | str) -> Any:
    fill(target)
    with CareStore(target, timeout=5) as store:
        yield store


def test_deleting_takes_all_rows_of_the_run_and_nothing_else(
    care: CareStore, execute: Callable[[str], Any]
) -> None:
    before = {t: execute(f"SELECT count(*) FROM {t} WHERE run_id <> 2") for t in CHILDREN}
    weight = care.weigh([2, 2, 777])
    assert (weight.runs, weight.curve_rows, weight.layer_rows, weight.models) == (1, 6, 12, 2)
    assert care.delete_runs([2]) == 1
    assert execute("SELECT count(*) FROM runs WHERE id = 2") == [(0,)]
    for table in CHILDREN:
        assert execute(f"SELECT count(*) FROM {table} WHERE run_id = 2") == [(0,)]
        assert execute(f"SELECT count(*) FROM {table} WHERE run_id <> 2") == before[table]
    assert care.delete_runs([2]) == 0
    assert all(verdict.passed for verdict in care.check(UNCOUNTED))


def test_the_trial_of_a_deleted_run_is_missing_again(
    care: CareStore, target: Path | str, execute: Callable[[str], Any]
) -> None:
    care.delete_runs([1, 2])
    with SweepStore(target) as store:
        assert store.counts(1) == {"completed": 4, "missing": 2, "dropped": 1, "claimed": 1}
    # Ids are never used again: no later run is taken for the deleted one.
    highest = execute("SELECT max(id) FROM runs")[0][0]
    care.delete_runs([highest])
    with SweepStore(target) as store:
        assert add_whole(store) > highest


def test_a_gradient_check_outlives_its_run(care: CareStore, execute: Callable[[str], Any]) -> None:
    [(run_id,)] = execute("SELECT run_id FROM gradchecks WHERE run_id IS NOT NULL")
    care.delete_runs([run_id])
    assert len(care.gradchecks()) == 2


def test_a_run_that_is_trained_is_spared_unless_forced(care: CareStore, target: Path | str) -> None:
    with SweepStore(target) as training:
        live = training.create_run(sound_run())
        assert care.running([1, live]) == [live]
        assert care.delete_runs([1, live]) == 1
        assert care.get_run(live).status == "running"
        assert care.delete_runs([live], force=True) == 1
        with pytest.raises(StoreError, match="not in the database any more"):
            training.save(live)


def test_many_runs_are_deleted_a_few_at_a_time(path: Path) -> None:
    with SweepStore(path) as store, store.transaction():
        ids = [store.add_run(sound_run(seed=n), "failed")[0] for n in range(600)]
    told: list[tuple[int, int]] = []
    with CareStore(path) as care:
        assert care.delete_runs(ids, tell=lambda *each: told.append(each)) == 600
    assert told == [(250, 600), (500, 600), (600, 600)]


def test_models_alone(care: CareStore) -> None:
    assert care.with_models([1, 2, 777]) == {1, 2}
    freed = care.weigh([1, 2]).model_bytes
    assert freed > 0
    assert care.delete_models([1, 2]) == 4
    assert care.weigh([1, 2]).model_bytes == 0
    assert len(care.curve(1)) == 6
    with pytest.raises(StoreError, match="has no model 'last': it keeps none"):
        care.load_model(1)


def test_tags(care: CareStore) -> None:
    assert care.tags() == {"night": 7, "odd": 1}
    assert care.change_tags([1, 2, 7], ["night", "new"], ["odd"]) == (4, 0)
    assert care.get_run(7).tags == ("new", "night")
    assert care.change_tags([1, 2, 7], ["new"]) == (0, 0)
    assert care.change_tags([1, 2, 777], [], ["new", "night"]) == (0, 4)
    assert care.get_run(1).tags == ()
    assert care.change_tags([1], ["größer"]) == (1, 0)
    for tag in ("a\0b", "a,b", "a\nb", " "):
        with pytest.raises(UsageError, match="expected a text without commas"):
            care.change_tags([1], ["x", tag])
    assert care.get_run(1).tags == ("größer",)


def test_notes(care: CareStore, target: Path | str) -> None:
    care.set_note(1, "first\nsecond <b>")
    assert care.get_run(1).note == "first\nsecond <b>"
    care.set_note(1, None)
    assert care.get_run(1).note is None
    care.set_note(1, "")
    assert care.get_run(1).note is None
    with pytest.raises(StoreError, match="no run 777"):
        care.set_note(777, "x")
    with SweepStore(target) as training:
        live = training.create_run(sound_run())
        care.set_note(live, "while it runs")
        training.finish_run(live, "completed")
    assert care.get_run(live).note == "while it runs"


def test_info(care: CareStore, target: Path | str) -> None:
    found = care.info()
    rows = {table.name: table.rows for table in found.tables}
    assert rows["runs"] == 12
    assert rows["trials"] == 8
    assert found.statuses == {"completed": 10, "diverged": 1, "failed": 1}
    assert found.schema == "0004"
    assert found.oldest is not None
    assert found.oldest <= (found.newest or "")
    assert all(table.bytes for table in found.tables)
    assert found.kind.startswith("SQLite 3" if isinstance(target, Path) else "PostgreSQL ")
    assert (found.log_bytes is None) == (not isinstance(target, Path))


# Which runs pruning keeps, by hand


def candidate(run: int, score: float | None = None, group: str = "a", **of: Any) -> Candidate:
    return Candidate(run, group, score, **of)


def test_best_and_last_of_each_group() -> None:
    runs = [candidate(1, 0.5), candidate(2, 0.9), candidate(3, 0.9), candidate(4, 0.7)]
    runs += [candidate(5, 0.1, "b"), candidate(6, None, "b")]
    assert kept_runs(runs, [Rule("best", 1)]) == {2, 5}  # of equal ones the older
    assert kept_runs(runs, [Rule("best", 2)]) == {2, 3, 5}
    assert kept_runs(runs, [Rule("last", 1)]) == {4, 6}
    assert kept_runs(runs, [Rule("best", 1), Rule("last", 1)]) == {2, 4, 5, 6}
    assert kept_runs(runs, [Rule("best", 0)]) == set()
    assert kept_runs([], [Rule("best", 1)]) == set()
    spared = [candidate(1, 0.1, spared=True), candidate(2, 0.9)]
    assert kept_runs(spared, [Rule("best", 1)]) == {1, 2}


def test_a_group_without_scores_is_kept_whole() -> None:
    runs = [candidate(1, 0.5), candidate(2, 0.9), candidate(3, None, "b"), candidate(4, None, "b")]
    runs += [candidate(5, None, "c", spared=True)]
    best = [Rule("best", 1)]
    assert unranked_groups(runs, best) == ["b"]
    assert kept_runs(runs, best) == {2, 3, 4, 5}
    assert kept_runs(runs, [*best, Rule("last", 1)]) == {2, 3, 4, 5}
    assert kept_runs(runs, [Rule("last", 1)]) == {2, 4, 5}
    assert kept_runs(runs, [Rule("best", 0)]) == {5}  # nobody asks which is best
    with pytest.raises(UsageError, match="none of these runs has a finite value"):
        kept_runs(runs[2:], best)


def table_of(**columns: list[Any]) -> Table:
    count = len(columns["run"])
    empty = {name: [None] * count for name in fields_of((), None)}
    usual: dict[str, list[Any]] = {
        "status": ["completed"] * count, "tags": [()] * count, "data": ["digits"] * count
    }  # fmt: skip
    return Table({**empty, **usual, **columns})


def test_a_group_is_judged_by_the_metric_that_it_has() -> None:
    table = table_of(
        run=[1, 2, 3, 4, 5],
        data=["digits", "digits", "sine", "sine", "sine"],
        val_accuracy=[0.8, 0.9, None, None, None],
        val_rmse=[None, None, 0.2, 0.1, float("nan")],
        val_loss=[0.1, 0.9, 0.1, 0.3, 0.2],
    )
    assert kept_runs(candidates_of(table, (), None), [Rule("best", 1)]) == {2, 4}
    by_loss = table_of(**{"run": [1, 2], "val_loss:last": [0.1, 0.9]})
    metric = read_metric("val_loss:last")
    assert kept_runs(candidates_of(by_loss, (), metric), [Rule("best", 1)]) == {1}


def test_sweeps_are_groups_and_fields_can_be() -> None:
    table = table_of(run=[1, 2, 3], sweep=[1, 2, None], act=["relu", "relu", "tanh"],
                     val_loss=[0.1, 0.2, 0.3])  # fmt: skip
    assert kept_runs(candidates_of(table, (), None), [Rule("best", 1)]) == {1, 2, 3}
    assert kept_runs(candidates_of(table, ("act",), None), [Rule("best", 1)]) == {1, 3}
    assert "act" in fields_of(("act",), None)


def test_tagged_and_running_runs_are_spared() -> None:
    table = table_of(run=[1, 2, 3], tags=[("x",), (), ()], val_loss=[0.3, 0.1, 0.9],
                     status=["completed", "completed", "running"])  # fmt: skip
    assert kept_runs(candidates_of(table, (), None), [Rule("best", 1)]) == {1, 2, 3}
    spare = candidates_of(table, (), None, spare_tagged=False)
    assert kept_runs(spare, [Rule("best", 1)]) == {2, 3}


def test_rules() -> None:
    assert read_rule(" best:3 ") == Rule("best", 3)
    assert read_rule("last:0") == Rule("last", 0)
    for text in ("best", "best:", "best:x", "best:-1", "bset:3", "", "3"):
        with pytest.raises(UsageError, match=r"--keep is .*expected best:N or last:N"):
            read_rule(text)


def test_fields_are_known_to_the_finder(path: Path) -> None:
    from nncli.store.finding import Query, ReportStore

    with SweepStore(path) as store:
        sweep, _ = store.open_sweep(a_sweep())
        add_whole(store, sweep_id=sweep.id)
        add_diverged(store)
    with ReportStore(path) as finder:
        table = finder.find(Query(fields=fields_of((), None))).table
    groups = {each.run: (each.group, each.score is None) for each in candidates_of(table, (), None)}
    assert groups == {1: ((sweep.id,), False), 2: (("digits",), True)}
