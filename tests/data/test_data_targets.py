"""The task and the classes: inferred, forced, refused."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.data.source import Target
from nncli.data.targets import Targets, class_codes, label, resolve_targets
from nncli.errors import DataError


def resolve(values: list[object], task: str | None = None, main: int | None = None) -> Targets:
    texts = any(isinstance(each, str) for each in values)
    array = np.array(values)
    target = Target.of_texts("y", array) if texts else Target.of_numbers("y", array)
    return resolve_targets([target], len(values) if main is None else main, task)


@pytest.mark.parametrize(
    ("values", "task", "labels"),
    [
        (["a", "b", "a", "b"], "binary", ("a", "b")),
        (["a", "b", "c"] * 2, "multiclass", ("a", "b", "c")),
        ([0, 1, 1, 0], "binary", ("0", "1")),
        ([-1, 1, 1, -1], "binary", ("-1", "1")),
        ([1.5, 2.5] * 3, "binary", ("1.5", "2.5")),
        ([3, 10, 9] * 2, "multiclass", ("3", "9", "10")),
        (["3", "10", "x"] * 2, "multiclass", ("10", "3", "x")),
        ([0.5, 1.5, 2.5] * 5, "regression", ()),
        (list(range(20)) * 2, "multiclass", tuple(map(str, range(20)))),
        (list(range(21)) * 2, "regression", ()),
        (list(range(20)), "regression", ()),  # each but once
        (["yes", "no", "Yes", "NO"], "binary", ("no", "yes")),
        (["True", "False"] * 2, "binary", ("False", "True")),
    ],
)
def test_inferred_task(values: list[object], task: str, labels: tuple[str, ...]) -> None:
    found = resolve(values)
    assert (found.task, found.labels) == (task, labels)
    assert found.notes[0].startswith(f"task: {task}, since y has")
    if labels:
        assert found.codes is not None
        assert found.outputs == (1 if task == "binary" else len(labels))
        for value, code in zip(values, found.codes, strict=True):
            shown = value if isinstance(value, str) else label(float(value))  # type: ignore[arg-type]
            assert labels[code].lower() == shown.lower()


def test_forced_task() -> None:
    assert resolve([0, 1, 1, 0], "multiclass").outputs == 2
    assert resolve([3, 4, 5] * 4, "regression").numbers is not None
    assert resolve([0.5, 1.5, 2.5] * 4, "multiclass").labels == ("0.5", "1.5", "2.5")
    assert not any("task:" in note for note in resolve([0, 1, 1, 0], "binary").notes)


@pytest.mark.parametrize(
    ("values", "task", "part"),
    [
        (["1", "x", "2"] * 3, "regression", "holds the text 'x' in row 2"),
        ([1, 2, 3] * 3, "binary", "has 3 classes, expected 2"),
        (["a"] * 5, None, "is 'a' in all rows"),
        ([2.0] * 5, "regression", "is 2 in all rows"),
        (["a", "b", "c"], None, "3 classes in 3 rows"),
        ([1.5, 2.5, 3.5], "multiclass", "--task regression"),
    ],
)
def test_targets_that_do_not_fit(values: list[object], task: str | None, part: str) -> None:
    with pytest.raises(DataError) as caught:
        resolve(values, task)
    assert part in str(caught.value)


def test_a_class_that_only_later_rows_have() -> None:
    with pytest.raises(DataError, match="the class 'c' of 'y' in row 2 after the rows"):
        resolve(["a", "b", "a", "b", "a", "c"], main=4)


def test_a_last_dot_is_dropped_only_to_make_a_label_known() -> None:
    found = resolve(["a", "b.", "a", "b.", "a.", "b."], main=4)
    assert found.labels == ("a", "b.")
    assert found.codes is not None
    assert found.codes.tolist() == [0, 1, 0, 1, 0, 1]
    assert any("without their last dot: a." in note for note in found.notes)


def test_several_targets() -> None:
    one = Target.of_numbers("p", np.array([0, 1, 1, 0.0]))
    two = Target.of_texts("q", np.array(["no", "yes", "no", "yes"]))
    found = resolve_targets([one, two], 4, None)
    assert (found.task, found.outputs, found.names) == ("multilabel", 2, ("p", "q"))
    assert found.numbers is not None
    assert found.numbers.tolist() == [[0, 0], [1, 1], [1, 0], [0, 1]]
    other = Target.of_numbers("r", np.array([0, np.nan, 5, 7]))
    found = resolve_targets([one, other], 4, None)
    assert (found.task, found.valid.tolist()) == ("regression", [True, False, True, True])
    with pytest.raises(DataError, match="the target 'q' holds the text"):
        resolve_targets([other, two], 4, None)


def test_codes_of_labels_known_before() -> None:
    numbers = Target.of_numbers("y", np.array([3, 4, np.nan, 9]))
    assert class_codes(numbers, ("3", "9"))[0].tolist() == [0, -1, -1, 1]
    texts = Target.of_texts("y", np.array(["Yes", "no", "maybe"]))
    assert class_codes(texts, ("no", "yes"))[0].tolist() == [1, 0, -1]
    assert class_codes(texts, ("No", "Yes"))[0].tolist() == [1, 0, -1]
