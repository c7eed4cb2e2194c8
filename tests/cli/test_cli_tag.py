"""``nncli tag``, ``nncli note`` and ``nncli rm``: single runs labelled and deleted."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from care_calls import DATABASE, content_of, fill, sound_run
from cli_fakes import Call

from nncli.cli.commands.tag import Wanted, read_words
from nncli.errors import UsageError
from nncli.store import RunStore, SweepStore


@pytest.fixture(autouse=True)
def filled(call: Call) -> None:
    """Twelve runs: 1 to 6 of a sweep, tagged night; 11 diverged, 12 failed."""
    fill(DATABASE)


def tags_of(run: int) -> tuple[str, ...]:
    with RunStore(DATABASE) as store:
        return store.get_run(run).tags


# Tags


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["3-5", "night"], Wanted(("3-5",), ("night",), ())),
        (["3", "7", "night"], Wanted(("3", "7"), ("night",), ())),
        (["3-5", "+night", "-old"], Wanted(("3-5",), ("night",), ("old",))),
        (["+a", "last", "+b"], Wanted(("last",), ("a", "b"), ())),
        (["night"], Wanted((), ("night",), ())),
        (["+5"], Wanted((), ("5",), ())),
    ],
)
def test_words(words: list[str], wanted: Wanted) -> None:
    assert read_words(words, remove=False) == wanted


def test_words_that_make_no_sense() -> None:
    assert read_words(["3", "old"], remove=True) == Wanted(("3",), (), ("old",))
    for words, remove, problem in (
        (["3", "+new"], True, r"--remove and \+new"),
        ([], False, "needs a tag"),
        (["3", "+"], False, "a tag is empty"),
        (["3", " "], False, "a tag is empty"),
        (["3", "+a", "-a"], False, r"\+a and -a"),
    ):
        with pytest.raises(UsageError, match=problem):
            read_words(words, remove=remove)


def test_tags_are_put_on_and_taken_away(call: Call) -> None:
    done = call("tag", "1-3", "new")
    assert (done.code, done.out) == (0, "new put on 3 runs, of 3\n")
    assert tags_of(2) == ("new", "night")
    done = call("tag", "1", "2", "+best", "-night", "-hopeless")
    assert done.out == "best put on 2 runs; night, hopeless taken from runs 2 times, of 2\n"
    assert tags_of(1) == ("best", "new")
    assert call("tag", "@new", "new", "--remove").out == "new taken from 3 runs, of 3\n"
    assert tags_of(1) == ("best",)
    done = call("tag", "-h1", "+x", "2", "--json")  # no option, and no help
    assert done.json == {"runs": [2], "added": 1, "removed": 0}


def test_tags_of_runs_that_a_condition_selects(call: Call) -> None:
    done = call("tag", "+bad", "--where", "status=diverged or status=failed", "--json")
    assert done.json["added"] == 2
    assert tags_of(11) == ("bad", "night", "odd")
    assert call("tag", "+x", "--where", "lr>7").err == "no run matches: nothing was changed\n"
    assert call("tag", "+x", "--status", "failed", "--json").json["runs"] == [12]


def test_listing_tags(call: Call) -> None:
    assert call("tag").out == "tag    runs\nnight     7\nodd       1\n"
    assert call("tag", "--json").json == {"tags": {"night": 7, "odd": 1}}
    call("tag", "@night", "-night", "-odd")
    assert "no run has a tag" in call("tag").err


def test_mistakes_with_tags(call: Call) -> None:
    for words, code, problem in (
        (("night",), 2, "needs the runs for night"),
        (("777", "night"), 4, "no run '777'"),
        (("1", "2", "777", "x"), 4, "no run '777'"),
        (("1", "+x", "--wher", "lr>1"), 2, "did you mean '--where'?"),
        (("1", "+x", "--where", "lrr>1"), 2, "did you mean 'lr'?"),
    ):
        done = call("tag", *words)
        assert done.code == code, done.err
        assert problem in done.err
    assert tags_of(1) == ("night",)


@pytest.mark.parametrize("tag", ["a,b", "a\nb", "a\x1b[31mb", "a\u2028b"])
def test_tags_that_would_break_lists(call: Call, tag: str) -> None:
    done = call("tag", "1", f"+{tag}")
    assert done.code == 2
    assert "expected a text without commas, line breaks" in done.err
    assert tags_of(1) == ("night",)
    with SweepStore(DATABASE) as store:  # one that is there can be taken away
        run_id, _ = store.add_run(sound_run(tags=(tag,)), "failed")
    assert call("tag", str(run_id), f"-{tag}", "--json").json["removed"] == 1


# Notes


def test_notes(call: Call) -> None:
    assert call("note", "1").err == "run 1 has no note\n"
    done = call("note", "single 0", "too <b>fast</b>\nagain")
    assert (done.code, done.out) == (0, "too <b>fast</b>\nagain\n")
    assert call("note", "7").out == "too <b>fast</b>\nagain\n"
    assert call("note", "7", "\x1b[31mred").out == "\\x1b[31mred\n"
    found = call("note", "7", "--json").json
    assert (found["run"], found["note"]) == (7, "\x1b[31mred")
    assert call("note", "7", "--clear").err == "run 7 has no note any more\n"
    assert call("note", "7", "--json").json["note"] is None
    assert call("note", "7", "x", "--clear").code == 2
    assert call("note", "777").code == 4
    assert call("note").code == 2


# Deleting


def ids_left() -> list[int]:
    with RunStore(DATABASE) as store:
        return sorted(run.id for run in store.list_runs())


def test_rm(call: Call) -> None:
    shown = call("rm", "1-5", "12", "--dry-run")
    assert shown.code == 0
    assert "6 runs in results.db, with 30 curve rows" in shown.err
    assert "  run 1  completed  digits  relu  lr 0.01  seed 0\n" in shown.err
    assert "  and 3 more\n" in shown.err
    assert max(map(len, shown.err.splitlines())) <= 80
    assert len(ids_left()) == 12
    done = call("rm", "1-5", "12", "--yes")
    assert (done.code, done.out) == (0, "deleted 6 runs\n")
    assert ids_left() == [6, 7, 8, 9, 10, 11]
    assert call("db", "check").code == 0


def test_rm_by_condition(call: Call) -> None:
    found = call("rm", "@night", "--where", "status=diverged", "--yes", "--json").json
    assert (found["runs"], found["deleted"], found["curve_rows"]) == ([11], 1, 3)
    assert call("rm", "--status", "failed", "-y", "--json").json["runs"] == [12]
    nothing = call("rm", "--where", "lr>7", "--yes")
    assert (nothing.code, nothing.err) == (0, "0 runs in results.db\n")
    assert len(ids_left()) == 10


def test_rm_needs_runs_and_an_answer(call: Call) -> None:
    for words, code, problem in (
        ((), 2, "needs the runs to delete"),
        (("--yes",), 2, "needs the runs to delete"),
        (("1",), 2, "nobody can be asked here: delete 1 run for good?"),
        (("1", "--json"), 2, "--yes"),
        (("777", "--yes"), 4, "no run '777'"),
    ):
        done = call("rm", *words)
        assert done.code == code
        assert problem in done.err
    assert len(ids_left()) == 12


def test_rm_asks_a_person(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    from nncli.cli import selecting

    asked: list[str] = []

    def answered(question: str, *, yes: bool, as_json: bool) -> bool:
        asked.append(question)
        return len(asked) > 1

    monkeypatch.setattr(selecting, "is_confirmed", answered)
    said_no = call("rm", "1")
    assert (said_no.code, said_no.err.splitlines()[-1]) == (1, "nothing was deleted")
    assert call("rm", "1").code == 0
    assert asked == ["delete 1 run for good?"] * 2


def test_rm_refuses_runs_that_are_trained(call: Call) -> None:
    with SweepStore(DATABASE) as training:
        live = training.create_run(sound_run())
        refused = call("rm", "1", str(live), "--yes")
        assert refused.code == 4
        assert f"run {live} is being trained: nothing was deleted" in refused.err
        assert call("rm", str(live), "--force", "--yes").code == 0
    assert ids_left() == list(range(1, 13))


def test_names_steer_no_terminal(call: Call) -> None:
    with RunStore(DATABASE) as store:
        run_id, _ = store.add_run(sound_run(name="\x1b[2J" + "long " * 40), "failed")
    shown = call("rm", str(run_id), "--dry-run")
    assert "\x1b" not in shown.err
    assert max(map(len, shown.err.splitlines())) <= 80


def test_a_resumed_sweep_trains_what_was_deleted(call: Call) -> None:
    Path(DATABASE).unlink()
    sweep = ("sweep", "iris", "--hidden", "4", "--lr", "0.01,0.1", "--epochs", "2", "-q")
    assert call(*sweep).code == 0
    before = content_of(Path(DATABASE))
    call("rm", "2", "--yes")
    assert call("sweep", "--resume", "last", "-q").code == 0
    assert ids_left() == [1, 3]
    after: Any = content_of(Path(DATABASE))
    assert [row[3] for row in after["trials"]] == [row[3] for row in before["trials"]]
    connection = sqlite3.connect(DATABASE)
    assert connection.execute("SELECT count(DISTINCT spec_hash) FROM runs").fetchone() == (2,)
    connection.close()
