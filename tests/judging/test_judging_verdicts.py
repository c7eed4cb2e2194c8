"""Claims on made-up runs whose truth is known: verdicts, what is missing, and what is refused."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from judging_samples import Made, a_claim, definition_of, store_sweep

from nncli.claims.declaration import REFUTED, SUPPORTED, UNDECIDED
from nncli.errors import UsageError
from nncli.judging import Verdict, check_claims, judge, verdict_table
from nncli.store.finding import ReportStore

ACTS = {"act": ["relu", "tanh"], "epochs": 2}


def noise(params: Mapping[str, Any], seed: int) -> float:
    """The same number for the same run, whatever order they are made in."""
    key = zlib.crc32(repr((sorted(params.items()), seed)).encode())
    return float(np.random.default_rng(key).standard_normal())


def relu_is_better(params: Mapping[str, Any], seed: int) -> Made:
    level = 1.0 if params["act"] == "tanh" else 0.5
    return Made((2.0, level + 0.1 * noise(params, seed)))


def judged(store: ReportStore, make: Any, *claims: Any, axes: Any = ACTS, seeds: int = 10,
           quick: bool = False) -> list[Verdict]:  # fmt: skip
    sweep = store_sweep(store, definition_of(axes, seeds), make)
    return judge(store, sweep, claims, quick=quick)


def words(verdicts: list[Verdict]) -> list[str]:
    return [each.verdict for each in verdicts]


def test_a_large_effect_its_reverse_and_a_margin(store: ReportStore) -> None:
    found = judged(
        store,
        relu_is_better,
        a_claim(says="1", runs="act=relu", below="act=tanh"),
        a_claim(says="2", runs="act=relu", above="act=tanh"),
        a_claim(says="3", runs="act=relu", below="act=tanh", by=0.3),
        a_claim(says="4", runs="act=relu", below="act=tanh", by=0.8),
        a_claim(says="5", runs="act=relu", equals=0.5, within=0.2),
        a_claim(says="6", runs="act=relu", equals="act=tanh", within=0.2),
        a_claim(says="7", value="train_loss:last < 0.75", runs="act=relu", above=0.5),
    )
    assert words(found) == [
        *(SUPPORTED, REFUTED, SUPPORTED, REFUTED, SUPPORTED, REFUTED, SUPPORTED),
    ]
    first = found[0]
    assert first.n == 10
    assert first.ours is not None
    assert first.theirs is not None
    assert first.estimate == pytest.approx(first.ours - first.theirs)
    assert first.interval is not None
    assert first.interval[0] < first.estimate < first.interval[1] < 0
    assert first.p_holm is not None
    assert first.p == 2.0**-9
    assert first.test == "exact permutation, Student's t"


def test_pairs_are_of_one_seed(store: ReportStore) -> None:
    """What the seed does to both sides cancels: a small difference in large noise is shown."""

    def make(params: Mapping[str, Any], seed: int) -> Made:
        common = 10 * noise({}, seed)
        return Made((1.0, common + (0.01 if params["act"] == "tanh" else 0.0)))

    (found,) = judged(store, make, a_claim(runs="act=relu", below="act=tanh"))
    assert found.verdict == SUPPORTED
    assert found.estimate == pytest.approx(-0.01)


def test_one_seed_is_undecided(store: ReportStore) -> None:
    found = judged(
        store,
        relu_is_better,
        a_claim(says="1", runs="act=relu", below="act=tanh"),
        a_claim(says="2", runs="act=relu", below=0.9),
        a_claim(says="3", runs="act=relu", equals=0.5, within=10.0),
        seeds=1,
    )
    assert words(found) == [UNDECIDED] * 3
    assert all("too few seeds: 1" in each.reason for each in found)


def test_without_chance_one_seed_decides(store: ReportStore) -> None:
    found = judged(
        store,
        relu_is_better,
        a_claim(says="1", runs="act=relu", below="act=tanh", chance=False),
        a_claim(says="2", value="parameters", rises_with="width", chance=False),
        axes={**ACTS, "hidden": [[8], [8, 16], [100, 100]]},
        seeds=1,
    )
    assert words(found) == [SUPPORTED, SUPPORTED]


def test_without_runs_all_others_are_compared(store: ReportStore) -> None:
    (found,) = judged(store, relu_is_better, a_claim(below="act=tanh"))
    assert (found.verdict, found.n) == (SUPPORTED, 10)


def test_runs_of_one_seed_are_one_unit(store: ReportStore) -> None:
    """Five rates with one seed are no five draws of chance."""
    axes = {**ACTS, "lr": [0.1, 0.2, 0.3, 0.4, 0.5]}
    claims = [
        a_claim(says="1", runs="act=relu", below="act=tanh", pairs=("seed", "lr")),
        a_claim(says="2", runs="act=relu", below="act=tanh"),
        a_claim(says="3", runs="act=relu", below=0.8),
    ]
    found = judged(store, relu_is_better, *claims, axes=axes, seeds=2)
    assert [each.n for each in found] == [2, 2, 2]
    assert words(found) == [UNDECIDED] * 3


def test_pairs_by_a_setting_are_matched_by_it(store: ReportStore) -> None:
    def make(params: Mapping[str, Any], seed: int) -> Made | None:
        if params["act"] == "tanh" and params["lr"] == 0.3:
            return Made((1.0, 1.0), status="failed")
        return Made((1.0, params["lr"] * 100 + (1 if params["act"] == "tanh" else 0) + seed))

    axes = {**ACTS, "lr": [0.1, 0.2, 0.3]}
    (found,) = judged(
        store, make, a_claim(below="act=tanh", pairs=("seed", "lr")), axes=axes, seeds=8
    )
    # the failed ones leave it open, and their partners out of the figures
    assert found.verdict == UNDECIDED
    assert "8 of 48 runs have no result (8 failed)" in found.reason
    assert (found.estimate, found.n) == (-1.0, 8)


def test_data_sets_are_units_too_where_they_vary(store: ReportStore) -> None:
    axes = {**ACTS, "data": ["moons", "xor", "circles"]}
    (found,) = judged(store, relu_is_better, a_claim(below="act=tanh"), axes=axes, seeds=3)
    assert (found.verdict, found.n) == (SUPPORTED, 9)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (a_claim(falls_with="width"), SUPPORTED),
        (a_claim(rises_with="width"), REFUTED),
        (a_claim(falls_with="hidden"), SUPPORTED),
        (a_claim(rises_with="epochs"), UNDECIDED),
        (a_claim(rises_with="act"), UNDECIDED),
    ],
)
def test_trends(store: ReportStore, claim: Any, verdict: str) -> None:
    def make(params: Mapping[str, Any], seed: int) -> Made:
        width = 0 if params["hidden"] == "none" else int(params["hidden"])
        return Made((1.0, 1 / (1 + width) + 0.01 * noise(params, seed)))

    axes = {"hidden": ["none", "2", "8"], "act": "relu", "epochs": 2}
    (found,) = judged(store, make, claim, axes=axes)
    assert found.verdict == verdict
    if verdict == UNDECIDED:
        assert "same in all runs" in found.reason or "no order" in found.reason


def test_lists_of_widths_have_no_order(store: ReportStore) -> None:
    axes = {"hidden": ["2", "2,2"], "act": "relu", "epochs": 2}
    claims = [
        a_claim(says="1", rises_with="hidden"),
        a_claim(says="2", value="depth", rises_with="depth", chance=False),
    ]
    found = judged(store, lambda params, seed: Made(), *claims, axes=axes)
    assert words(found) == [UNDECIDED, SUPPORTED]
    assert "depth and width have one" in found[0].reason


def test_runs_that_diverged_count_as_the_worst(store: ReportStore) -> None:
    def make(params: Mapping[str, Any], seed: int) -> Made:
        if params["act"] == "tanh":
            return Made((0.01, math.nan), status="diverged")
        return Made((1.0, 0.5))

    found = judged(
        store,
        make,
        a_claim(says="1", value="train_loss:min", runs="act=relu", below="act=tanh"),
        a_claim(says="2", value="train_loss:min < 0.1", runs="act=tanh", below=0.5),
        a_claim(says="3", value="status = diverged", runs="act=tanh", above=0.5),
        a_claim(says="4", value="train_loss", runs="act=tanh", above=10),
        a_claim(says="5", value="epochs_to(train_loss<=0.1)", runs="act=tanh", below="act=relu"),
    )
    assert words(found) == [SUPPORTED] * 5
    assert "10 of 10 infinite" in found[0].reason


def test_two_that_diverged_are_not_shown_to_be_equal(store: ReportStore) -> None:
    same = {"value": "train_loss:last", "runs": "act=tanh", "equals": "act=relu", "within": 0.1}
    claims = [a_claim(says="1", **same), a_claim(says="2", below="act=tanh")]
    found = judged(store, lambda *_: Made((1.0, math.nan), status="diverged"), *claims)
    assert words(found) == [UNDECIDED] * 2
    assert "both are infinite (diverged, or not reached) in 10 of 10 pairs" in found[1].reason


def test_what_is_never_reached_is_infinite(store: ReportStore) -> None:
    def make(params: Mapping[str, Any], seed: int) -> Made:
        return Made((1.0, 0.05)) if params["act"] == "relu" else Made((1.0, 0.9))

    found = judged(
        store,
        make,
        a_claim(says="1", value="epochs_to(train_loss<=0.1)", below="act=tanh"),
        a_claim(
            says="2", value="updates_to(train_loss<=0.1)", runs="act=relu", equals=20, within=1
        ),
        a_claim(says="3", value="seconds_to(train_loss<=0.1)", runs="act=tanh", above=1000),
        a_claim(says="4", value="epochs_to(val_loss<=0.1)", runs="act=tanh", above=1),
    )
    assert words(found) == [SUPPORTED, SUPPORTED, SUPPORTED, UNDECIDED]
    assert (found[0].ours, found[0].theirs) == (2.0, math.inf)
    assert "every run has no val_loss" in found[3].reason


LAYERS = {"grad_norm": [0.1, 1.0, 0.2, 1.0], "act_std": [1.0, math.nan, 2.0, 0.0]}


def test_statistics_of_layers_at_an_epoch(store: ReportStore) -> None:
    found = judged(
        store,
        lambda params, seed: Made(layers=LAYERS),
        *(
            a_claim(says=value + str(of), value=value, chance=False, **of)
            for value, of in [
                ("grad_norm@1", {"equals": 0.2, "within": 1e-9}),
                ("grad_norm@1", {"equals": 0.1, "within": 1e-9, "epoch": 1}),
                ("grad_norm@1/grad_norm@-1", {"equals": 0.2, "within": 1e-9}),
                ("act_std@2", {"equals": 0.0, "within": 1e-9}),
                ("act_std@2", {"equals": 0.0, "within": 1e-9, "epoch": 1}),
                ("grad_norm@1/act_std@-1", {"above": 0}),
                ("grad_norm@3", {"above": 0}),
                ("grad_norm@1", {"above": 0, "epoch": 7}),
                ("dead_frac@1", {"above": 0}),
            ]
        ),
        seeds=2,
    )
    assert words(found) == [*[SUPPORTED] * 4, *[UNDECIDED] * 5]
    assert "has no layer 3, but 2" in found[6].reason
    assert "nothing of its layers at epoch 7" in found[7].reason
    assert "no dead_frac of layer 1" in found[8].reason


def test_layers_that_were_not_watched(store: ReportStore) -> None:
    found = judged(
        store,
        lambda params, seed: Made(),
        a_claim(says="1", value="grad_norm@1", above=0, epoch=1),
        a_claim(says="2", value="dead_frac:mean", above=0),
    )
    assert words(found) == [UNDECIDED] * 2
    assert all("diagnose = true" in each.reason for each in found)


def test_a_field_that_some_runs_lack(store: ReportStore) -> None:
    def make(params: Mapping[str, Any], seed: int) -> Made:
        return Made(more={"best_val_loss": 0.5} if seed else {})

    (found,) = judged(store, make, a_claim(value="val_loss", runs="act=relu", below=1.0))
    assert found.verdict == UNDECIDED
    assert "1 of 10 runs has no val_loss" in found.reason


def test_runs_that_there_are_not(store: ReportStore) -> None:
    found = judged(
        store,
        relu_is_better,
        a_claim(says="1", runs="act=elu", below=1.0),
        a_claim(says="2", runs="act=relu", below="act=elu"),
    )
    assert words(found) == [UNDECIDED] * 2
    assert "no run of the sweep is act=elu" in found[0].reason
    assert "nothing to compare with" in found[1].reason


def test_a_sweep_half_done_decides_nothing_and_says_what_is_missing(store: ReportStore) -> None:
    def make(params: Mapping[str, Any], seed: int) -> Made | None:
        return relu_is_better(params, seed) if seed < 8 else None

    claims = [a_claim(says="1", below="act=tanh"), a_claim(says="2", runs="act=relu", below=9)]
    found = judged(store, make, *claims)
    assert words(found) == [UNDECIDED] * 2
    assert all("16 of 20 runs" in each.reason for each in found)
    assert all(f"nncli sweep --resume 1 --db {store.shown}" in each.reason for each in found)
    assert found[0].estimate is not None


def test_runs_that_failed_leave_open_what_they_concern(store: ReportStore) -> None:
    def make(params: Mapping[str, Any], seed: int) -> Made:
        failed = params["act"] == "tanh" and seed == 3
        return Made(status="failed") if failed else relu_is_better(params, seed)

    found = judged(
        store,
        make,
        a_claim(says="1", below="act=tanh"),
        a_claim(says="2", runs="act=relu", below=0.9),
    )
    assert words(found) == [UNDECIDED, SUPPORTED]
    assert "1 of 20 runs have no result (1 failed)" in found[0].reason


def test_what_is_full_is_not_judged_on_the_quick_form(store: ReportStore) -> None:
    claims = [a_claim(says="1", below="act=tanh"), a_claim(says="2", below="act=tanh", full=True)]
    found = judged(store, relu_is_better, *claims, quick=True)
    assert words(found) == [SUPPORTED, UNDECIDED]
    assert "--quick" in found[1].reason
    assert words(judge(store, 1, claims)) == [SUPPORTED] * 2


def test_runs_that_the_sweep_has_found_trained_count(store: ReportStore) -> None:
    store_sweep(store, definition_of(ACTS, 10), relu_is_better)
    bigger = definition_of({**ACTS, "act": ["relu", "tanh", "elu"]}, 10)
    second = store_sweep(store, bigger, lambda params, seed: Made((2.0, 3.0)))
    (found,) = judge(store, second, [a_claim(runs="act=relu", below="act=tanh")])
    assert (found.verdict, found.n) == (SUPPORTED, 10)


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ({"value": "train_los"}, "did you mean 'train_loss'?"),
        ({"value": "act"}, "act is no number"),
        ({"value": "tags = night"}, "tags is no number"),
        ({"value": "grad_nrm@1"}, "unknown statistic of layers"),
        ({"value": "epochs_to(train_loss>=1)"}, "less is better"),
        ({"runs": "atc=relu"}, "unknown field 'atc'"),
        ({"below": "atc=relu"}, "unknown field 'atc'"),
        ({"below": None, "falls_with": "hiden"}, "unknown field 'hiden'"),
        ({"pairs": ("seed", "lrr")}, "unknown field 'lrr'"),
        ({"value": "act < 3"}, "value is 'act < 3': act < 3 asks for the order of the text"),
        ({"value": "train_loss > 1 and not act < 3"}, "the order of the text"),
        ({"value": "act + 1 > 3"}, "computes with the text"),
        ({"runs": "hidden > 4"}, "the claim 'so it is': hidden > 4 asks for the order"),
        ({"runs": "act<5 or lr<1"}, "asks for the order"),
        ({"below": "created>2020"}, "asks for the order"),
        ({"below": "lr~0.*"}, "which is a number"),
    ],
)
def test_a_field_that_is_unknown_is_an_error(
    store: ReportStore, of: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        check_claims([a_claim(**{"below": "act=tanh", **of})])
    assert said in str(caught.value)


def test_a_verdict_that_was_not_expected(store: ReportStore) -> None:
    found = judged(
        store,
        relu_is_better,
        a_claim(says="1", below="act=tanh"),
        a_claim(says="2", below="act=tanh", expected="refuted"),
        a_claim(says="3", runs="act=elu", below=1, expected="refuted"),
    )
    assert [each.is_opposite for each in found] == [False, True, False]


def test_the_table_and_json_hold_all(store: ReportStore) -> None:
    def make(params: Mapping[str, Any], seed: int) -> Made:
        return Made((1.0, math.nan), status="diverged") if params["act"] == "tanh" else Made()

    found = judged(store, make, a_claim(of=("M1",), runs="act=relu", below="act=tanh"))
    table = verdict_table(found)
    assert table["claim"] == ["so it is"]
    assert table["value"] == ["train_loss:last of act=relu below act=tanh"]
    assert table["theirs"] == [math.inf]
    record = found[0].to_json()
    assert record["of"] == ["M1"]
    assert (record["theirs"], record["nonfinite"]) == (None, {"theirs": "inf"})
    assert record["declared"] == found[0].claim.to_json()


def test_all_runs_are_read_at_once(store: ReportStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many questions for forty runs as for four."""
    from nncli.store.sessions import Sessions

    def asked(seeds: int) -> int:
        claims = [
            a_claim(says="1", runs="act=relu", below="act=tanh"),
            a_claim(says="2", value="grad_norm@1", above=0),
            a_claim(says="3", value="epochs_to(train_loss<=0.6)", below=9),
        ]
        make = lambda params, seed: Made(layers=LAYERS)  # noqa: E731
        sweep = store_sweep(store, definition_of(ACTS, seeds), make)
        count = 0
        reading = Sessions._reading

        def counted(self: Any) -> Any:
            nonlocal count
            count += 1
            return reading(self)

        with monkeypatch.context() as patched:
            patched.setattr(Sessions, "_reading", counted)
            judge(store, sweep, claims)
        return count

    assert asked(2) == asked(20)


