"""A stored run: read, shown and written as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from report_runs import store_run

from nncli.report.detail import changed_options, detail_lines
from nncli.report.read import one_run
from nncli.report.records import detail_record, run_record
from nncli.store import NewRun, RunStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with RunStore(tmp_path / "results.db") as opened:
        yield opened


def test_what_is_read_is_what_was_stored(store: RunStore) -> None:
    run = store_run(store, {"act": "tanh", "seed": 3}, name="first", tags=("a",), note="why")
    detail = one_run(store, "first")
    summary = detail.summary
    assert (summary.run, summary.name, summary.tags, detail.note) == (run, "first", ("a",), "why")
    assert summary.spec["act"] == "tanh"
    assert summary.last == {"train_loss": 0.2, "val_loss": 0.3, "val_accuracy": 0.9}
    assert summary.best == {"train_loss": 0.25, "val_loss": 0.375, "val_accuracy": 0.9751}
    assert (summary.best_epoch, summary.test) == (4, {"test_accuracy": 0.96})
    assert detail.curve["epoch"] == [1, 2, 3, 4, 5]
    assert detail.curve["val_loss"][1] == 0.75
    assert "val_rmse" not in detail.curve
    assert [layer.parameters for layer in detail.layers] == [2080, 330]


def test_what_was_not_measured_is_none(store: RunStore) -> None:
    sparse = np.ma.array([1.0, 2.0, 3.0, 4.0, math.nan], mask=[False, True, False, False, False])
    store_run(store, train_loss=sparse)
    values = one_run(store, "last").curve["train_loss"]
    assert values[:4] == [1.0, None, 3.0, 4.0]
    assert math.isnan(values[4])


def test_what_was_asked_for_stands_before_the_defaults(store: RunStore) -> None:
    store_run(store, {"act": "tanh", "lr": 0.5})
    differs, others = changed_options(one_run(store, "last").summary)
    assert differs == {"act": "tanh", "lr": 0.5, "epochs": 5}
    assert others["loss"] == "cross_entropy"  # was left open
    assert others["opt"] == "adam"
    lines = detail_lines(one_run(store, "last"), 80, colored=False)
    assert lines.index("differs from the defaults:") < lines.index("  act     tanh")
    assert lines.index("  act     tanh") < lines.index("defaults and choices of nncli:")


def test_text_holds_the_results(store: RunStore) -> None:
    store_run(store, name="first")
    text = "\n".join(detail_lines(one_run(store, "last"), 80, colored=False))
    assert text.startswith("run 1 (first): completed, 5 epochs\n")
    for part in (
        "val_accuracy   0.9000          0.9751",
        "2      32x10  softmax     330",
        "loss by epoch",
        "accuracy by epoch",
        "train_loss",
        "numpy version  2.0",
    ):
        assert part in text


@pytest.mark.parametrize("width", [40, 80, 160])
def test_detail_fits(store: RunStore, width: int) -> None:
    store_run(store, note="a long note " * 20, cpu="A processor with a long name " * 3)
    lines = detail_lines(one_run(store, "last"), width, colored=False)
    assert max(map(len, lines)) <= width


def test_nothing_steers_the_terminal(store: RunStore) -> None:
    store_run(store, name="\x1b[2Jx", note="\x1b]0;title\x07")
    text = "\n".join(detail_lines(one_run(store, "last"), 80, colored=False))
    assert "\x1b" not in text
    assert "\x07" not in text


def test_a_run_that_diverged(store: RunStore) -> None:
    broken = np.array([1.0, 10.0, math.inf, math.nan, math.nan])
    store_run(store, status="diverged", train_loss=broken)
    detail = one_run(store, "last")
    assert math.isnan(detail.summary.last["train_loss"])
    text = "\n".join(detail_lines(detail, 80, colored=False))
    assert "diverged" in text
    assert "3 values not drawn" in text


def test_a_run_without_curve_or_model(store: RunStore) -> None:
    store.create_run(
        NewRun(data="iris", data_hash="d", task="binary", seed=0, spec="{}", spec_hash="s")
    )
    lines = detail_lines(one_run(store, "last"), 80, colored=False)
    assert lines[0] == "run 1: running, 0 epochs"


def test_json_has_the_names_of_train(store: RunStore) -> None:
    store_run(store, train_loss=np.array([1, 2, 3, 4, math.nan]))
    record = detail_record(one_run(store, "last"))
    assert record["best"] == {
        "epoch": 4,
        "train_loss": 0.25,
        "val_loss": 0.375,
        "val_accuracy": 0.9751,
    }
    assert record["metrics"]["test_accuracy"] == 0.96
    assert record["curve"][1]["val_loss"] == 0.75
    assert len(record["curve"]) == 5
    wanted = {"run", "uuid", "status", "spec", "epochs", "metrics", "best", "seconds"}
    assert wanted | {"samples_per_second"} <= record.keys()
    json.dumps(run_record(one_run(store, "last").summary))
