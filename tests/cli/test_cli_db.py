"""``nncli db``: what its commands print, refuse and return."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from care_calls import DATABASE, a_curve, add_whole, answered, content_of, fill, sound_run
from cli_fakes import Call

from nncli.cli import care_text
from nncli.store import RunStore, SweepStore
from nncli.store.care import Verdict

COMMANDS = ("info", "check", "compact", "merge", "backup", "prune")


def change(statement: str, path: str = DATABASE) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


def test_without_a_command(call: Call) -> None:
    done = call("db")
    assert done.code == 2
    for name in COMMANDS:
        assert f"\n  {name} " in done.err
    assert "...\n" not in done.err.partition("Commands:")[2]  # no line of the list is cut


def test_an_unknown_command(call: Call) -> None:
    done = call("db", "chekc")
    assert done.code == 2
    assert "unknown command of nncli db 'chekc'" in done.err
    assert "did you mean 'check'?" in done.err


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("columns", [40, 80])
def test_help_fits(call: Call, command: str, columns: int) -> None:
    done = call("db", command, "--help", columns=columns)
    assert done.code == 0
    body = done.out.partition("Examples:")[0]
    assert max(map(len, body.splitlines())) <= columns
    assert f"nncli db {command}" in done.out


def test_info(call: Call) -> None:
    call("db", "info")
    fill(DATABASE)
    done = call("db", "info")
    assert done.code == 0
    assert done.out.startswith(f"{DATABASE}: SQLite 3.")
    assert "schema 0004" in done.out
    assert "\nepochs " in done.out
    assert "\ncompleted  " in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    found = call("db", "info", "--json").json
    assert found["statuses"] == {"completed": 10, "diverged": 1, "failed": 1}
    assert {each["name"]: each["rows"] for each in found["tables"]}["runs"] == 12


def test_info_of_an_empty_store(call: Call) -> None:
    with RunStore(DATABASE) as store, store.transaction():
        pass
    assert "no runs yet" in call("db", "info").out
    assert call("db", "info", "--json").json["newest"] is None
    assert call("db", "check").code == 0


def test_check(call: Call) -> None:
    fill(DATABASE)
    done = call("db", "check")
    assert done.code == 0
    assert done.out.count("\nok ") == 11
    assert f"{DATABASE} is sound: 12 checks in " in done.out
    assert call("db", "check", "--json").json["passed"] is True


def test_check_of_real_runs(call: Call) -> None:
    """What training writes in its several ways is what the checks expect of it."""
    train = ("train", "iris", "--hidden", "4", "-q")
    call(*train, "--epochs", "7", "--log-every", "3", "--diagnose", "--test", "0.2")
    call(*train, "--epochs", "3", "--opt", "lbfgs")
    call(*train, "--epochs", "40", "--early-stop", "2", "--lr", "0.5")
    call(*train, "--epochs", "5", "--opt", "sgd", "--lr", "1e30", "--val", "0")
    call(*train, "--epochs", "2", "--save", "none", "--act", "x*sigmoid(1.702*x)")
    call("train", "sine", "--hidden", "4", "--epochs", "4", "-q", "--dtype", "float64")
    call("train", "--resume", "1", "--epochs", "11", "-q")
    call("sweep", "iris", "--hidden", "4", "--lr", "0.01,0.1", "--epochs", "3", "-q")
    with RunStore(DATABASE) as store:
        assert {"diverged", "completed"} <= {run.status for run in store.list_runs()}
    done = call("db", "check")
    assert done.code == 0, done.out


def test_check_names_what_is_wrong(call: Call) -> None:
    fill(DATABASE)
    change("UPDATE runs SET spec = replace(spec, '0.01', '0.02'), note = char(27) WHERE id = 1")
    change("UPDATE runs SET val_loss = 7 WHERE status = 'completed'")
    done = call("db", "check")
    assert done.code == 1
    assert "\nWRONG  specs " in done.out
    assert "\n       the spec of run 1 was changed: its hash is " in done.out
    assert "\n       and 5 more" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert "is not sound: specs, last values;" in done.err
    found = call("db", "check", "--json")
    assert found.code == 1
    assert [each["name"] for each in found.json["checks"] if not each["passed"]] == [
        "specs",
        "last values",
    ]


def test_long_verdicts_are_wrapped() -> None:
    verdict = Verdict("specs", "w " * 60, 9, ("x" * 30 + " " + "y" * 30,), ("\x1b[31m" * 3,))
    lines = care_text.verdict_lines(verdict, 50)
    assert max(map(len, lines)) <= 50
    assert "\x1b" not in "".join(lines)
    assert any("and 8 more" in line for line in lines)


def test_compact(call: Call) -> None:
    fill(DATABASE)
    call("rm", "1-6", "--yes")
    done = call("db", "compact")
    assert done.code == 0
    assert f"{DATABASE}: " in done.out
    assert " gained in " in done.out
    with RunStore(DATABASE) as store:
        store.create_run(sound_run())
        refused = call("db", "compact")
        assert refused.code == 4
        assert "is being trained by process" in refused.err


def test_backup(call: Call, tmp_path: Path) -> None:
    fill(DATABASE)
    done = call("db", "backup", "copy.db")
    assert done.code == 0
    assert done.out.startswith("copy.db: 12 runs, ")
    assert content_of(tmp_path / "copy.db") == content_of(tmp_path / DATABASE)
    refused = call("db", "backup", "copy.db")
    assert (refused.code, "--force" in refused.err) == (2, True)
    assert call("db", "backup", "copy.db", "--force", "--json").json["runs"] == 12


def test_merge(call: Call, tmp_path: Path) -> None:
    fill("laptop.db")
    dry = call("db", "merge", "laptop.db", "--dry-run")
    assert dry.code == 0
    assert "would bring into results.db: 12 new runs" in dry.out
    assert not (tmp_path / DATABASE).exists()
    done = call("db", "merge", "laptop.db")
    assert done.code == 0
    assert "brought into results.db: 12 new runs" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    again = call("db", "merge", "laptop.db", "--json").json
    assert (again["added"], again["unchanged"], again["dry_run"]) == (0, 12, False)
    assert content_of(tmp_path / DATABASE) == content_of(tmp_path / "laptop.db")
    assert call("db", "merge", DATABASE).code == 2
    assert call("db", "merge", "missing.db").code == 4
    assert call("db", "merge").code == 2


def test_merge_says_what_it_left(call: Call) -> None:
    with RunStore("laptop.db") as there:
        there.save(there.create_run(sound_run()), a_curve(1, 2))
        done = call("db", "merge", "laptop.db")
    assert "left out: 1 run still being trained there" in done.out


def fill_sweep() -> list[int]:
    with SweepStore(DATABASE) as store:
        ids = [add_whole(store, 4 + number, seed=number) for number in range(5)]
        ids.append(add_whole(store, 20, seed=8, tags=("paper",)))
    return ids


def test_prune_frees_models(call: Call) -> None:
    fill_sweep()
    shown = call("db", "prune", "--keep", "best:2", "--dry-run")
    assert shown.code == 0
    assert "to be deleted: the models of 3 runs, " in shown.err
    assert "kept in any case: 1 run " in shown.err
    assert max(map(len, shown.err.splitlines())) <= 80
    done = call("db", "prune", "--keep", "best:2", "--yes", "--json")
    assert done.json["deleted"] == 6
    assert done.json["runs"] == [3, 4, 5]  # of equal ones the older are better
    with RunStore(DATABASE) as store:
        assert len(store.list_runs()) == 6
    assert call("db", "prune", "--keep", "best:2", "--yes", "--json").json["runs"] == []
    assert call("predict", "5", "x.csv").code != 0
    assert call("db", "check").code == 0


def test_prune_deletes_runs(call: Call) -> None:
    ids = fill_sweep()
    asked = ("db", "prune", "--keep", "last:1", "--runs", "--where", "epochs<9")
    assert call(*asked, "--dry-run", "--json").json["runs"] == ids[:4]
    done = call(*asked, "--yes")
    assert done.code == 0
    assert done.out == "deleted 4 runs; nncli db compact gives the space back\n"
    with RunStore(DATABASE) as store:
        assert [run.id for run in store.list_runs()] == [6, 5]
    tagged = call("db", "prune", "--keep", "last:0", "--runs", "--tagged", "--yes", "--json").json
    assert tagged["deleted"] == 2


def test_prune_by_fields_and_metric(call: Call) -> None:
    fill(DATABASE)
    asked = ("db", "prune", "--keep", "best:1", "--runs", "--tagged", "--dry-run", "--json")
    by_seed = call(*asked, "--by", "seed", "--metric", "train_loss:last").json
    # One of each seed is kept: 0, 1, 10 to 13, and two groups of one run without a finite value.
    assert by_seed["kept"] == 8
    assert by_seed["groups_kept_whole"] == ["seed=3", "seed=99"]
    wrong = call(*asked, "--by", "sed")
    assert (wrong.code, "did you mean 'seed'?" in wrong.err) == (2, True)
    assert call(*asked, "--metric", "val_los").code == 2


def test_prune_keeps_groups_whole_that_lack_the_metric(call: Call) -> None:
    with SweepStore(DATABASE) as store:
        for number in range(3):
            add_whole(store, 4, seed=number)
            store.add_run(sound_run(seed=number, data="sine"), "completed")
    asked = ("db", "prune", "--keep", "best:1", "--runs", "--metric", "val_loss")
    shown = call(*asked, "--dry-run")
    assert "kept whole, since no run there has the metric: sine\n" in shown.err
    assert call(*asked, "--yes", "--json").json["runs"] == [3, 5]
    none = call(*asked, "--where", "data=sine", "--yes")
    assert (none.code, "none of these runs has a finite value" in none.err) == (2, True)
    with RunStore(DATABASE) as runs:
        assert len(runs.list_runs()) == 4


def test_a_backup_needs_a_name(call: Call, tmp_path: Path) -> None:
    fill(DATABASE)
    for name in ("", "-"):
        done = call("db", "backup", name)
        assert (done.code, f"a backup to '{name}': expected the name of a file" in done.err) == (
            2,
            True,
        )
    assert not (tmp_path / "-").exists()


def test_help_says_that_an_older_schema_is_migrated(call: Call) -> None:
    assert "older schema is migrated first" in " ".join(call("db", "check", "--help").out.split())


def test_prune_needs_a_rule_and_an_answer(call: Call) -> None:
    fill_sweep()
    assert "needs --keep: expected best:N or last:N" in call("db", "prune").err
    wrong = call("db", "prune", "--keep", "bets:3")
    assert (wrong.code, "did you mean 'best'?" in wrong.err) == (2, True)
    unanswered = call("db", "prune", "--keep", "best:1")
    assert unanswered.code == 2
    assert "nobody can be asked here" in unanswered.err
    with RunStore(DATABASE) as store:
        assert store.load_model(5).epoch == 8


@pytest.mark.parametrize("command", [("info",), ("check",), ("compact",), ("backup", "x.db")])
def test_databases_that_are_none(call: Call, command: tuple[str, ...], tmp_path: Path) -> None:
    missing = call("db", *command)
    assert (missing.code, "no database at results.db" in missing.err) == (4, True)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / DATABASE).write_bytes(b"no database" * 400)
    assert "is not a database" in call("db", *command).err
    (tmp_path / DATABASE).unlink()
    change("CREATE TABLE cookies (id)")
    assert "database of another program" in call("db", *command).err
    (tmp_path / DATABASE).unlink()
    fill(DATABASE)
    change("UPDATE nncli_version SET version_num = '9999'")
    newer = call("db", *command, "--json")
    assert newer.code == 4
    assert "newer nncli" in newer.json["error"]


def test_a_person_is_asked(tmp_path: Path) -> None:
    fill(tmp_path / DATABASE)
    program = [sys.executable, "-m", "nncli.cli", "db", "prune", "--keep", "best:0"]
    for answer, code in (("n", 1), ("", 1), ("Yes", 0)):
        done, shown = answered(program, tmp_path, answer)
        assert done == code
        assert "delete the models of 4 runs, " in shown
        assert ", for good? [y/N] " in shown
        assert "deleted 8 models" in shown if code == 0 else "nothing was deleted" in shown


def test_the_reader_may_go(tmp_path: Path) -> None:
    fill(tmp_path / DATABASE)
    command = f"{sys.executable} -m nncli.cli db check --db {tmp_path / DATABASE} | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.stdout.startswith("ok ")
    assert done.stderr == ""
