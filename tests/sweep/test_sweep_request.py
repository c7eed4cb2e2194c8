"""A sweep as it is asked for: options, settings and files come to one definition."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nncli.errors import UsageError
from nncli.sweeps.definition import MOST_SEEDS, Definition, read_seeds
from nncli.sweeps.request import Request, read_request
from nncli.sweeps.space.dimensions import Choices
from nncli.sweeps.space.space import Space
from nncli.sweeps.starting import Prepared


def definition(options: dict[str, Any], **settings: Any) -> Definition:
    return read_request(options, settings).definition


def write(folder: Path, text: str) -> str:
    path = folder / "study.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("10", tuple(range(10))),
        (3, (0, 1, 2)),
        ("1", (0,)),
        ("3,5,9", (3, 5, 9)),
        ("9, 3", (9, 3)),
        ("7,", (7,)),
        ([3, 5], (3, 5)),
        ((8,), (8,)),
        (["2", "4"], (2, 4)),
    ],
)
def test_seeds(given: Any, expected: tuple[int, ...]) -> None:
    assert read_seeds(given) == expected


@pytest.mark.parametrize(
    "given", ["0", "-1", "a", "", "3,3", "1,-2", "1.5", ",", [], [1, 1], MOST_SEEDS + 1, None, True]
)
def test_seeds_that_are_none(given: Any) -> None:
    with pytest.raises(UsageError, match="--seeds is"):
        read_seeds(given)


def test_one_seed_is_a_seed_and_not_how_many() -> None:
    assert definition({"data": "iris", "seed": "7"}).seeds == (7,)
    assert definition({"data": "iris", "seed": 7}).seeds == (7,)
    assert definition({"data": "iris", "seed": "3,5"}).seeds == (3, 5)
    assert definition({"data": "iris"}).seeds == (0,)
    with pytest.raises(UsageError, match="give one of them"):
        definition({"seed": "7"}, seeds="2")


SWEEP = {"data": "iris", "lr": "0.01,0.1", "opt": "sgd,momentum", "momentum": "0.8,0.9"}
FILE = """
data = "iris"
lr = [0.01, 0.1]
opt = ["sgd", "momentum"]
momentum = [0.8, 0.9]
[sweep]
seeds = 3
objective = "val_accuracy"
constraints = ["lr < 0.1 or opt = sgd"]
"""


def test_a_file_says_what_the_command_line_says(tmp_path: Path) -> None:
    path = write(tmp_path, FILE)
    from_file = definition({"data": path})
    from_line = definition(
        SWEEP, seeds="0,1,2", objective=["val_accuracy"], constraints=["lr < 0.1 or opt = sgd"]
    )
    hashes = {"iris": "0" * 64}
    assert from_file.hash(hashes) == from_line.hash(hashes)
    assert list(from_file.space.grid()) == list(from_line.space.grid())
    assert len(list(from_file.space.grid())) == 4


def test_the_command_line_beats_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, FILE)
    found = definition({"data": path, "lr": "0.5", "act": "tanh"}, seeds="2")
    assert found.space.axes["lr"] == Choices((0.5,))
    assert found.space.axes["act"] == Choices(("tanh",))
    assert found.seeds == (0, 1)
    assert found.objectives == ("val_accuracy",)
    assert definition({"data": path, "seed": "9"}).seeds == (9,)


def test_a_condition_goes_with_the_option_that_is_given_anew(tmp_path: Path) -> None:
    text = 'data = "iris"\nopt = "sgd,momentum"\nbn = "none,before"\n'
    text += '[dropout]\nvalues = [0.1, 0.2]\nwhen = { bn = "none" }\n'
    path = write(tmp_path, text)
    assert len(list(definition({"data": path}).space.grid())) == 2 * 3
    assert len(list(definition({"data": path, "dropout": "0.1,0.2"}).space.grid())) == 2 * 4


def test_names_and_wishes_are_no_part_of_the_definition(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'lr = [1, 2]\n[sweep]\nname = "night"\njobs = 3\ntag = ["a", "b"]\nnote = "n"\n'
        "fail-fast = true\n",
    )
    found = read_request({"data": path}, {})
    assert found == Request(
        definition({"lr": "1,2"}), "night", ("a", "b"), "n", jobs=3, fail_fast=True
    )
    assert read_request({"data": path}, {"jobs": "2", "tag": ["c"]}).jobs == 2


@pytest.mark.parametrize(
    ("changes", "settings"),
    [
        ({"lr": "0.01,0.2"}, {}),
        ({"act": "tanh"}, {}),
        ({}, {"seeds": "0,1"}),
        ({}, {"objective": ["train_loss"]}),
        ({}, {"sampler": "random"}),
        ({}, {"sampler_seed": 1}),
        ({}, {"pruner": "median"}),
        ({}, {"constraints": ["lr > 0"]}),
    ],
)
def test_what_changes_the_trials_changes_the_hash(
    changes: dict[str, Any], settings: dict[str, Any]
) -> None:
    hashes = {"iris": "0" * 64}
    usual = definition(SWEEP).hash(hashes)
    assert definition({**SWEEP, **changes}, **settings).hash(hashes) != usual
    assert definition(SWEEP).hash({"iris": "1" * 64}) != usual


def test_what_does_not_change_them_leaves_the_hash() -> None:
    hashes = {"iris": "0" * 64}
    draws = {**SWEEP, "lr": "loguniform:1e-4:1"}
    usual = definition(draws, trials="10").hash(hashes)
    assert definition(draws, trials="20").hash(hashes) == usual
    assert definition(draws, trials=10, name="a", tag=["b"], jobs=2).hash(hashes) == usual
    in_other_words = {**SWEEP, "lr": "loguniform:0.0001:1.0", "momentum": ".8,9e-1"}
    assert definition(in_other_words, trials="10", seeds="1").hash(hashes) == usual


def test_a_definition_is_stored_as_json() -> None:
    found = definition(
        {**SWEEP, "batch_size": "int:8:64:8", "dropout": "uniform:0:0.5", "hidden": "8|8,4"},
        seeds="3,5",
        trials="7",
        sampler="random",
        sampler_seed="4",
        pruner="median:3",
        objective=["val_loss", "parameters"],
        constraints=["lr < 1"],
    )
    again = Definition.from_json(json.loads(json.dumps(found.to_json())))
    assert again == found
    assert again.hash({}) == found.hash({})


def test_more_trials_of_a_stored_sweep() -> None:
    stored = Definition(Space({"lr": Choices((0.1,))}, {}, ()), seeds=(1, 2), trials=5)
    found = read_request({}, {"trials": "9", "jobs": "1"}, stored)
    assert found.definition.trials == 9
    assert found.definition.seeds == (1, 2)
    assert found.definition.space == stored.space
    assert found.jobs == 1


@pytest.mark.parametrize(
    ("options", "settings", "message"),
    [
        ({}, {"trials": "0"}, "--trials is '0'"),
        ({}, {"trials": "many"}, "--trials is 'many'"),
        ({}, {"jobs": "0"}, "--jobs is '0'"),
        ({}, {"jobs": "1.5"}, "--jobs is '1.5'"),
        ({}, {"sampler_seed": "-1"}, "--sampler-seed is '-1'"),
        ({"lr": ""}, {}, "lr"),
        ({"lr": ","}, {}, "lr"),
        ({"act": "relu,tnah"}, {}, "did you mean 'tanh'"),
        ({"epochs": "0,5"}, {}, "epochs"),
        ({"lr": "log:0:1:3"}, {}, "lr"),
        ({"data": "missing.toml"}, {}, "missing.toml"),
    ],
)
def test_nonsense_is_refused(
    options: dict[str, Any], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read_request(options, settings)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("learning_rate = 0.1", "did you mean 'lr'"),
        ("epoch = 5", "did you mean 'epochs'"),
        ("[swep]\nseeds = 3", "did you mean 'sweep'"),
        ("[sweep]\nseed = 3", "did you mean 'seeds'"),
        ("[sweep]\ntrial = 3", "did you mean 'trials'"),
        ("seeds = 3", "in [sweep]"),
        ("[sweep]\nseeds = 1.5", "expected how many"),
        ("lr = ", "is not TOML"),
        ("lr = []", "lr"),
        ("[momentum]\nvalues = [0.9]\nwhen = { optt = 'sgd' }", "did you mean 'opt'"),
        ("[momentum]\nvals = [0.9]", "did you mean 'values'"),
        ("[sweep]\nfail_fast = 'yes'", "expected true or false"),
    ],
)
def test_nonsense_in_a_file_is_refused(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_request({"data": write(tmp_path, line)}, {})
    assert message in str(caught.value)


def test_a_grid_and_random_trials_of_one_space_are_two_sweeps() -> None:
    options = {"data": "iris", "lr": "0.1,0.2"}
    grid, drawn = read_request(options, {}), read_request(options, {"trials": 4})
    named = read_request(options, {"sampler": "grid"})
    hashes = [each.definition.hash({"iris": "x"}) for each in (grid, drawn, named)]
    assert hashes[0] == hashes[2] != hashes[1]


@pytest.mark.parametrize("name", ["save", "threads"])
def test_what_changes_nothing_of_a_run_is_not_varied(name: str) -> None:
    values = {"save": "none,best", "threads": "1,2"}
    with pytest.raises(UsageError, match=f"--{name} has several values"):
        read_request({"data": "iris", name: values[name]}, {})


def test_an_existing_file_is_one_value(tmp_path: Path) -> None:
    path = tmp_path / "x,y.csv"
    path.write_text("a,b\n1,2\n")
    space = read_request({"data": str(path)}, {}).definition.space
    assert list(space.axes["data"].values()) == [str(path)]


def test_the_longest_run_sets_the_epochs_of_the_pruner() -> None:
    """Wherever it stands in the list; the epochs at which halving looks follow from it."""
    pytest.importorskip("optuna")
    options = {"data": "iris", "lr": "0.1,0.2", "epochs": "9,81,27"}
    prepared = Prepared(read_request(options, {"pruner": "halving"}).definition)
    assert prepared.guide.look_every == 9