def test_opposite_infinities_in_one_unit_have_no_mean(store: ReportStore) -> None:
    """With one optimizer one width diverges, with the other the other: neither is better."""

    def make(params: Mapping[str, Any], seed: int) -> Made:
        if (params["opt"] == "sgd") == (params["hidden"] == "4"):
            return Made((1.0, math.nan), status="diverged")
        return Made()

    claims = [
        a_claim(says="1", runs="hidden=4", below="hidden=8", pairs=("seed", "opt")),
        a_claim(says="2", value="train_loss:last > 0", above=0.5),
    ]
    found = judged(store, make, *claims, axes={"opt": ["sgd", "momentum"], "hidden": ["4", "8"]})
    assert words(found) == [UNDECIDED, SUPPORTED]
    assert "10 of 10 have no value" in found[0].reason


def test_means_whose_sums_are_no_floats(store: ReportStore) -> None:
    """The mean of 1.2e308 and 1.6e308 is 1.4e308, and their sum is no float."""

    def make(params: Mapping[str, Any], seed: int) -> Made:
        return Made((1.0, 1.2 if params["act"] == "tanh" else 1.6))

    (found,) = judged(store, make, a_claim(value="train_loss:last * 1e308", above=3))
    assert found.verdict == SUPPORTED
    assert found.ours == pytest.approx(1.4e308)


