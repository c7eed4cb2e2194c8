"""Gradient checks are kept, also those of a run that is deleted later."""

from __future__ import annotations

import json
from dataclasses import asdict, fields

import numpy as np
import pytest
from store_samples import a_gradcheck, a_run

from nncli.errors import StoreError
from nncli.store import NewGradcheck, RunStore


def test_every_field_comes_back(store: RunStore) -> None:
    new = a_gradcheck(
        passed=False,
        failed=2,
        what="run",
        worst="layer 2 W[3,1]: analytic 0.5, numeric -0.5",
        run_id=store.create_run(a_run()),
        spec='{"act":"relu"}',
        nncli_version="0.1.0",
        versions={"numpy": "2.4"},
        results=[{"name": "layer 2", "passed": False, "max_relative_error": float("inf")}],
    )
    found = store.gradcheck(store.add_gradcheck(new))
    assert {name: asdict(found)[name] for name in asdict(new)} == asdict(new)
    assert found.created.endswith("Z")
    assert found.host


def test_what_is_left_out_has_a_default(store: RunStore) -> None:
    new = a_gradcheck()
    found = store.gradcheck(store.add_gradcheck(new))
    assert {f.name: getattr(found, f.name) for f in fields(NewGradcheck)} == asdict(new)
    assert (found.what, found.run_id, found.versions, found.results) == (
        "catalogue",
        None,
        {},
        None,
    )


@pytest.mark.parametrize("error", [0.0, 1e-300, np.inf, np.nan, None])
def test_an_error_that_is_not_finite_comes_back(
    store: RunStore, execute, error: float | None
) -> None:
    gradcheck_id = store.add_gradcheck(a_gradcheck(max_relative_error=error))
    assert str(store.gradcheck(gradcheck_id).max_relative_error) == str(error)
    (row,) = execute("SELECT max_relative_error, flags FROM gradchecks")
    finite = error is not None and bool(np.isfinite(error))
    code = 0 if error is None or finite else 1 if np.isnan(error) else 2
    assert row == (error if finite else None, code)


def test_the_results_are_plain_json(store: RunStore, execute) -> None:
    results = {"checks": [{"name": "tanh", "passed": np.bool_(True), "error": np.float64(1e-9)}]}
    store.add_gradcheck(a_gradcheck(results=results))
    ((text, passed),) = execute("SELECT results, passed FROM gradchecks")
    assert json.loads(text) == results
    assert passed == 1


def test_the_latest_come_first(store: RunStore) -> None:
    ids = [store.add_gradcheck(a_gradcheck(checks=count)) for count in range(5)]
    assert [each.id for each in store.gradchecks()] == ids[::-1]
    assert [each.checks for each in store.gradchecks(limit=2)] == [4, 3]


def test_a_check_outlives_its_run(store: RunStore, execute) -> None:
    run_id = store.create_run(a_run())
    gradcheck_id = store.add_gradcheck(a_gradcheck(what="run", run_id=run_id))
    execute("DELETE FROM runs")
    assert store.gradcheck(gradcheck_id).run_id == run_id
    assert store.create_run(a_run()) > run_id  # so the id still means the run that is gone


def test_what_is_not_there_is_named(store: RunStore) -> None:
    with pytest.raises(StoreError, match="train something first"):
        store.gradchecks()
    with pytest.raises(StoreError, match="no run 7"):
        store.add_gradcheck(a_gradcheck(what="run", run_id=7))
    assert store.gradchecks() == []
    with pytest.raises(StoreError, match="no gradient check 3"):
        store.gradcheck(3)
    with pytest.raises(ValueError, match="expected one of catalogue, options, run"):
        store.add_gradcheck(a_gradcheck(what="all"))


def test_text_that_no_database_takes_is_replaced(store: RunStore) -> None:
    gradcheck_id = store.add_gradcheck(a_gradcheck(worst="\udce9\0", results=["a\0b"]))
    worst = store.gradcheck(gradcheck_id).worst
    assert worst is not None
    assert worst.endswith("\ufffd")
    assert store.gradcheck(gradcheck_id).results == ["a\0b"]  # JSON writes it as \\u0000
