"""`nncli experiment` as people call it: list, show, run; in a pipe, in a terminal, in programs."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cli_fakes import Call, Outcome
from terminal import in_terminal

sys.path.append(str(Path(__file__).parents[1] / "experimenting"))

from small_experiment import XOR

import nncli.sweeps.engines.work
from nncli.cli.commands.experiment import complete_experiment
from nncli.experimenting.catalogue import Experiment
from nncli.experimenting.running import Outcome as Ended

NNCLI = [sys.executable, "-m", "nncli.cli"]

OPPOSITE = """
[[claim]]
says = "A line solves it"
value = "train_error:min"
runs = "hidden=none"
below = 0.1
because = "somebody hopes so"
"""


@pytest.fixture
def mine(tmp_path: Path) -> None:
    """Files of one's own in the folder where commands are called."""
    (tmp_path / "mine.toml").write_text(XOR)
    (tmp_path / "opposite.toml").write_text(XOR + OPPOSITE)


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three experiments in the place of the shipped ones, one of them without data."""
    texts = {
        "xor": XOR,
        "lost": XOR.replace('"xor"', '"no/such/file.csv"'),
        "slow": XOR.replace('title = "', 'long = true\ntitle = "'),
    }
    made = {name: Experiment(name, text, name) for name, text in texts.items()}
    for module in ("catalogue", "choosing"):
        monkeypatch.setattr(f"nncli.experimenting.{module}.experiments", lambda: made)


def lines(outcome: Outcome) -> list[dict[str, Any]]:
    return [json.loads(line) for line in outcome.out.splitlines()]


# Lists and descriptions


@pytest.mark.usefixtures("shipped")
def test_the_list_says_what_has_been_run(call: Call) -> None:
    first = call("experiment", "list", columns=100)
    assert (first.code, first.err) == (0, "")
    assert re.search(r"^xor +20 +6 +- +M1 +XOR needs a hidden layer", first.out, re.M)
    assert re.search(r"^slow +20 +6 +long", first.out, re.M)
    assert not Path("results.db").exists()
    assert call("experiment", "run", "xor", "--quick", "-q").code == 0
    found = {each["name"]: each for each in call("experiment", "list", "--json").json}
    assert found["xor"] == {
        **{"name": "xor", "ids": ["M1"], "title": "XOR needs a hidden layer"},
        **{"runs": 20, "quick_runs": 6, "long": False, "here": ["quick"]},
    }
    assert found["slow"]["here"] == []


def test_the_list_fits_a_narrow_terminal(call: Call) -> None:
    done = call("experiment", "list", columns=60)
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 60


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_names_and_titles_in_the_list_are_whole(columns: int, call: Call) -> None:
    """Each name stands so that it can be run."""
    from nncli.experimenting.catalogue import experiments, find_experiment

    listed = call("experiment", "list", columns=columns).out
    rows = [line for line in listed.splitlines()[1:-3] if re.match(r"\w+  ", line)]
    names = [line.split()[0] for line in rows]
    assert [find_experiment(name).name for name in names] == list(experiments())
    words = listed.split()
    for experiment in experiments().values():
        assert set(experiment.about.title.split()) <= set(words)


@pytest.mark.usefixtures("mine")
def test_an_experiment_is_shown_in_full(call: Call) -> None:
    done = call("experiment", "show", "opposite.toml")
    assert done.code == 0
    for said in (
        *("opposite: XOR needs a hidden layer", "on M1", "A line does not do."),
        *("claim: A line solves it", "somebody hopes so", "train_loss:last"),
        *("lr = 0.2", "arm 1: hidden = none", "arm 2: hidden = 8; act = tanh", "10 seeds"),
        *("20 runs", "with --quick 6 runs", "run it: nncli experiment run opposite.toml"),
    ):
        assert said in done.out
    shown = call("experiment", "show", "opposite.toml", "--json").json
    assert (shown["runs"], shown["quick_runs"], len(shown["claims"])) == (20, 6, 2)


def test_every_shipped_experiment_is_shown(call: Call) -> None:
    from nncli.experimenting.catalogue import experiments

    for name in experiments():
        done = call("experiment", "show", name, columns=80)
        assert done.code == 0
        assert max(map(len, done.out.splitlines())) <= 80
        assert "**" not in done.out


def test_a_text_is_set_as_plain_lines(call: Call) -> None:
    text = '''text = """