def test_what_cannot_be_computed_costs_no_other_claim_its_verdict(store: ReportStore) -> None:
    """Whole batches are the text ``full``, which is known with the runs alone."""
    claims = [
        a_claim(says="1", value="batch_size < 5", above=0.5),
        a_claim(says="2", runs="act=relu", below="act=tanh"),
    ]
    found = judged(store, relu_is_better, *claims, axes={**ACTS, "batch_size": "full"})
    assert words(found) == [UNDECIDED, SUPPORTED]
    assert "cannot be computed" in found[0].reason


def test_seeds_that_the_conditions_drop_are_told(store: ReportStore) -> None:
    def make(params: Mapping[str, Any], seed: int) -> Made:
        return Made((1.0, 2.0 if seed in (2, 5) else 0.5))

    axes = {**ACTS, "data": ["moons", "xor"]}
    claims = [
        a_claim(says="1", runs="train_loss:last < 1 and data=moons", below=0.8),
        a_claim(says="2", runs="train_loss:last < 1", below=0.8),
        a_claim(says="3", runs="train_loss:last < 1 and seed != 0", below=0.8, pairs=("data",)),
        a_claim(says="4", runs="data=moons", below=0.8),
        a_claim(says="5", runs="train_loss:last > 1 and act=relu", above=0.8, pairs=("seed",)),
    ]
    found = judged(store, make, *claims, axes=axes, seeds=7)
    assert "2 of 7 seeds have no such run" in found[0].reason
    assert "4 of 14 pairs of seed and data set have no such run" in found[1].reason
    assert "no such run" not in found[2].reason
    assert "no such run" not in found[3].reason
    assert "5 of 7 seeds have no such run" in found[4].reason


def test_a_run_that_diverged_has_no_pieces(
    store: ReportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it keeps are the weights of an epoch before."""

    def make(params: Mapping[str, Any], seed: int) -> Made:
        return Made(status="diverged" if params["act"] == "tanh" else "completed")

    def regions_of(store: object, runs: list[int], *, of_rows: bool) -> dict[int, int]:
        return dict.fromkeys(runs, 5)

    monkeypatch.setattr("nncli.judging.regions.regions_of", regions_of)
    claims = [
        a_claim(says="1", value="pieces", runs="act=relu", above=3),
        a_claim(says="2", value="pieces", runs="act=tanh", above=3),
        a_claim(says="3", value="pieces:rows", runs="act=tanh", below=9),
    ]
    found = judged(store, make, *claims)
    assert words(found) == [SUPPORTED, UNDECIDED, UNDECIDED]
    assert "10 of 10 have no value" in found[1].reason
