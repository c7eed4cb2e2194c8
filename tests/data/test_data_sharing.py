"""Data for many runs: read once, split for each seed, and the very data that ``load`` gives."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nncli.data.sharing
from nncli.data import DataOptions, Dataset, SharedData, load
from nncli.data.sharing import MOST_KEPT, MOST_SOURCES
from nncli.errors import DataError, UsageError

TABLE = "size,colour,age,town\n" + "".join(
    f"{20 + 7 * k % 61},{['red', 'green', 'blue'][k * k % 3]},{'' if k % 9 == 4 else k % 50},"
    f"{['Oslo', 'Rome'][k * 5 % 7 > 3]}\n"
    for k in range(80)
)

Write = Callable[..., str]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the sources that have been read, a name for each time."""
    found: list[str] = []
    real = nncli.data.sharing.open_source

    def counting(options: DataOptions, progress: Any) -> Any:
        found.append(options.source)
        return real(options, progress)

    monkeypatch.setattr(nncli.data.sharing, "open_source", counting)
    return found


def assert_same(found: Dataset, wanted: Dataset) -> None:
    for each in dataclasses.fields(Dataset):
        ours, theirs = getattr(found, each.name), getattr(wanted, each.name)
        if isinstance(theirs, np.ndarray):
            assert ours.dtype == theirs.dtype
            assert ours.shape == theirs.shape
            assert ours.tobytes() == theirs.tobytes(), each.name
        elif each.name == "preprocessing":
            assert ours.to_json() == theirs.to_json()
        else:
            assert ours == theirs, each.name
    assert found.shift.tobytes() == wanted.shift.tobytes()
    assert found.scale.tobytes() == wanted.scale.tobytes()


def test_equal_options_share_one_data_set(opened: list[str]) -> None:
    shared = SharedData()
    first = shared.load(DataOptions("iris", seed=3))
    assert shared.load(DataOptions("iris", seed=3)) is first
    assert shared.load(DataOptions("iris", seed=4)) is not first
    assert opened == ["iris"]


def test_seeds_share_what_was_read(opened: list[str], write: Write) -> None:
    path = write("towns.csv", TABLE)
    shared = SharedData()
    sets = [shared.load(DataOptions(path, seed=seed)) for seed in range(5)]
    assert opened == [path]
    splits = {each.train.tobytes() for each in sets}
    assert len(splits) == 5


def test_where_nothing_is_learned_the_rows_are_shared() -> None:
    shared = SharedData()
    one, other = (shared.load(DataOptions("digits", seed=seed)) for seed in (0, 1))
    assert np.shares_memory(one.rows, other.rows)


def attempt(read: Callable[[DataOptions], Dataset], options: DataOptions) -> Dataset | str:
    """Return a data set, or the message of the error that came instead."""
    try:
        return read(options)
    except (DataError, UsageError) as error:
        return str(error)


VARIATIONS: list[dict[str, Any]] = [
    {},
    {"seed": 1},
    {"seed": 2, "val": "0.3", "test": "0.1"},
    {"val": "0"},
    {"scale": "minmax", "seed": 5},
    {"scale": "none"},
    {"features": "quadratic"},
    {"features": "poly:3", "seed": 1},
    {"dtype": "float64"},
    {"columns": ("1", "3")},
    {"drop": ("2",)},
    {"task": "regression"},
]


@pytest.mark.parametrize("source", ["iris", "moons", "sine", "table"])
def test_the_data_are_those_of_load(opened: list[str], write: Write, source: str) -> None:
    path = write("towns.csv", TABLE) if source == "table" else source
    shared = SharedData()
    compared = 0
    for changes in [*VARIATIONS, *VARIATIONS]:  # first made, then out of what is kept
        options = DataOptions(path, **changes)
        wanted = attempt(load, options)
        if not isinstance(wanted, Dataset):
            assert attempt(shared.load, options) == wanted
            continue
        compared += 1
        assert_same(shared.load(options), wanted)
        facts = shared.facts(options)
        assert (facts.task, facts.hash) == (wanted.task, wanted.hash)
    assert compared >= 2 * 7


def test_targets_of_one_file_are_kept_apart(opened: list[str], write: Write) -> None:
    path = write("towns.csv", TABLE)
    shared = SharedData()
    for target in ("town", "size", "town", "size"):
        options = DataOptions(path, target=target)
        assert_same(shared.load(options), load(options))
    assert opened == [path, path]


def test_a_file_of_validation_rows_is_no_share(opened: list[str], write: Write) -> None:
    path, val = write("towns.csv", TABLE), write("val.csv", TABLE[: TABLE.index("\n", 300) + 1])
    shared = SharedData()
    for options in (DataOptions(path), DataOptions(path, val=val), DataOptions(path, val="0.4")):
        assert_same(shared.load(options), load(options))
    assert opened == [path, path]  # once alone, once with the file


def test_facts_read_but_do_not_split(opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nncli.data.sharing, "prepare", None)
    shared = SharedData()
    assert shared.facts(DataOptions("iris")).task == "multiclass"
    assert shared.facts(DataOptions("iris", seed=7, scale="none")).task == "multiclass"
    assert shared.facts(DataOptions("xor")).task == "binary"
    assert shared.facts(DataOptions("xor", task="regression")).task == "regression"
    assert opened == ["iris", "xor"]


def test_no_more_is_kept_than_is_said(opened: list[str]) -> None:
    shared = SharedData()
    first = shared.load(DataOptions("xor"))
    for seed in range(1, MOST_KEPT):
        shared.load(DataOptions("xor", seed=seed))
    assert shared.load(DataOptions("xor")) is first  # and it is the latest now
    for seed in range(100, 99 + MOST_KEPT):
        shared.load(DataOptions("xor", seed=seed))
    assert shared.load(DataOptions("xor")) is first
    for seed in range(200, 200 + MOST_KEPT):
        shared.load(DataOptions("xor", seed=seed))
    again = shared.load(DataOptions("xor"))
    assert again is not first
    assert_same(again, first)
    assert opened == ["xor"]
    for source in ["iris", "moons", "sine", "circles", "gates"][: MOST_SOURCES + 1]:
        shared.load(DataOptions(source))
    shared.load(DataOptions("xor", seed=9999))
    assert opened.count("xor") == 2


def test_an_error_is_raised_each_time(write: Write) -> None:
    shared = SharedData()
    for _ in range(2):
        with pytest.raises(DataError, match="nowhere"):
            shared.load(DataOptions("nowhere.csv"))
    path = write("one.csv", TABLE)
    for _ in range(2):
        with pytest.raises((DataError, UsageError)):
            shared.load(DataOptions(path, target="village"))
    assert_same(shared.load(DataOptions(path)), load(DataOptions(path)))
