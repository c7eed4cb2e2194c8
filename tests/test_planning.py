"""Plans of runs that have much in common share it, and nothing else."""

from __future__ import annotations

import pytest

from nncli.environment import Provenance
from nncli.errors import UsageError
from nncli.planning import Planner, data_options, new_run
from nncli.spec import Spec
from nncli.store import NewRun

HERE = Provenance("/folder", None, None, "some processor", {"nncli": "1", "numpy": "2"})


def planned(planner: Planner, **options: str) -> NewRun:
    return new_run(planner.plan(Spec.read({"data": "xor", **options})), HERE)


def test_what_runs_have_in_common_is_one_object() -> None:
    planner = Planner()
    one, two = planned(planner, lr="0.1"), planned(planner, lr="0.2", seed="3")
    assert one.versions is two.versions
    assert one.environment is two.environment
    assert (one.data_hash, one.task) == (two.data_hash, two.task)
    assert one.spec_hash != two.spec_hash


def test_what_they_leave_open_is_their_own() -> None:
    planner = Planner()
    one, two = planned(planner, lr="0.1"), planned(planner)
    assert "lr" not in list(one.environment["left_open"])  # type: ignore[call-overload]
    assert "lr" in list(two.environment["left_open"])  # type: ignore[call-overload]
    assert one.environment["folder"] == two.environment["folder"] == "/folder"


def test_data_are_told_apart_by_every_option() -> None:
    specs = [
        Spec.read({"data": "digits", **more})
        for more in ({}, {"val": "0.3"}, {"test": "0.1"}, {"seed": "1"}, {"scale": "minmax"})
    ]
    assert len({data_options(spec) for spec in specs}) == len(specs)
    assert data_options(specs[0]) is data_options(Spec.read({"data": "digits", "lr": "0.5"}))
    planner = Planner()
    assert len({planner.data_hash(spec) for spec in specs}) == 1
    assert planner.data_hash(Spec.read({"data": "xor"})) != planner.data_hash(specs[0])


def test_what_was_refused_is_refused_again() -> None:
    planner, bad = Planner(), Spec.read({"data": "digits", "val": "0.9", "test": "0.9"})
    for _ in range(2):
        with pytest.raises(UsageError, match="leave no rows"):
            planner.identify(bad)
