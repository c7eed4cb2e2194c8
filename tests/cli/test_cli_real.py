"""Whole commands with nothing faked: train, stop, resume, report, predict."""

from __future__ import annotations

import csv
import io
import signal
import subprocess
import sys
from pathlib import Path

from cli_fakes import Call

NNCLI = [sys.executable, "-m", "nncli.cli"]
IRIS = "sepal_length,sepal_width,petal_length,petal_width"


def test_train_report_predict(call: Call, tmp_path: Path) -> None:
    trained = call(
        "train", "iris", "--epochs", "40", "--test", "0.2", "--name", "flowers", "--json"
    )
    assert trained.code == 0, trained.err
    assert trained.json["status"] == "completed"
    assert trained.json["metrics"]["val_accuracy"] > 0.6  # three classes: chance is a third
    shown = call("report", "flowers", "--json")
    assert shown.json["uuid"] == trained.json["uuid"]
    assert len(shown.json["curve"]) == 40
    assert shown.json["metrics"] == trained.json["metrics"]
    assert [layer["activation"] for layer in shown.json["layers"]] == ["relu", "softmax"]
    assert [run["run"] for run in call("report", "--json").json["runs"]] == [trained.json["run"]]

    (tmp_path / "new.csv").write_text(f"{IRIS}\n5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n")
    predicted = call("predict", "flowers", "new.csv")
    assert predicted.code == 0, predicted.err
    header, *rows = csv.reader(io.StringIO(predicted.out))
    assert len(header) == 4
    for row in rows:  # float32 probabilities, printed in full, add up to 1 within their rounding
        assert abs(sum(map(float, row[1:])) - 1) < 1e-5
    assert len(rows) == 2


def test_from_follows_the_new_optimizer(call: Call) -> None:
    call("train", "iris", "--epochs", "2", "-q")
    again = call("train", "--from", "last", "--opt", "sgd", "--json")
    assert again.code == 0, again.err
    assert again.json["spec"]["lr"] == 0.1  # of sgd, not the rate chosen for adam
    assert (again.json["spec"]["data"], again.json["epochs"]) == ("iris", 2)


def test_interrupted_and_resumed(tmp_path: Path) -> None:
    command = [*NNCLI, "train", "iris", "--epochs", "1000000"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:  # the network is announced right before the training
        if line.startswith("network:"):
            break
    # The handler is in place once a line of progress is out; the first comes after ten seconds,
    # so wait for the run to be in the database instead.
    for _ in range(300):
        listed = subprocess.run(
            [*NNCLI, "report", "--json"], cwd=tmp_path, capture_output=True, text=True
        )
        if '"running"' in listed.stdout:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "run 1 interrupted" in out
    assert "nncli train --resume 1" in out
    done = subprocess.run(
        [*NNCLI, "report", "1", "--json"], cwd=tmp_path, capture_output=True, text=True
    )
    assert '"status": "interrupted"' in done.stdout


def test_resume_to_a_larger_total(call: Call) -> None:
    call("train", "xor", "--epochs", "3", "-q")
    assert call("train", "--resume", "last").code == 2  # nothing is left to do
    more = call("train", "--resume", "last", "--epochs", "5", "--json")
    assert more.code == 0, more.err
    assert more.json["epochs"] == 5


def test_errors_of_the_layers_below(call: Call) -> None:
    missing = call("train", "nowhere.csv", "--json")
    assert (missing.code, missing.json["exit_code"]) == (3, 3)
    assert call("report").code == 4  # no database was made
    assert call("predict", "1", "new.csv").code == 4
