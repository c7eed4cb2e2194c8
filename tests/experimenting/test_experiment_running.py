"""Experiments run and judged in one process: again, stopped, without data, with strange claims."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_experiment import SMALL, Shipped

from nncli.errors import DataError, UsageError
from nncli.experimenting.catalogue import Experiment
from nncli.experimenting.counting import Count
from nncli.experimenting.here import run_here, runs_of
from nncli.experimenting.running import Begun, Outcome, Setting, run
from nncli.store import SweepStore
from nncli.sweeps.definition import Definition
from nncli.sweeps.events import RunEnded

pytestmark = pytest.mark.usefixtures("here")


def words(outcome: Outcome) -> list[str]:
    return [each.verdict for each in outcome.verdicts]


def stored(name: str) -> Any:
    with SweepStore("results.db") as store:
        return store.find_sweep(name)


def about_of(name: str) -> Any:
    definition = Definition.of_stored(stored(name).definition)
    assert definition is not None
    return definition.about


def test_an_experiment_is_run_named_and_judged(small: Experiment) -> None:
    events: list[Any] = []
    [outcome] = run([small], Setting(), observe=events.append)
    assert words(outcome) == ["supported", "refuted"]
    assert outcome.counts.completed == 20
    assert isinstance(events[0], Begun)
    assert (events[0].number, events[0].of, events[0].runs) == (1, 1, 20)
    assert events[-1] is outcome
    about = about_of("small")
    assert about is not None
    assert about == small.about
    assert Count.of(outcome.verdicts).text == "1 supported, 1 refuted (as expected)"


def test_again_it_does_nothing_and_a_mended_text_is_kept(small: Experiment) -> None:
    [first] = run([small], Setting(quick=True))
    mended = Experiment("small", SMALL.replace("does not do", "will not do"), "small")
    [again] = run([mended], Setting(quick=True))
    assert again.sweep == first.sweep
    assert (again.counts.completed, again.counts.skipped) == (0, 6)
    about = about_of("small-quick")
    assert about is not None
    assert (about.text, about.quick) == ("A *line* will not do.", True)


def test_what_is_kept_is_changed_by_words_alone(small: Experiment) -> None:
    [outcome] = run([small], Setting(quick=True))
    assert outcome.sweep is not None
    before = stored("small-quick").definition
    run([small], Setting(quick=True))
    assert stored("small-quick").definition == before
    assert Definition.of_stored('{"space": 3}') is None


def test_too_few_seeds_are_undecided(small: Experiment) -> None:
    [outcome] = run([small], Setting(quick=True))
    assert words(outcome)[0] == "undecided"
    assert "too few seeds" in outcome.verdicts[0].reason


def test_a_sweep_half_done_is_undecided_and_goes_on() -> None:
    # long enough that twenty runs do not all end before somebody asks whether to stop
    small = Experiment("small", SMALL.replace("epochs = 200", "epochs = 40000"), "small")
    ended: list[RunEnded] = []

    def observe(event: Any) -> None:
        if isinstance(event, RunEnded):
            ended.append(event)

    [half] = run([small], Setting(jobs=1), observe=observe, stop=lambda: len(ended) >= 1)
    assert half.stopped
    assert words(half) == ["undecided", "undecided"]
    assert "runs; go on with nncli experiment run small" in half.verdicts[0].reason
    assert half.command == "nncli experiment run small"
    assert run_here([small], None) == {"small": ("full in part",)}
    [whole] = run([small], Setting())
    assert words(whole) == ["supported", "refuted"]
    assert whole.sweep == half.sweep
    assert whole.counts.skipped >= 1
    assert run_here([small], None) == {"small": ("full",)}


def test_those_behind_one_that_was_stopped_are_not_begun(small: Experiment) -> None:
    other = Experiment("other", SMALL.replace("lr = 0.2", "lr = 0.1"), "other")
    begun: list[str] = []

    def observe(event: Any) -> None:
        if isinstance(event, Begun):
            begun.append(event.experiment.name)

    run([small, other], Setting(quick=True), observe=observe, stop=lambda: bool(begun))
    assert begun == ["small"]


NO_DATA = SMALL.replace('data = "xor"', 'data = "no/such/file.csv"')


def test_missing_data_are_an_error_or_left_out(small: Experiment) -> None:
    other = Experiment("other", NO_DATA, "other")
    with pytest.raises(DataError, match=r"no/such/file\.csv"):
        run([other, small], Setting(quick=True))
    left, second, ran = run(
        [other, Experiment("second", NO_DATA, "second"), small], Setting(quick=True, skip=True)
    )
    assert (left.sweep, second.sweep) == (None, None)
    assert "no/such/file.csv" in str(left.reason)
    assert second.reason == "no/such/file.csv is missing, as for other"
    assert ran.sweep is not None


def test_pictures_that_cannot_be_fetched_say_what_to_put_where(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def offline(*args: Any, **settings: Any) -> Path:
        raise OSError("no network")

    monkeypatch.setenv("NNCLI_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NNCLI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("nncli.data.images.fetch", offline)
    digits = Experiment("digits", SMALL.replace('data = "xor"', 'data = "mnist"'), "digits")
    [left] = run([digits], Setting(quick=True, skip=True))
    said = str(left.reason)
    assert "train-images-idx3-ubyte.gz" in said
    assert "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609" in said
    assert str(tmp_path / "data" / "mnist") in said


def test_claims_over_unknown_fields_are_refused_before_anything_is_run(small: Experiment) -> None:
    text = SMALL.replace("train_loss:last", "train_lost:last")
    strange = Experiment("strange", text, "strange")
    with pytest.raises(UsageError, match=r"in strange.toml: .*train_lost"):
        run([small, strange], Setting())
    assert not Path("results.db").exists()


def test_curves_by_unknown_fields_are_refused_before_anything_is_run(small: Experiment) -> None:
    strange = Experiment("strange", SMALL.replace('by = ["hidden"]', 'by = ["hiden"]'), "strange")
    with pytest.raises(UsageError, match=r"in strange.toml: by of .*'hiden'.*'hidden'"):
        run([small, strange], Setting())
    assert not Path("results.db").exists()


def test_the_command_that_goes_on_has_the_options_that_matter() -> None:
    mine = Experiment("mine", SMALL, "my own.toml")
    command = Setting(db="mine.db", quick=True, jobs=3).command(mine)
    assert command == "nncli experiment run 'my own.toml' --quick --db mine.db"


def test_claims_over_fields_that_the_runs_lack_are_undecided() -> None:
    text = SMALL.replace("train_error:min", "val_error:min")
    [outcome] = run([Experiment("lacking", text, "lacking")], Setting(quick=True))
    assert outcome.verdicts[1].verdict == "undecided"
    assert "val_error" in outcome.verdicts[1].reason


def test_runs_are_counted_without_their_data(small: Experiment) -> None:
    assert (runs_of(small), runs_of(small, quick=True)) == (20, 6)
    assert runs_of(Experiment("other", NO_DATA, "other")) == 20


def test_nothing_was_run_where_there_is_no_database(small: Experiment) -> None:
    assert run_here([small], None) == {}
    assert not Path("results.db").exists()


def test_counts() -> None:
    count = Count(supported=42, refuted=3, refuted_as_expected=2, undecided=5, opposite=1)
    assert count.text == "42 supported, 3 refuted (2 as expected), 5 undecided"
    assert Count(refuted=1, refuted_as_expected=1).text == "0 supported, 1 refuted (as expected)"
    assert Count(supported=2, opposite=1).text == "2 supported (1 against what was expected)"
    assert json.loads(json.dumps(count.to_json()))["undecided"] == 5


def test_shipped_stand_ins_are_those_that_all_means(shipped: Shipped) -> None:
    from nncli.experimenting.choosing import choose

    shipped({"a": SMALL})
    [outcome] = run(choose(["all"], quick=True).experiments, Setting(quick=True))
    assert outcome.experiment.name == "a"
