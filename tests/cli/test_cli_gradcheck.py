"""``nncli gradcheck``: what it prints, stores and answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cli_fakes import Call

import nncli
from nncli import proving
from nncli.gradcheck.check import Check, Worst
from nncli.store import RunStore

SMALL = ("gradcheck", "iris", "--hidden", "4", "--act", "tanh")


def test_options_of_train(call: Call) -> None:
    done = call(*SMALL)
    assert done.code == 0, done.err
    assert "2 of 2 checks passed" in done.out
    assert max(len(line) for line in done.out.splitlines()) <= 80
    with RunStore("results.db") as runs:
        (kept,) = runs.gradchecks()
    assert (kept.passed, kept.checks, kept.failed, kept.what) == (True, 2, 0, "options")


def test_json(call: Call) -> None:
    done = call(*SMALL, "--json")
    assert done.code == 0, done.err
    assert set(done.json) == {"passed", "checks", "seconds"}
    first = done.json["checks"][0]
    assert set(first) == {"name", "passed", "max_relative_error", "worst"}
    assert set(first["worst"]) == {"parameter", "analytic", "numeric"}
    assert first["max_relative_error"] < 1e-5


def test_a_stored_run_is_checked_with_its_weights(call: Call, tmp_path: Any) -> None:
    run = nncli.train(
        "iris", hidden="4", act="gelu,", bn="before", dropout=0.2, epochs=3, db="results.db"
    )
    done = call("gradcheck", "--from", str(run.id))
    assert done.code == 0, done.err
    with RunStore("results.db") as runs:
        (kept,) = runs.gradchecks()
    assert (kept.what, kept.run_id) == ("run", run.id)


def test_fast(call: Call) -> None:
    done = call(*SMALL, "--fast")
    assert done.code == 0, done.err
    assert "direction" in done.out


def failing(observe: Any) -> proving.Proof:
    worst = Worst("layer 2 W[3,1]", 0.5, np.inf)
    check = Check("relu, mse", False, np.inf, worst, {"W": np.inf}, 10, family="relu")
    observe(check)
    return proving.Proof("catalogue", [check], 0.5)


def test_a_failure_is_told_and_stored(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "prove_catalogue", failing)
    done = call("gradcheck")
    assert done.code == 1
    assert "1 FAILED" in done.out
    assert "0 of 1 checks passed" in done.out
    assert "error: relu, mse: layer 2 W[3,1]: analytic 0.5, numeric inf" in done.err
    done = call("gradcheck", "--json")
    assert done.code == 1
    assert done.json["passed"] is False
    assert done.json["checks"][0]["worst"]["numeric"] is None
    with RunStore("results.db") as runs:
        assert [each.passed for each in runs.gradchecks()] == [False, False]


@pytest.mark.slow
def test_the_whole_catalogue(call: Call) -> None:
    done = call("gradcheck", "--json")
    assert done.code == 0, done.err
    assert len(done.json["checks"]) > 1500


def test_an_expression(call: Call) -> None:
    done = call("gradcheck", "--expr", "((a+b)*c)**2", "--at", "a=2,b=-1,c=3", "--json")
    assert done.code == 0, done.err
    nodes = done.json["nodes"]
    assert [node["value"] for node in nodes[:2]] == [9, 3]
    adjoints = {node["node"]: node["adjoint"] for node in nodes}
    assert adjoints["a"] == pytest.approx(18)
    assert adjoints["c"] == pytest.approx(6)
    assert call("gradcheck", "--expr", "a*b", "--at", "a=2,b=3").code == 0


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--at", "a=1"), "add --expr"),
        (("--expr", "a*b", "--at", "a=1"), "b"),
        (("iris", "--expr", "a", "--at", "a=1"), "leave the options"),
        (("--from", "3", "--act", "relu"), "leave the other options out"),
        (("--fast",), "for a large network"),
    ],
)
def test_usage(call: Call, args: tuple[str, ...], message: str) -> None:
    done = call("gradcheck", *args)
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err
