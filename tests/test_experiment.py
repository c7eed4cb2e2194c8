"""Experiments end to end: train, record, resume and predict, against a real database."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import experiment, runner
from nncli.errors import DataError, StoreError, UsageError
from nncli.events import Event, Finished, Progress, Saved
from nncli.experiment import Labels
from nncli.recorder import Result
from nncli.spec import Spec
from nncli.store import RunStore

SMALL = {"data": "moons:n=200", "hidden": "8", "epochs": 12, "batch_size": 16, "dropout": 0.2}


@pytest.fixture
def db(tmp_path: Path) -> str:
    return str(tmp_path / "results.db")


def run(db: str, options: dict[str, Any] | None = None, **more: Any) -> Result:
    return experiment.train(experiment.plan(Spec.read(options or SMALL)), db=db, **more)


def stop_after(calls: int) -> Callable[[], bool]:
    """Ask for a stop at the ``calls``-th question."""
    asked = iter(range(1, 1_000_000))
    return lambda: next(asked) >= calls


def weights(db: str, run: int, kind: str = "last") -> dict[str, np.ndarray[Any, Any]]:
    from nncli.store import arrays_from_bytes

    with RunStore(db) as runs:
        return arrays_from_bytes(runs.load_model(run, kind).weights)


def assert_same_bits(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    for name in one:
        assert one[name].tobytes() == other[name].tobytes(), name


def test_a_run_is_stored_whole(db: str) -> None:
    result = run(db, labels=Labels("first", ("a", "b"), "a note"))
    assert result.status == "completed"
    with RunStore(db) as runs:
        kept = runs.find_run("first")
        curve = runs.curve(kept.id)
    assert (kept.id, kept.uuid, kept.status) == (result.run, result.uuid, "completed")
    assert (kept.tags, kept.note) == (("a", "b"), "a note")
    assert curve["epoch"].tolist() == list(range(1, 13))
    assert kept.val_loss == curve["val_loss"][-1] == result.metrics["val_loss"]
    assert kept.best_val_loss == curve["val_loss"].min() == result.best["val_loss"]
    assert curve["updates"][-1] == kept.updates == 12 * 10  # 160 rows, 16 a batch
    assert (np.diff(curve["seconds"]) >= 0).all()
    assert kept.versions["numpy"] == np.__version__
    assert Spec.read(__import__("json").loads(kept.spec)).hash() == kept.spec_hash


def test_the_same_spec_gives_the_same_bits(db: str) -> None:
    first, second = run(db), run(db)
    assert_same_bits(weights(db, first.run), weights(db, second.run))
    third = run(db, {**SMALL, "seed": 1})
    assert (
        weights(db, third.run)["layer 1 W"].tobytes()
        != weights(db, first.run)["layer 1 W"].tobytes()
    )


NORMALIZED = {"act": "prelu:0.1:unit", "bn": "before", "bn_input": True, "opt": "nadam"}


@pytest.mark.parametrize(
    "more",
    [{"opt": "adam"}, {"opt": "rmsprop"}, {"opt": "momentum"}, {"opt": "amsgrad"}, NORMALIZED],
    ids=lambda more: more["opt"],
)
def test_an_interrupted_run_resumes_to_the_same_bits(
    db: str, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {**SMALL, **more, "schedule": "cosine", "warmup": 2, "early_stop": 11}
    whole = run(db, options)
    monkeypatch.setattr(runner, "GLANCE", 1e-9)  # look up after every mini-batch
    part = run(db, options, stop=stop_after(37))
    assert part.status == "interrupted"
    assert part.epochs == 3  # 37 mini-batches of 10 an epoch: in the middle of the fourth
    rest = experiment.resume(str(part.run), db=db)
    assert (rest.run, rest.status, rest.epochs) == (part.run, "completed", 12)
    assert_same_bits(weights(db, whole.run), weights(db, part.run))
    assert_same_bits(weights(db, whole.run, "best"), weights(db, part.run, "best"))
    with RunStore(db) as runs:
        one, other = runs.curve(whole.run), runs.curve(part.run)
        for column in ("epoch", "train_loss", "val_loss", "val_accuracy", "lr", "updates"):
            assert one[column].tobytes() == other[column].tobytes(), column
        assert runs.get_run(whole.run).best_val_loss == runs.get_run(part.run).best_val_loss


def test_a_run_by_lbfgs_resumes_to_the_same_bits(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"data": "moons:n=200", "hidden": "8", "epochs": 12, "opt": "lbfgs", "bn": "before"}
    whole = run(db, options)
    monkeypatch.setattr(runner, "GLANCE", 1e-9)
    part = run(db, options, stop=stop_after(5))
    assert part.status == "interrupted"
    assert 0 < part.epochs < 12
    rest = experiment.resume(str(part.run), db=db)
    assert (rest.run, rest.epochs) == (part.run, whole.epochs)
    assert_same_bits(weights(db, whole.run), weights(db, part.run))
    assert_same_bits(weights(db, whole.run, "best"), weights(db, part.run, "best"))


@pytest.mark.parametrize(
    "more",
    [
        {"bn": "before", "bn_input": True, "dropout": 0.5},
        {"bn": "after", "act": "prelu:0.1:unit", "bn_eps": 0.1},
        {"act": "leaky_relu:0.3", "hidden": "8,8"},
        {"act": "x*sigmoid(1.702*x)"},
        {"loss": "hinge"},
        {"opt": "lbfgs", "batch_size": None},
    ],
    ids=str,
)
def test_a_stored_network_predicts_a_row_alone_as_among_others(
    db: str, more: dict[str, Any]
) -> None:
    """By running statistics and without dropout; and as validation saw it."""
    options = {**SMALL, "save": "last", "test": "0", "dropout": 0, **more}
    result = run(db, options)
    plan = experiment.plan(Spec.read(options))
    predictor = experiment.predictor(str(result.run), db=db)
    index = plan.dataset.val
    rows = np.asarray(plan.dataset.rows[index])
    together = predictor.outputs(rows)
    alone = np.vstack([predictor.outputs(row[None]) for row in rows])
    # sums of eight float32 products may be rounded by where in a tile a row stands
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-6 * np.abs(together).max())
    assert together.std() > 0.01
    threshold = 0.0 if more.get("loss") == "hinge" else 0.5
    truth = np.asarray(plan.dataset.targets)[index, 0] == 1
    right = np.mean((together[:, 0] > threshold) == truth)
    assert right == pytest.approx(result.metrics["val_accuracy"])


def test_resuming_to_a_larger_total_is_training_longer(db: str) -> None:
    longer = run(db, {**SMALL, "epochs": 20})
    shorter = run(db)
    rest = experiment.resume(str(shorter.run), db=db, epochs=20)
    assert rest.epochs == 20
    assert_same_bits(weights(db, longer.run), weights(db, shorter.run))
    assert rest.best == longer.best


def test_what_cannot_be_resumed(db: str, tmp_path: Path) -> None:
    done = run(db)
    with pytest.raises(UsageError, match=r"--epochs 24"):
        experiment.resume(str(done.run), db=db)
    with pytest.raises(UsageError, match="12 epochs"):
        experiment.resume(str(done.run), db=db, epochs=12)
    with pytest.raises(StoreError, match="99"):
        experiment.resume("99", db=db)

    table = tmp_path / "table.csv"
    rows = "\n".join(f"{i},{i % 7},{'yes' if i % 2 else 'no'}" for i in range(50))
    table.write_text(f"a,b,c\n{rows}\n")
    part = run(db, {"data": str(table), "epochs": 3})
    table.write_text(f"a,b,c\n{rows}\n50,1,yes\n")
    with pytest.raises(DataError, match="have changed"):
        experiment.resume(str(part.run), db=db, epochs=6)


def test_the_spec_of_a_run_leaves_open_what_was_open(db: str) -> None:
    done = run(db)
    spec, uuid = experiment.spec_of(str(done.run), db=db)
    assert uuid == done.uuid
    assert (spec.lr, spec.beta1, spec.loss, spec.init) == (None, None, None, "auto")
    assert spec.dropout == 0.2
    again = experiment.plan(spec.changed({"opt": "sgd"}))
    assert again.spec.lr == 0.1  # the default of sgd, not of adam


def test_a_diverging_run_stops_at_once_and_says_so(db: str) -> None:
    result = run(db, {**SMALL, "opt": "sgd", "lr": 1e30, "act": "identity", "hidden": "8,8"})
    assert result.status == "diverged"
    assert result.message is not None
    assert "--lr" in result.message
    with RunStore(db) as runs:
        kept, curve = runs.get_run(result.run), runs.curve(result.run)
    assert kept.status == "diverged"
    assert kept.error == result.message
    assert not math.isfinite(curve["train_loss"][-1])
    assert curve.measured["train_loss"][-1]
    assert len(curve) <= 2


def test_early_stopping_keeps_the_best_weights(db: str) -> None:
    options = {**SMALL, "epochs": 500, "early_stop": 5, "lr": 0.05, "opt": "adam"}
    result = run(db, options)
    assert result.status == "early_stopped"
    assert result.epochs == result.best["epoch"] + 5
    upto = run(db, {**options, "epochs": int(result.best["epoch"])})
    assert_same_bits(weights(db, result.run, "best"), weights(db, upto.run, "last"))


def test_test_metrics_are_those_of_the_best_weights(db: str) -> None:
    options = {**SMALL, "data": "moons:n=400", "test": "0.25", "epochs": 30, "lr": 0.05}
    result = run(db, options)
    assert result.best["epoch"] < 30
    plan = experiment.plan(Spec.read(options))
    predictor = experiment.predictor(str(result.run), db=db)
    index = plan.dataset.test
    outputs = predictor.outputs(np.asarray(plan.dataset.rows[index]))[:, 0].astype(float)
    truth = np.asarray(plan.dataset.targets)[index, 0]
    assert result.metrics["test_accuracy"] == np.mean((outputs > 0.5) == (truth > 0.5))
    losses = -np.where(truth == 1, np.log(outputs), np.log1p(-outputs))
    # probabilities are float32, so their logarithms have a relative error of about 1e-6
    assert result.metrics["test_loss"] == pytest.approx(losses.mean(), rel=1e-5)


@pytest.mark.parametrize(("save", "kinds"), [("best", 2), ("last", 1), ("none", 0)])
def test_which_weights_are_kept(db: str, save: str, kinds: int) -> None:
    result = run(db, {**SMALL, "save": save})
    with RunStore(db) as runs:
        found = 0
        for kind in ("last", "best"):
            try:
                runs.load_model(result.run, kind)
                found += 1
            except StoreError:
                pass
    assert found == kinds


def test_checkpoints_and_rows_are_written_while_it_trains(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "GLANCE", 1e-9)
    monkeypatch.setattr(runner, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(runner, "SAVE_SHARE", 1e9)
    seen: list[Event] = []
    stored: list[tuple[int, int]] = []

    def observe(event: Event) -> None:
        seen.append(event)
        if isinstance(event, Saved):
            with RunStore(db) as runs:
                stored.append((event.checkpoint.epoch, runs.load_model(1).epoch))
                assert len(runs.curve(1)) == event.checkpoint.epoch

    run(db, observe=observe)
    assert len(stored) > 5
    assert all(told == kept for told, kept in stored)
    fractions = [each.fraction for each in seen if isinstance(each, Progress)]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert isinstance(seen[-1], Finished)


def test_a_fault_is_recorded_as_failed(db: str) -> None:
    def observe(event: Event) -> None:
        if isinstance(event, Progress):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        run(db, observe=observe)
    with RunStore(db) as runs:
        kept = runs.get_run(1)
    assert (kept.status, kept.error) == ("failed", "RuntimeError: no")


def test_memory_is_asked_for_before_it_is_taken(db: str) -> None:
    with pytest.raises(UsageError, match=r"GB of memory"):
        experiment.plan(Spec.read({**SMALL, "hidden": "2000000,2000000"}))


def test_digits_with_no_options_reach_97_percent(db: str) -> None:
    assert run(db, {"data": "digits"}).metrics["val_accuracy"] >= 0.97


def test_xor_needs_a_hidden_layer(db: str) -> None:
    options = {"data": "xor", "batch_size": "full", "epochs": 2000, "lr": 0.05}
    linear = run(db, {**options, "hidden": "none"})
    hidden = run(db, {**options, "hidden": "8", "act": "tanh"})
    assert linear.metrics["train_accuracy"] <= 0.75  # a line separates three of the four points
    assert hidden.metrics["train_accuracy"] == 1.0
