"""Splits: sizes, strata, seeds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from nncli.data import DataOptions, load
from nncli.data.splits import split
from nncli.errors import DataError, UsageError

SHARES = st.sampled_from([0.0, 0.1, 0.2, 0.25, 1 / 3])


def rows_of(count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.arange(count, dtype=np.int64)


@given(
    counts=st.lists(st.integers(1, 30), min_size=2, max_size=12),
    val=SHARES,
    test=SHARES,
    seed=st.integers(0, 1000),
)
def test_stratified_splits_divide_every_class(
    counts: list[int], val: float, test: float, seed: int
) -> None:
    codes = np.repeat(np.arange(len(counts)), counts)
    count = len(codes)
    sizes = [round(share * count) for share in (val, test)]
    assume(sum(sizes) < count)
    assume(all(size or not share for size, share in zip(sizes, (val, test), strict=True)))
    parts = split(rows_of(count), codes, val, test, seed)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(count))
    for part in parts:
        assert (np.diff(part) > 0).all()
    train = np.bincount(codes[parts[0]], minlength=len(counts))
    assert (train >= 1).all()  # every class is learned from
    room = int((np.array(counts) - 1).sum())
    assert len(parts[2]) == min(round(test * count), room)
    assert len(parts[1]) == min(round(val * count), room - len(parts[2]))
    if min(counts) > 10:
        for part, share in ((parts[1], val), (parts[2], test)):
            of_class = np.bincount(codes[part], minlength=len(counts))
            assert (np.abs(of_class - share * np.array(counts)) <= 1.5).all()


def test_counts_agree_with_scikit_learn() -> None:
    codes = np.repeat([0, 1, 2], [100, 50, 350])
    _, expected = train_test_split(codes, test_size=0.2, stratify=codes, random_state=0)
    _, val, _ = split(rows_of(500), codes, 0.2, 0.0, 0)
    np.testing.assert_array_equal(np.bincount(codes[val]), np.bincount(expected))


def test_the_seed_decides_and_every_row_may_be_chosen() -> None:
    codes = np.repeat([0, 1], 20)
    one = split(rows_of(40), codes, 0.25, 0.25, 1)
    for a, b in zip(one, split(rows_of(40), codes, 0.25, 0.25, 1), strict=True):
        np.testing.assert_array_equal(a, b)
    chosen = {int(r) for seed in range(60) for r in split(rows_of(40), codes, 0.25, 0.0, seed)[1]}
    assert chosen == set(range(40))


def test_the_test_part_does_not_depend_on_the_validation_part() -> None:
    codes = np.repeat([0, 1, 2], [11, 30, 17])
    alone = split(rows_of(58), codes, 0.0, 0.2, 5)[2]
    np.testing.assert_array_equal(alone, split(rows_of(58), codes, 0.3, 0.2, 5)[2])


def test_without_classes_the_rows_are_divided_at_random() -> None:
    rows = np.array([3, 5, 8, 13, 21, 34, 55, 89, 144, 233])
    train, val, test = split(rows, None, 0.2, 0.3, 0)
    assert (len(train), len(val), len(test)) == (5, 2, 3)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, val, test])), rows)


def test_a_share_that_leaves_a_part_empty() -> None:
    with pytest.raises(DataError, match=r"--val 0.1 of 3 rows is no row"):
        split(rows_of(3), None, 0.1, 0.0, 0)
    with pytest.raises(DataError, match="leave no row to train on"):
        split(rows_of(2), None, 0.49, 0.5, 0)


def test_splits_of_a_data_set_are_strata_and_seeded() -> None:
    one, two = load(DataOptions("iris", seed=1)), load(DataOptions("iris", seed=2))
    assert not np.array_equal(one.val, two.val)
    np.testing.assert_array_equal(np.bincount(one.targets[one.val, 0].astype(int)), [10, 10, 10])
    assert one.train.dtype == one.val.dtype == one.test.dtype == np.int64


def test_rows_of_an_end_are_taken_without_any_draw() -> None:
    first = load(DataOptions("iris", val="first:30"))
    assert first.val.tolist() == list(range(30))
    assert first.train.tolist() == list(range(30, 150))
    both = load(DataOptions("iris", val="first:30", test="last:20", seed=7))
    assert both.test.tolist() == list(range(130, 150))
    assert both.train.tolist() == list(range(30, 130))
    mixed = load(DataOptions("iris", val="last:50", test="0.2"))
    assert mixed.val.tolist() == list(range(100, 150))
    assert (len(mixed.train), len(mixed.test)) == (80, 20)  # a share of the rest
    assert mixed.test.max() < 100
    again = load(DataOptions("iris", val="last:50", test="0.2", seed=1))
    assert again.val.tolist() == mixed.val.tolist()
    assert again.test.tolist() != mixed.test.tolist()


@pytest.mark.parametrize(
    ("options", "kind", "part"),
    [
        ({"val": "first:0"}, UsageError, "--val first:0: expected a whole number of rows"),
        ({"val": "first:"}, UsageError, "such as first:5000"),
        ({"test": "last:1e3"}, UsageError, "--test last:1e3: expected a whole number of rows"),
        ({"val": "first:150"}, DataError, "--val first:150 of 150 rows leaves no row to train on"),
        ({"val": "first:100", "test": "last:60"}, UsageError, "name the same rows"),
        ({"val": "first:100", "test": "last:50"}, DataError, "leave no row to train on"),
        ({"val": "middle:100"}, DataError, "--val middle:100: there is no such file"),
    ],
)
def test_wrong_rows_of_an_end(options: dict[str, str], kind: type[Exception], part: str) -> None:
    with pytest.raises(kind) as caught:
        load(DataOptions("iris", **options))  # type: ignore[arg-type]
    assert part in str(caught.value)


def test_rows_of_an_end_leave_out_those_without_a_target(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n" + "\n".join(f"{n}.5,{n * n if n else ''}" for n in range(40)))
    found = load(DataOptions(str(path), val="first:5", test="last:5", task="regression"))
    assert found.val.tolist() == [1, 2, 3, 4, 5]
    assert found.test.tolist() == [35, 36, 37, 38, 39]
