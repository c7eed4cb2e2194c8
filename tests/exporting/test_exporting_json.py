"""The JSON form, by the plain Python program of its page, and its form itself."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from exporting_pages import json_outputs
from exporting_samples import BLOBS, FORMULAS, VARIANTS, Sample, assert_close, sample

from nncli.exporting.activations import activation_tree
from nncli.exporting.json_document import document, json_document
from nncli.exporting.trees import OPERATIONS, Tree
from nncli.kernels.activations import ACTIVATIONS


def assert_same(made: Sample, folder: Path) -> None:
    path = folder / "network.json"
    path.write_bytes(json_document(made.source))
    forward = json_outputs(path)
    few = slice(None, None, 20)
    rows = made.raw[few].tolist()
    assert_close([forward(row) for row in rows], made.outputs[few])


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants(variant: str, tmp_path: Path) -> None:
    assert_same(sample(**VARIANTS[variant]), tmp_path)


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS.names() if ACTIVATIONS[name].hidden])
def test_every_activation(name: str, tmp_path: Path) -> None:
    assert_same(sample(data=BLOBS, hidden="16,8", act=name), tmp_path)


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas(formula: str, tmp_path: Path) -> None:
    assert_same(sample(data="linear:n=200", hidden="8,8", act=formula), tmp_path)


def used(tree: Tree) -> set[tuple[str, int]]:
    """Return the operations of a tree, each with the number of its operands."""
    if not isinstance(tree, tuple):
        return set()
    own = (str(tree[0]), len(tree) - 1)
    return {own}.union(*(used(each) for each in tree[1:]))


@pytest.mark.parametrize("text", [*FORMULAS, *ACTIVATIONS.names()])
def test_trees_hold_operations_of_the_list_alone(text: str) -> None:
    assert used(activation_tree(text)) <= OPERATIONS.items()


def test_every_operation_is_documented() -> None:
    from exporting_pages import PAGE

    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    listed = text.partition("The operations are ")[2].partition(":")[0]
    assert set(listed.replace(", and `where`", ", where").split(", ")) == set(OPERATIONS)


def test_the_form() -> None:
    made = sample(data="iris", bn="before")
    content = json_document(made.source)
    found = json.loads(content)
    assert found == json.loads(json.dumps(document(made.source)))
    assert (found["format"], found["version"]) == ("nncli network", 1)
    assert [each["kind"] for each in found["steps"]] == [
        *("scale", "dense", "scale", "activation", "dense", "activation"),
    ]
    weights = np.array(found["steps"][1]["weights"], np.float32)
    np.testing.assert_array_equal(weights, made.source.arrays["layer 1 W"])  # to the bit
    # a line a step, so that a person finds her way
    steps = [line for line in content.decode().splitlines() if line.startswith('    {"kind"')]
    assert len(steps) == len(found["steps"])


def test_results() -> None:
    regression = document(sample(data="linear:n=200").source)["result"]
    assert regression.keys() == {"multiply", "add"}
    hinge = document(sample(data="moons:n=200", loss="hinge").source)["result"]
    assert hinge == {"probabilities": False, "threshold": 0.0}
    binary = document(sample(data="moons:n=200").source)["result"]
    assert binary == {"probabilities": True, "threshold": 0.5}