Two **ways**, and [one](https://example.org/a) *more*:

- with `--x` and words that do not all fit into a line of this width
- short

    kept
"""'''
    Path("mine.toml").write_text(XOR.replace('text = "A *line* does not do."', text))
    shown = call("experiment", "show", "mine.toml", columns=50).out
    assert "Two ways, and one (https://example.org/a) more:\n\n- with `--x`" in shown
    assert re.search(r"^- with `--x` .*\n  .*width\n- short$", shown, re.M)


def test_a_text_does_not_steer_the_terminal(call: Call) -> None:
    Path("mine.toml").write_text(XOR.replace("A *line* does", "A \\u001b[2Jline does"))
    shown = call("experiment", "show", "mine.toml").out
    assert "A \\x1b[2Jline does" in shown
    assert "\x1b" not in shown


# Runs


@pytest.mark.usefixtures("mine")
def test_a_run_ends_with_the_verdicts(call: Call) -> None:
    done = call("experiment", "run", "mine.toml")
    assert done.code == 0
    assert re.search(r"^supported +A hidden layer learns XOR better", done.out, re.M)
    assert re.search(r"^1 supported in [0-9.]+ s$", done.out.splitlines()[-1])
    assert "next: nncli report sweep:1" in done.out
    assert done.err.splitlines()[0] == "1/1 mine: 20 runs"
    assert done.err.splitlines()[-1].startswith("mine: 1 supported in ")
    again = call("experiment", "run", "mine.toml", "-q")
    assert re.fullmatch(r"1 supported in [0-9.]+ s\n", again.out)
    assert again.err == ""
    rows = sqlite3.connect("results.db").execute("select name from sweeps").fetchall()
    assert rows == [("mine",)]


@pytest.mark.usefixtures("mine")
def test_a_claim_that_comes_out_otherwise_is_a_failure(call: Call) -> None:
    done = call("experiment", "run", "opposite.toml")
    assert done.code == 1
    assert "expected: supported" in done.out
    assert "1 supported, 1 refuted in" in done.out.splitlines()[-1]


@pytest.mark.usefixtures("mine")
def test_an_undecided_claim_is_none(call: Call) -> None:
    done = call("experiment", "run", "mine.toml", "--quick")
    assert done.code == 0
    assert "0 supported, 1 undecided in" in done.out.splitlines()[-1]


@pytest.mark.usefixtures("mine")
def test_json_is_a_line_an_event(call: Call) -> None:
    done = call("experiment", "run", "opposite.toml", "--json")
    assert (done.code, done.err) == (1, "")
    start, first, second, end, last = lines(done)
    assert (start["event"], start["experiment"], start["runs"]) == ("start", "opposite", 20)
    assert (first["event"], first["verdict"], first["n"]) == ("verdict", "supported", 10)
    assert (second["verdict"], second["expected"]) == ("refuted", "supported")
    assert (end["event"], end["runs"]["completed"], end["stopped"]) == ("end", 20, False)
    counts = {"supported": 1, "refuted": 1, "undecided": 0, "opposite": 1, "failed": 0}
    assert {name: last[name] for name in counts} == counts
    assert (last["event"], last["experiments"], last["skipped"]) == ("done", 1, 0)


@pytest.mark.usefixtures("shipped")
def test_all_leaves_out_what_it_cannot_run(call: Call) -> None:
    done = call("experiment", "run", "all", "--quick")
    assert done.code == 0
    assert "left out, as they take long (--long adds them): slow" in done.err
    assert re.search(r"^lost: left out: .*no/such/file.csv", done.err, re.M)
    assert "1 undecided, 1 experiment left out (lost) in" in done.out.splitlines()[-1]
    told = lines(call("experiment", "run", "all", "--quick", "--json"))[-1]
    assert (told["left_out"], told["skipped"]) == (["slow"], 1)
    named = call("experiment", "run", "lost")
    assert named.code == 3
    assert "no/such/file.csv" in named.err


@pytest.mark.usefixtures("mine")
def test_a_run_that_fails_is_a_failure(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    real = nncli.sweeps.engines.work.run

    def run(spec: Any, *args: Any, **more: Any) -> Any:
        if spec.seed == 1:
            raise ZeroDivisionError("by nothing")
        return real(spec, *args, **more)

    with monkeypatch.context() as broken:
        broken.setattr(nncli.sweeps.engines.work, "run", run)
        failed = call("experiment", "run", "mine.toml")
        assert failed.code == 1
        assert "2 runs failed" in failed.out.splitlines()[-1]
        assert "failed (hidden=8 act=tanh seed=1): by nothing" in failed.err
        assert re.search("^undecided ", failed.out, re.M)
    mended = call("experiment", "run", "mine.toml", "--json")
    assert mended.code == 0
    assert lines(mended)[-2]["runs"]["skipped"] == 18


# What is refused


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("run", "xorr"), "unknown experiment 'xorr' (did you mean 'xor'?)"),
        (("show", "xorr"), "unknown experiment 'xorr'"),
        (("run", "XOR"), "unknown experiment 'XOR' (did you mean 'xor'?)"),
        (("run",), "nncli experiment run needs a name"),
        (("run", "none.toml"), "none.toml cannot be read"),
        (("run", "mine.toml", "--jobs", "0"), "--jobs is '0'"),
        (("run", "mine.toml", "--html", "results.db", "--db", "results.db"), "results.db"),
        (("run", "mine.toml", "--html", "nowhere/a.html"), "there is no folder nowhere"),
        (("run", "mine.toml", "--html", "mine.toml"), "is the experiment itself"),
        (("run", "mine.toml", "--html", "."), "is a folder"),
        (("show", "all"), "unknown experiment 'all': expected"),
        (("rn",), "unknown command of nncli experiment 'rn'"),
        (("run", "xor", "--quik"), "--quik"),
    ],
)
@pytest.mark.usefixtures("mine", "shipped")
def test_bad_input(given: tuple[str, ...], said: str, call: Call) -> None:
    done = call("experiment", *given)
    assert done.code == 2
    assert said in done.err


@pytest.mark.usefixtures("mine")
def test_claims_over_unknown_fields_are_refused_at_once(call: Call) -> None:
    Path("strange.toml").write_text(XOR.replace("train_loss:last", "trian_loss:last"))
    done = call("experiment", "run", "mine.toml", "strange.toml")
    assert done.code == 2
    assert "trian_loss" in done.err
    assert not Path("results.db").exists()
    shown = call("experiment", "show", "strange.toml")
    assert (shown.code, shown.out) == (2, "")
    assert "trian_loss" in shown.err


@pytest.mark.usefixtures("mine")
def test_what_is_wrong_in_the_short_form_is_refused_at_once(call: Call) -> None:
    Path("strange.toml").write_text(XOR.replace("[quick]", '[quick]\nlr = "banana"'))
    done = call("experiment", "run", "strange.toml")
    assert done.code == 2
    assert "--lr is 'banana'" in done.err
    assert not Path("results.db").exists()


# Pages


@pytest.mark.usefixtures("mine")
def test_a_page_is_written(call: Call) -> None:
    done = call("experiment", "run", "mine.toml", "--quick", "--html", "page.html")
    assert done.code == 0
    assert "wrote page.html: 1 experiment" in done.err
    assert "XOR needs a hidden layer" in Path("page.html").read_text()


@pytest.mark.usefixtures("mine")
def test_a_file_of_billions_of_runs_is_shown_at_once(call: Call) -> None:
    many = XOR.replace(
        'hidden = "none"', 'hidden = "none"\nlr = "lin:0.1:1:100000"\nbatch_size = "1..100000"'
    )
    Path("many.toml").write_text(many.replace('lr = 0.2\nbatch_size = "full"\n', ""))
    done = call("experiment", "show", "many.toml")
    assert done.code == 0, done.err
    assert done.out.count("... (100,000 values) ...") == 4  # of two options, full and quick
    assert "100000000010 runs" in done.out
    assert max(map(len, done.out.splitlines())) <= 100


# Completion, help


@pytest.mark.usefixtures("mine", "shipped")
def test_names_are_completed(call: Call) -> None:
    call("experiment", "list")  # in the folder of the files
    assert complete_experiment("") == ["all", "xor", "lost", "slow", "mine.toml", "opposite.toml"]
    assert complete_experiment("x") == ["xor"]
    assert complete_experiment("mi") == ["mine.toml"]


@pytest.mark.parametrize("command", [(), ("list",), ("show",), ("run",)])
def test_help_has_examples(command: tuple[str, ...], call: Call) -> None:
    done = call("experiment", *command, "--help")
    assert done.code == 0
    assert "Examples:\n  nncli experiment " in done.out
    assert max(map(len, done.out.splitlines())) <= 80


# A terminal, and what stops a command


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NNCLI_DB", "CI")}
    return {**kept, "HOME": str(folder), "PYTHONUNBUFFERED": "1", **more}


def test_a_terminal_shows_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "long.toml").write_text(XOR.replace("epochs = 200", "epochs = 60000", 1))
    command = [*NNCLI, "experiment", "run", "long.toml"]
    code, seen = in_terminal(command, tmp_path, environment(tmp_path, TERM="xterm"))
    assert code == 0
    assert re.search(r"1/1 long.*/20 runs", seen)
    assert "1 supported" in seen
    assert "Traceback" not in seen


@pytest.mark.parametrize(
    ("args", "painted"),
    [
        (("list",), r"^\x1b\[1mname .*title\x1b\[0m$"),
        (("run", "mine.toml"), r"^\x1b\[32msupported\x1b\[0m  A hidden layer"),
    ],
)
@pytest.mark.usefixtures("mine")
def test_a_terminal_gets_colours_and_no_codes_in_words(
    args: tuple[str, ...], painted: str, tmp_path: Path
) -> None:
    command = [*NNCLI, "experiment", *args]
    more = {"TERM": "xterm-256color"}
    code, seen = in_terminal(command, tmp_path, {**environment(tmp_path, **more), "NO_COLOR": ""})
    assert code == 0
    assert re.search(painted, seen.replace("\r\n", "\n"), re.M)
    assert "\\x1b" not in seen
    _, plain = in_terminal(command, tmp_path, environment(tmp_path, **more, NO_COLOR="1"))
    assert "\x1b[1m" not in plain
    assert "\x1b[32m" not in plain


@pytest.mark.usefixtures("mine")
def test_of_one_that_was_stopped_it_says_how_to_go_on(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(chosen: Any, *args: Any, **more: Any) -> Any:
        about, command = chosen[0].about, "nncli experiment run mine.toml"
        return [Ended(chosen[0], about, 4, stopped=True, command=command)]

    with monkeypatch.context() as broken:
        broken.setattr("nncli.experimenting.running.run", stopped)
        done = call("experiment", "run", "mine.toml")
    assert "go on with: nncli experiment run mine.toml\n" in done.out
    assert "next:" not in done.out
    whole = call("experiment", "run", "mine.toml", "-j", "1", "--db", "my own.db").out
    assert "next: nncli report sweep:1 --db 'my own.db'\n" in whole


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_what_is_stopped_goes_on(number: signal.Signals, tmp_path: Path) -> None:
    text = XOR.replace("epochs = 200", "epochs = 150000\nlog_every = 1000", 1)
    (tmp_path / "long.toml").write_text(text)
    env = environment(tmp_path)
    command = [*NNCLI, "experiment", "run", "long.toml", "--jobs", "1"]
    with subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and ended(tmp_path) < 2 and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(number)
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    before = ended(tmp_path)
    assert 2 <= before < 20
    done = subprocess.run([*command, "--json"], cwd=tmp_path, env=env, capture_output=True)
    assert done.returncode == 0
    last = [json.loads(line) for line in done.stdout.splitlines()]
    assert last[-2]["runs"]["skipped"] >= before
    assert (last[-1]["supported"], last[-1]["undecided"]) == (1, 0)
    assert ended(tmp_path) == 20


def ended(folder: Path) -> int:
    """How many runs are completed in the database, if there is one."""
    try:
        connection = sqlite3.connect(f"file:{folder / 'results.db'}?mode=ro", uri=True)
        with connection:
            query = "select count(*) from runs where status = 'completed'"
            return int(connection.execute(query).fetchone()[0])
    except sqlite3.OperationalError:
        return 0
