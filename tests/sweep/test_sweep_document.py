"""A sweep file says what the command line could, with conditions and settings; or it is refused."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nncli.errors import UsageError
from nncli.spec import Spec
from nncli.sweeps.space.dimensions import Choices, Real, Whole
from nncli.sweeps.space.document import SETTINGS, Document, read_document
from nncli.sweeps.space.space import Space


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(text: str) -> str:
        path = tmp_path / "sweep.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_a_whole_file(write: Any) -> None:
    document = read_document(
        write(
            """
            data = "digits"
            act = ["relu", "tanh", ["relu", "tanh"]]
            hidden = [[64, 64], [128]]
            opt = "sgd,momentum,nesterov"
            lr = "log:1e-3:1e-1:3"
            batch-size = "int:8:64"
            dropout = { values = "uniform:0:0.5", when = { act = "relu" } }

            [momentum]
            values = [0.8, 0.9]
            when = { opt = ["momentum", "nesterov"], batch-size = "8..16..8" }

            [sweep]
            name = "night"
            seeds = [3, 5]
            trials = 20
            sampler = "tpe"
            pruner = "median"
            objective = ["val_loss", "parameters"]
            constraints = ["lr * batch_size < 1"]
            jobs = 2
            sampler-seed = 7
            tag = "a"
            note = "n"
            fail-fast = true
            """
        )
    )
    assert document.axes == {
        "data": Choices(("digits",)),
        "act": Choices(("relu", "tanh", "relu,tanh")),
        "hidden": Choices(("64,64", "128")),
        "opt": Choices(("sgd", "momentum", "nesterov")),
        "lr": Choices((0.001, 0.01, 0.1)),
        "batch_size": Whole(8, 64),
        "dropout": Real(0.0, 0.5),
        "momentum": Choices((0.8, 0.9)),
    }
    assert document.when == {
        "dropout": {"act": ("relu",)},
        "momentum": {"opt": ("momentum", "nesterov"), "batch_size": (8, 16)},
    }
    assert document.settings == {
        "name": "night",
        "seeds": [3, 5],
        "trials": 20,
        "sampler": "tpe",
        "pruner": "median",
        "objective": ["val_loss", "parameters"],
        "constraints": ["lr * batch_size < 1"],
        "jobs": 2,
        "sampler_seed": 7,
        "tag": "a",
        "note": "n",
        "fail_fast": True,
    }
    assert set(document.settings) == set(SETTINGS)
    space = Space(document.axes, document.when, tuple(document.settings["constraints"]))
    assert space.conditional == ("dropout", "momentum")


def test_a_file_may_begin_with_a_byte_order_mark(write: Any) -> None:
    assert read_document(write("\ufeffact = 'tanh'\n")).axes == {"act": Choices(("tanh",))}


def test_a_number_of_more_digits_than_python_reads_is_refused(write: Any) -> None:
    with pytest.raises(UsageError, match="is not TOML"):
        read_document(write(f"lr = {'9' * 5000}\n"))


def test_an_empty_file_is_an_empty_document(write: Any) -> None:
    assert read_document(write("")) == Document({})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("acct = 'relu'", "unknown option 'acct' in .*sweep.toml \\(did you mean 'act'"),
        ("learning-rate = 1", "unknown option 'learning_rate' in .*did you mean 'lr'"),
        ("[swep]\nseeds = 1", "unknown table 'swep' in .*did you mean 'sweep'"),
        ("name = 'x'", "'name' in .* is no option of a trial: write name = ... in \\[sweep\\]"),
        ("seed = 1", "write seeds = 5 in \\[sweep\\]"),
        ("act = 'rellu'", "in .*sweep.toml: --act is 'rellu': .*did you mean 'relu'"),
        ("lr = []", "--lr is \\[\\]: there is no value"),
        ("lr = 1979-05-27", "--lr is .*expected texts, numbers"),
        ("batch-size = 1\nbatch_size = 2", "'batch_size' stands twice"),
        ("sweep = 3", "sweep is 3 in .*expected a table"),
        ("[sweep]\nseds = 1", "unknown setting 'seds' in \\[sweep\\].*did you mean 'seeds'"),
        ("[sweep]\nseeds = 1.5", "seeds is 1.5 in .*expected how many"),
        ("[sweep]\ntrials = true", "trials is True in .*expected a whole number"),
        ("[sweep]\ntrials = '5'", "trials is '5' in .*expected a whole number"),
        ("[sweep]\nconstraints = 'lr < 1'", "expected a list of texts"),
        ("[sweep]\nobjective = [1]", "expected a text, or a list of texts"),
        ("[sweep]\nfail_fast = 1", "expected true or false"),
        ("[sweep]\nname = 3", "expected a text in quotes"),
        ("[lr]\nvalue = 3", "unknown key 'value' in \\[lr\\] \\(did you mean 'values'"),
        ("[lr]\nwhen = { act = 'relu' }", "\\[lr\\] has no values"),
        ("[lr]\nvalues = 1\nwhen = 'relu'", "when is 'relu' in \\[lr\\]: expected a table"),
        ("[lr]\nvalues = 1\nwhen = { actt = 1 }", "unknown option 'actt' in when of \\[lr\\]"),
        ("[lr]\nvalues = 1\nwhen = { act = 1 }", "--act is 1"),
        ("[lr]\nvalues = 1\nwhen = { l1 = 'uniform:0:1' }", "needs its values"),
        ("lr = ", "is not TOML"),
        ("lr = " + "[" * 5000, "is not TOML"),
    ],
)
def test_a_wrong_file_is_refused(write: Any, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_document(write(text))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing.toml cannot be read \(No such file"):
        read_document(str(tmp_path / "missing.toml"))
    with pytest.raises(UsageError, match="cannot be read \\(Is a directory"):
        read_document(str(tmp_path))
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not TOML"):
        read_document(str(binary))


KEYS = st.sampled_from([*(each.name for each in fields(Spec)), *SETTINGS, "sweep", "when", "x"])
VALUES = st.sampled_from(
    [
        "1",
        "0.5",
        "'relu'",
        "'8..64..8'",
        "[1, 2]",
        "[[1, 2]]",
        "true",
        "{ values = 1 }",
        "[]",
        "inf",
    ]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(KEYS, VALUES), max_size=4), st.lists(st.tuples(KEYS, VALUES), max_size=3))
def test_no_file_does_more_than_a_usage_error(
    write: Any, first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    lines = [f"{key} = {value}" for key, value in first]
    lines += ["[sweep]", *(f"{key} = {value}" for key, value in second)]
    try:
        found = read_document(write("\n".join(lines)))
    except UsageError:
        return
    assert set(found.axes) == {key for key, _ in first}
    assert set(found.settings) == {key for key, _ in second}
