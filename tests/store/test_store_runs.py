"""What is written to a store comes back, by every way of asking for it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
from store_samples import a_curve, a_model, a_run

from nncli.errors import StoreError
from nncli.store import NewRun, RunStore, Summary
from nncli.store.process import this_process


def test_every_field_of_a_new_run_comes_back(store: RunStore) -> None:
    new = a_run(
        name="first",
        tags=("b", "a", "b"),
        note="n",
        epochs_planned=30,
        parameters=4810,
        dtype="float32",
        threads=2,
        cpu="a cpu",
        nncli_version="0.1.0",
        versions={"numpy": "2.4"},
        environment={"NNCLI_DATA": "/d", "deep": [1, 2]},
        git_commit="abc",
        git_dirty=True,
        parent="0123",
        sweep_id=4,
    )
    run = asdict(store.get_run(store.create_run(new)))
    expected = asdict(new) | {"tags": ("a", "b")}
    assert {name: run[name] for name in expected} == expected
    assert set(expected) == {f.name for f in fields(NewRun)}
    assert run["status"] == "running"
    assert run["pid"] == os.getpid()
    assert (run["epochs"], run["updates"]) == (0, 0)


def test_every_field_of_a_summary_comes_back(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    values = {f.name: index + 0.5 for index, f in enumerate(fields(Summary))}
    values |= {"epochs": 9, "updates": 90, "best_epoch": 8}
    store.finish_run(run_id, "completed", summary=Summary(**values))
    run = asdict(store.get_run(run_id))
    assert {name: run[name] for name in values} == values


def test_a_run_from_start_to_end(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    store.write_epochs(run_id, a_curve(1, 10))
    store.save(run_id, a_curve(11, 20), last=a_model(20), best=a_model(15))
    assert store.get_run(run_id).status == "running"
    store.finish_run(
        run_id,
        "early_stopped",
        a_curve(21, 30),
        last=a_model(30),
        summary=Summary(best_epoch=15, test_accuracy=0.9),
    )
    run = store.get_run(run_id)
    assert (run.status, run.epochs, run.updates) == ("early_stopped", 30, 45 * 30)
    assert (run.train_loss, run.val_accuracy) == (1 / 30, 1 - 0.7 / 30)
    assert (run.best_epoch, run.test_accuracy, run.val_rmse) == (15, 0.9, None)
    assert run.created <= run.finished
    assert store.curve(run_id)["epoch"].tolist() == list(range(1, 31))
    assert store.load_model(run_id) == a_model(30)
    assert store.load_model(run_id, "best") == a_model(15)


def test_a_summary_leaves_what_it_does_not_name(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    store.save(run_id, summary=Summary(seconds_data=1.5, best_epoch=2))
    store.save(run_id, summary=Summary(best_epoch=3))
    run = store.get_run(run_id)
    assert (run.seconds_data, run.best_epoch) == (1.5, 3)


def test_failure_keeps_its_error(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    store.finish_run(run_id, "failed", error="out of memory")
    assert store.get_run(run_id).error == "out of memory"
    with pytest.raises(ValueError, match="cannot end as 'done'"):
        store.finish_run(run_id, "done")


def test_a_missing_model_is_named(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    with pytest.raises(StoreError, match="no model 'best': it keeps none"):
        store.load_model(run_id, "best")
    store.save_model(run_id, "last", a_model(1))
    with pytest.raises(StoreError, match="it keeps last"):
        store.load_model(run_id, "best")
    with pytest.raises(ValueError, match="unknown kind"):
        store.save_model(run_id, "worst", a_model(1))


def test_tags_are_replaced(store: RunStore) -> None:
    run_id = store.create_run(a_run(tags=("a", "b")))
    store.set_tags(run_id, {"c"})
    assert store.get_run(run_id).tags == ("c",)
    with pytest.raises(StoreError, match="no run 99"):
        store.set_tags(99, ["x"])


def test_text_that_no_database_takes_is_replaced(store: RunStore) -> None:
    undecoded = os.fsdecode(b"caf\xe9")
    run_id = store.create_run(a_run(name=f"{undecoded}\0", tags=(undecoded,)))
    run = store.get_run(run_id)
    assert run.name is not None
    assert run.name.startswith("caf\ufffd")
    assert "\0" not in run.name
    assert run.tags[0].startswith("caf")


def test_lists(store: RunStore) -> None:
    ids = [store.create_run(a_run(tags=("even",) * (k % 2), sweep_id=k // 2)) for k in range(6)]
    store.finish_run(ids[0], "completed", a_curve(1, 3))
    assert [row.id for row in store.list_runs(limit=2)] == ids[:-3:-1]
    assert [row.id for row in store.list_runs(None)] == ids[::-1]
    assert [row.id for row in store.list_runs(tag="even")] == [ids[5], ids[3], ids[1]]
    assert [row.id for row in store.list_runs(sweep_id=1)] == [ids[3], ids[2]]
    (row,) = store.list_runs(status="completed")
    assert (row.id, row.epochs, row.tags) == (ids[0], 3, ())
    assert store.list_runs(tag="even")[0].tags == ("even",)


def test_find_by_id_name_uuid_and_last(store: RunStore) -> None:
    first = store.get_run(store.create_run(a_run(name="alpha")))
    second = store.get_run(store.create_run(a_run(name="beta")))
    assert store.find_run("last") == second
    assert store.find_run(first.id) == store.find_run(str(first.id)) == first
    assert store.find_run("alpha") == first
    for length in (13, 20, 36):
        assert store.find_run(first.uuid[:length]) == first
    assert store.find_run(second.uuid.upper()) == second


def test_find_refuses_what_is_unknown_or_ambiguous(store: RunStore, execute) -> None:
    ids = [store.create_run(a_run(name=name)) for name in ("alpha", "twin", "twin")]
    store.close()
    for run_id in ids[:2]:
        execute(f"UPDATE runs SET uuid = 'abcd-{run_id}' WHERE id = {run_id}")
    with pytest.raises(StoreError, match=r"no run '77'.*latest are 3 \(twin\), 2 \(twin\), 1"):
        store.find_run("77")
    with pytest.raises(StoreError, match=r"did you mean 'alpha'\?"):
        store.find_run("alhpa")
    with pytest.raises(StoreError, match=r"'abcd' is the uuid of several runs.*2 \(.*1 \("):
        store.find_run("abcd")
    with pytest.raises(StoreError, match=r"'twin' is the name of several runs"):
        store.find_run("twin")
    assert store.find_run("abcd-1").id == ids[0]
    for wild in ("abc", "%%%%", "____", "", "9" * 30):  # too short, patterns, too large
        with pytest.raises(StoreError, match="no run"):
            store.find_run(wild)


def test_find_completed_wants_the_same_spec_and_data(store: RunStore) -> None:
    ids = [store.create_run(a_run(spec_hash=s, data_hash=d)) for s, d in ("ax", "ax", "ay", "bx")]
    assert store.find_completed("a", "x") is None
    for run_id, status in zip(ids, ("completed", "failed", "completed", "diverged"), strict=True):
        store.finish_run(run_id, status)
    assert store.find_completed("a", "x") == ids[0]
    assert store.find_completed("a", "y") == ids[2]
    assert store.find_completed("b", "x") is None
    assert store.find_completed("b", "x", ("completed", "diverged")) == ids[3]


def test_nothing_is_found_in_a_missing_database(store: RunStore, path: Path) -> None:
    assert store.find_completed("a", "x") is None
    assert not path.exists()


def test_an_id_never_means_another_run(store: RunStore, execute) -> None:
    run_id = store.create_run(a_run())
    execute("DELETE FROM runs")
    assert store.create_run(a_run()) == run_id + 1


def test_a_transaction_joins_calls_or_drops_them_all(store: RunStore) -> None:
    kept = store.create_run(a_run())

    def stopped_half_way() -> None:
        with store.transaction():
            store.create_run(a_run())
            store.write_epochs(kept, a_curve(1, 3))
            assert len(store.curve(kept)) == 3
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        stopped_half_way()
    assert [row.id for row in store.list_runs()] == [kept]
    assert len(store.curve(kept)) == 0
    with store.transaction():
        other = store.create_run(a_run())
        store.finish_run(other, "completed")
    assert store.get_run(other).status == "completed"


def test_a_save_is_all_or_nothing(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    store.save(run_id, a_curve(1, 5), last=a_model(5))
    with pytest.raises(StoreError, match="refused a row"):
        store.save(run_id, a_curve(5, 8), last=a_model(8))  # epoch 5 again
    assert len(store.curve(run_id)) == 5
    assert store.load_model(run_id).epoch == 5
    assert store.get_run(run_id).epochs == 5


@pytest.mark.parametrize("other", [{"pid": 7}, {"started": "7"}, {"started": None}, {"space": "7"}])
def test_only_the_owner_writes(store: RunStore, elsewhere, other: dict[str, Any]) -> None:
    run_id = store.create_run(a_run())
    with pytest.raises(StoreError, match=rf"to process {os.getpid()} .*nothing was written"):
        elsewhere(replace(this_process(), **other)).save(run_id, a_curve(1, 3))
    assert len(store.curve(run_id)) == 0
    store.finish_run(run_id, "completed")
    with pytest.raises(StoreError, match="is completed"):
        store.heartbeat(run_id)


def test_writing_to_a_deleted_run_says_so(store: RunStore, execute) -> None:
    run_id = store.create_run(a_run())
    store.save(run_id, a_curve(1, 3), last=a_model(3))
    execute("DELETE FROM runs")
    for table in ("epochs", "models", "tags"):
        assert execute(f"SELECT count(*) FROM {table}") == [(0,)]
    with pytest.raises(StoreError, match="not in the database any more"):
        store.save(run_id, a_curve(4, 5))


def test_reopening_goes_back_to_the_checkpoint(store: RunStore) -> None:
    run_id = store.create_run(a_run(epochs_planned=10))
    store.save(run_id, a_curve(1, 6), last=a_model(6), best=a_model(4))
    store.save(run_id, a_curve(7, 9), best=a_model(8), summary=Summary(best_epoch=8))
    store.finish_run(run_id, "interrupted", summary=Summary(test_loss=1.0), error="Ctrl-C")
    checkpoint = store.reopen_run(run_id, epochs_planned=20, spec='{"epochs":20}', spec_hash="new")
    assert checkpoint == a_model(6)
    run = store.get_run(run_id)
    assert (run.status, run.epochs, run.epochs_planned) == ("running", 6, 20)
    assert (run.spec, run.spec_hash) == ('{"epochs":20}', "new")
    assert (run.train_loss, run.updates) == (1 / 6, 45 * 6)
    assert (run.finished, run.error, run.test_loss, run.best_epoch) == (None,) * 4
    assert store.curve(run_id)["epoch"].tolist() == list(range(1, 7))
    with pytest.raises(StoreError, match="no model 'best'"):
        store.load_model(run_id, "best")
    store.finish_run(run_id, "completed", a_curve(7, 20))
    assert store.get_run(run_id).epochs == 20


def test_reopening_keeps_a_best_model_from_before(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    store.save(
        run_id, a_curve(1, 6), last=a_model(6), best=a_model(4), summary=Summary(best_epoch=4)
    )
    store.finish_run(run_id, "completed")
    store.reopen_run(run_id)
    assert store.load_model(run_id, "best") == a_model(4)
    assert store.get_run(run_id).best_epoch == 4


def test_reopening_without_a_model_begins_again(store: RunStore) -> None:
    run_id = store.create_run(a_run())
    store.finish_run(run_id, "interrupted", a_curve(1, 6))
    assert store.reopen_run(run_id) is None
    run = store.get_run(run_id)
    assert (run.epochs, run.updates, run.train_loss) == (0, 0, None)
    assert len(store.curve(run_id)) == 0


def test_a_forked_child_has_connections_of_its_own(store: RunStore) -> None:
    store.create_run(a_run())
    parents = store._engine
    child = os.fork()
    if child == 0:
        try:
            run_id = store.create_run(a_run(name="child"))
            store.finish_run(run_id, "completed")
            shared = store._engine is parents
            store.close()
            os._exit(int(shared))
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    store.create_run(a_run(name="parent"))
    assert [row.name for row in store.list_runs()] == ["parent", "child", None]
    assert store.list_runs()[1].status == "completed"


def test_importing_the_package_is_light() -> None:
    code = (
        "import sys, nncli.store; nncli.store.NewRun; "
        "heavy = {'sqlalchemy', 'alembic', 'numpy', 'safetensors'} & set(sys.modules); "
        "assert not heavy, heavy; "
        "nncli.store.RunStore; assert 'sqlalchemy' in sys.modules; "
        "assert not {'alembic', 'sqlalchemy.orm', 'numpy.ma', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
