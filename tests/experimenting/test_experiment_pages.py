"""Experiments in a page: their curves and verdicts are those of the runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_experiment import SMALL

from nncli.experimenting.catalogue import Experiment
from nncli.experimenting.pages import curve_table, experiments_of, page_of, some_of
from nncli.experimenting.running import Setting, run
from nncli.metrics import read_metric
from nncli.report.page import page
from nncli.store.finding import Query, ReportStore
from nncli.tables import Table

pytestmark = pytest.mark.usefixtures("here")


def test_some_epochs_are_drawn_the_first_and_last_among_them() -> None:
    assert some_of([1, 2, 3]) == [1, 2, 3]
    found = some_of(list(range(1, 5001)))
    assert (found[0], found[-1]) == (1, 5000)
    assert found == sorted(set(found))
    assert 80 <= len(found) <= 160
    assert found[:5] == [1, 2, 3, 4, 5]  # where curves fall most there are all


def test_curves_are_means_and_ranges_of_the_groups(small: Experiment) -> None:
    """Computed once more by NumPy, from the curves as the store has them."""
    [outcome] = run([small], Setting(quick=True))
    assert outcome.sweep is not None
    with ReportStore("results.db") as store:
        [found] = experiments_of(store, [outcome.sweep])
        runs = store.find(Query(("run", "hidden"), of_sweeps=(outcome.sweep,))).table
        groups = {h: [r for r, x in runs.rows() if x == h] for h in set(runs["hidden"])}
        for hidden, ids in groups.items():
            curves = store.curves_of(ids, ["train_loss"])
            losses = np.array(curves["train_loss"], dtype=float).reshape(len(ids), -1)
            drawn = [row for row in found.curves.records() if row["line"] == f"hidden {hidden}"]
            assert [row["epoch"] for row in drawn] == list(range(1, 21))
            assert {row["n"] for row in drawn} == {3}
            # the mean of three floats, summed in another order, is off by some units in the last
            # place
            means = [row["mean"] for row in drawn]
            np.testing.assert_allclose(means, losses.mean(axis=0), rtol=1e-14)
            np.testing.assert_array_equal([row["low"] for row in drawn], losses.min(axis=0))
            np.testing.assert_array_equal([row["high"] for row in drawn], losses.max(axis=0))
    assert found.title == "XOR needs a hidden layer"
    assert found.facts[:3] == ("on M1", "6 runs", f"sweep {outcome.sweep}")
    assert "quick form" in found.facts[3]
    assert len(found.groups) == 2


def test_verdicts_in_words(small: Experiment) -> None:
    outcomes = run([small], Setting())
    data = page_of(outcomes, None)
    [found] = data.experiments
    assert list(found.verdicts["verdict"]) == ["supported", "refuted, as expected"]
    assert "no line parts" in found.verdicts["reason"][1]
    assert " to " in found.verdicts["interval"][0]
    for name in ("p_holm", "test"):
        given = [getattr(each, name) for each in outcomes[0].verdicts]
        assert list(found.verdicts[name]) == given
        assert all(given)
    assert found.verdicts["measure"][0] == "train_loss:last of hidden=8 below hidden=none"
    assert not any("quick" in fact for fact in found.facts)
    assert len(data.runs) == 20
    assert data.notes == ("1 supported, 1 refuted (as expected)",)
    assert "XOR needs a hidden layer" in page(data)


def test_each_data_set_has_a_picture(small: Experiment) -> None:
    text = small.text.replace('data = "xor"', 'data = ["xor", "iris"]')
    text = text.replace('by = ["hidden"]', 'by = ["data", "hidden"]')
    [outcome] = run([Experiment("small", text, "small")], Setting(quick=True))
    assert outcome.sweep is not None
    with ReportStore("results.db") as store:
        [found] = experiments_of(store, [outcome.sweep])
    drawn = {(row["picture"], row["line"]) for row in found.curves.records()}
    assert drawn == {(d, f"hidden {h}") for d in ("xor", "iris") for h in ("none", "8")}


def test_sweeps_that_are_no_experiments_have_none() -> None:
    from nncli.sweeps.request import read_request
    from nncli.sweeps.starting import Prepared, Wish, carry_out

    done = carry_out(Prepared(read_request({"data": "xor", "epochs": 2}, {}).definition), Wish())
    with ReportStore("results.db") as store:
        assert experiments_of(store, [done.sweep]) == ()


def test_a_metric_without_a_curve_draws_none(small: Experiment) -> None:
    parameters = SMALL.replace('metric = "train_loss"', 'metric = "parameters"')
    outcomes = run([Experiment("small", parameters, "small")], Setting(quick=True))
    [found] = page_of(outcomes, None).experiments
    assert any("quick form" in fact for fact in found.facts)
    assert not len(found.curves)
    assert len(found.groups) == 2
    with ReportStore("results.db") as store:
        nothing = curve_table(store, Table({"run": []}), (), read_metric("train_loss"))
    assert not len(nothing[0])
    assert Path("results.db").exists()
