"""What ``nncli train`` asks of the library and prints of the answer."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from cli_fakes import Call, FakeExperiment

from nncli.errors import DataError
from nncli.spec import Spec


def spec_in(fake: FakeExperiment) -> Spec:
    return dict(fake.calls)["plan"]["spec"]


def test_options_reach_the_spec(call: Call, fake: FakeExperiment) -> None:
    done = call("train", "iris", "--hidden", "8,4", "--lr", "0.5", "--eps-inside", "--opt", "adam")
    assert done.code == 0, done.err
    spec = spec_in(fake)
    assert (spec.data, spec.hidden, spec.lr, spec.eps_inside) == ("iris", (8, 4), 0.5, True)
    assert spec.epochs == Spec().epochs  # not given: the default


def test_summary_goes_to_stdout_and_the_rest_to_stderr(call: Call, fake: FakeExperiment) -> None:
    done = call("train")
    assert "run 12 completed after 100 epochs" in done.out
    assert "epoch 24 (best)" in done.out
    assert ["val_accuracy", "0.8750", "0.9000"] in [line.split() for line in done.out.splitlines()]
    assert "next: nncli report 12\n      nncli predict 12 FILE" in done.out
    assert "task: multiclass" in done.err
    assert "network: 64-64-10, relu, softmax: 4,810 parameters" in done.err
    assert "task" not in done.out


def test_ten_lines_of_progress_off_a_terminal(call: Call, fake: FakeExperiment) -> None:
    lines = [line for line in call("train").err.splitlines() if line.startswith("epoch")]
    assert len(lines) == 10  # of 100 epochs
    assert lines[0].startswith("epoch 10/100  loss 0.1  val 0.11  accuracy 0.8750  lr 0.001")


def test_quiet_prints_the_id_alone(call: Call, fake: FakeExperiment) -> None:
    done = call("train", "-q")
    assert (done.out, done.err) == ("12\n", "")


def test_json_is_one_object_and_nothing_else(call: Call, fake: FakeExperiment) -> None:
    done = call("train", "--json")
    assert done.err == ""
    assert done.json["run"] == 12
    assert done.json["spec"]["act"] == "relu"
    assert list(done.json) == [
        *("run", "uuid", "status", "spec", "epochs", "metrics", "best", "seconds"),
        "samples_per_second",
    ]


def test_next_steps_name_the_database_of_the_option(call: Call, fake: FakeExperiment) -> None:
    done = call("train", "--db", "my runs.db")
    assert "nncli report 12 --db 'my runs.db'" in done.out
    assert dict(fake.calls)["train"]["db"] == "my runs.db"


def test_labels(call: Call, fake: FakeExperiment) -> None:
    call("train", "--name", "first", "--tag", "a", "--tag", "b", "--note", "why")
    labels = dict(fake.calls)["train"]["labels"]
    assert labels == {"name": "first", "tags": ("a", "b"), "note": "why"}


def test_diverged_run_is_stored_and_fails(call: Call, fake: FakeExperiment) -> None:
    fake.status, fake.message = "diverged", "the loss is no longer a number: try a smaller --lr"
    done = call("train", "--json")
    assert done.code == 1
    assert done.json["status"] == "diverged"
    assert done.err == f"error: run 12 diverged: {fake.message}\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_and_says_how_to_go_on(
    call: Call, fake: FakeExperiment, number: signal.Signals
) -> None:
    fake.during = lambda stop: os.kill(os.getpid(), number)
    before = signal.getsignal(number)
    done = call("train")
    assert done.code == 130
    assert "run 12 interrupted" in done.out
    assert "next: nncli train --resume 12" in done.out
    assert "once more to abort" in done.err
    assert signal.getsignal(number) is before


def test_two_signals_abort(call: Call, fake: FakeExperiment) -> None:
    def twice(stop: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    fake.during = twice
    done = call("train")
    assert done.code == 130
    assert done.out == ""
    assert done.err.endswith("error: interrupted\n")


def test_error_of_the_library(call: Call, fake: FakeExperiment) -> None:
    fake.error = DataError("no file x.csv: expected a file")
    done = call("train", "x.csv", "--json")
    assert done.code == 3
    assert done.err == "error: no file x.csv: expected a file\n"
    assert done.json == {"error": "no file x.csv: expected a file", "exit_code": 3}


def test_fault_is_short_unless_debugging(
    call: Call, fake: FakeExperiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.error = ZeroDivisionError("division by zero")
    done = call("train")
    assert done.code == 1
    assert "Traceback" not in done.err
    assert "unexpected ZeroDivisionError: division by zero" in done.err
    assert "NNCLI_DEBUG=1" in done.err
    monkeypatch.setenv("NNCLI_DEBUG", "1")
    assert "Traceback" in call("train").err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--opt", "adm"), "--opt is 'adm': choose one of"),
        (("--lr", "-1"), "--lr is '-1': expected a number above 0"),
        (("--batch-size", "0"), "--batch-size is '0': expected a whole number"),
        (("--hidden", "0"), "--hidden is '0': expected layer widths"),
        (("--bach-size", "3"), "unknown option '--bach-size' of nncli train (did you mean '--ba"),
        (("--lr",), "option '--lr' requires an argument: see nncli train --help"),
        (("iris", "more"), "got unexpected extra argument"),
        (("--out-act", "relu", "--task", "binary"), "--out-act relu does not fit"),
    ],
)
def test_usage_errors(
    call: Call, fake: FakeExperiment, args: tuple[str, ...], message: str
) -> None:
    done = call("train", *args)
    assert done.code == 2
    assert done.err.startswith(f"error: {message}")
    assert done.out == ""


def test_flags_beat_the_file(call: Call, fake: FakeExperiment, tmp_path: Path) -> None:
    (tmp_path / "spec.toml").write_text(
        'data = "iris"\nhidden = [8, 4]\nbatch-size = "full"\nlr = 0.1\ntag = ["night"]\n'
        'db = "other.db"\nname = "file"\neps_inside = true\n'
    )
    done = call("train", "--config", "spec.toml", "--lr", "0.2", "--name", "flag")
    assert done.code == 0, done.err
    spec = spec_in(fake)
    assert (spec.data, spec.hidden, spec.batch_size, spec.lr) == ("iris", (8, 4), "full", 0.2)
    trained = dict(fake.calls)["train"]
    assert trained["db"] == "other.db"
    assert trained["labels"] == {"name": "flag", "tags": ("night",), "note": None}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optt = 'sgd'", "unknown option 'optt' in c.toml (did you mean 'opt'?)"),
        ("[trian]\nlr = 1", "unknown table 'trian' in c.toml"),
        ("lr = ", "--config c.toml is not TOML"),
        ("lr = 'high'", "--lr is 'high': expected a number"),
        ("tag = 3", "tag is 3 in c.toml: expected a text"),
    ],
)
def test_bad_file(
    call: Call, fake: FakeExperiment, tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "c.toml").write_text(text)
    done = call("train", "--config", "c.toml")
    assert done.code == 2
    assert message in done.err


def test_missing_file(call: Call, fake: FakeExperiment) -> None:
    done = call("train", "--config", "none.toml")
    assert done.code == 2
    assert "none.toml cannot be read" in done.err


def test_from_a_run(call: Call, fake: FakeExperiment) -> None:
    fake.stored = Spec(data="iris", opt="sgd", epochs=7)
    done = call("train", "--from", "12", "--epochs", "9", "--db", "x.db")
    assert done.code == 0, done.err
    spec = spec_in(fake)
    assert (spec.data, spec.opt, spec.epochs) == ("iris", "sgd", 9)
    calls = dict(fake.calls)
    assert calls["spec_of"] == {"reference": "12", "db": "x.db"}
    assert calls["train"]["parent"] == "0000-uuid"


def test_resume(call: Call, fake: FakeExperiment) -> None:
    done = call("train", "--resume", "12", "--epochs", "200")
    assert done.code == 0, done.err
    asked = dict(fake.calls)["resume"]
    assert (asked["reference"], asked["epochs"], asked["db"]) == ("12", 200, None)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (("--lr", "1"), "--lr"),
        (("iris",), "DATA"),
        (("--from", "3"), "--from"),
        (("--tag", "x"), "--tag"),
        (("--dry-run",), "--dry-run"),
    ],
)
def test_resume_takes_no_other_option(
    call: Call, fake: FakeExperiment, more: tuple[str, ...], named: str
) -> None:
    done = call("train", "--resume", "12", *more)
    assert done.code == 2
    assert done.err.startswith(f"error: {named} with --resume 12")
    assert fake.calls == []


def test_dry_run_says_who_decided(call: Call, fake: FakeExperiment, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("epochs = 5")
    done = call("train", "--act", "tanh", "--config", "c.toml", "--dry-run")
    assert done.code == 0, done.err
    found = {line.split()[0]: line.split(maxsplit=2)[1:] for line in done.out.splitlines() if line}
    assert found["act"] == ["tanh", "command line"]
    assert found["epochs"] == ["5", "file c.toml"]
    assert found["loss"] == ["cross_entropy", "by the task"]
    assert found["lr"] == ["0.001", "by --opt adam"]
    assert found["seed"] == ["0", "default"]
    assert "layer 2  64 x 10  softmax     650" in done.out
    assert [name for name, _ in fake.calls] == ["plan"]


def test_dry_run_as_json_is_the_spec(call: Call, fake: FakeExperiment) -> None:
    done = call("train", "--dry-run", "--json", "--opt", "sgd")
    assert done.json["opt"] == "sgd"
    assert done.json["task"] == "multiclass"


@pytest.mark.parametrize("columns", [40, 80])
def test_summary_fits(call: Call, fake: FakeExperiment, columns: int) -> None:
    lines = call("train", columns=columns).out.splitlines()
    assert max(map(len, lines)) <= 80
    if columns == 40:
        assert max(len(line) for line in lines if not line.startswith("time")) <= 40
