"""The shell scripts of experiments/: they do what they say, twice as well as once."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nncli

SCRIPTS = Path(__file__).parents[1] / "experiments"
NAMES = ("loop", "nightly", "slurm_array")

#: Runs three tasks of the array, the first two at once, as a cluster with two nodes would.
SBATCH = """\
#!/usr/bin/env bash
set -euo pipefail
export SLURM_CPUS_PER_TASK=1
SLURM_ARRAY_TASK_ID=0 bash "$@" & first=$!
SLURM_ARRAY_TASK_ID=1 bash "$@"
wait $first
SLURM_ARRAY_TASK_ID=2 bash "$@"
"""
#: Keeps a mail in a file, with what it was called with.
MAIL = """\
#!/usr/bin/env bash
{ echo "$(basename "$0") $*"; cat; } >>mails.txt
"""


class Folder:
    """A folder to run scripts in, with programs that only tests have."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.programs = path / "programs"
        self.programs.mkdir()
        for name in ("bash", "date", "base64", "basename", "cat", "env", "hostname"):
            found = shutil.which(name)
            assert found is not None
            (self.programs / name).symlink_to(found)
        (self.programs / "nncli").symlink_to(Path(sys.executable).with_name("nncli"))

    def add(self, name: str, text: str) -> None:
        """Put a program on the path."""
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command with these programs alone."""
        kept = {name: os.environ[name] for name in ("HOME", "NNCLI_CACHE") if name in os.environ}
        env = {**kept, "PATH": str(self.programs), **variables}
        return subprocess.run(words, cwd=self.path, env=env, capture_output=True, text=True)

    @property
    def runs(self) -> int:
        """The number of runs in the database."""
        return len(nncli.runs(db=str(self.path / "results.db")))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def script(name: str) -> str:
    return str(SCRIPTS / f"{name}.sh")


@pytest.mark.parametrize("name", NAMES)
def test_shellcheck_finds_nothing(name: str) -> None:
    program = shutil.which("shellcheck")
    if program is None:
        pytest.skip("needs Debian's package shellcheck")
    done = subprocess.run([program, script(name)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_script_can_be_started_as_it_is(name: str) -> None:
    text = Path(script(name)).read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in text
    assert os.access(script(name), os.X_OK)


@pytest.mark.slow
def test_the_loop_trains_what_is_missing(folder: Folder) -> None:
    once = folder.run("bash", script("loop"), "xor", "2")
    assert once.returncode == 0, once.stderr
    assert folder.runs == 12
    assert "sigmoid" in once.stdout
    again = folder.run("bash", script("loop"), "xor", "2")
    assert again.returncode == 0
    assert folder.runs == 12


@pytest.mark.slow
def test_the_loop_ends_where_something_is_wrong(folder: Folder) -> None:
    done = folder.run("bash", script("loop"), "xro", "2")
    assert done.returncode == 3
    assert done.stderr.count("error:") == 1  # it has not gone on to the next


@pytest.mark.slow
def test_the_loop_reports_on_what_it_was_asked_for_alone(folder: Folder) -> None:
    for data, epochs in (("xor", "2"), ("iris", "1"), ("iris", "2")):
        done = folder.run("bash", script("loop"), data, epochs)
        assert done.returncode == 0, done.stderr
    assert folder.runs == 36
    heads, *rows = [line.split() for line in done.stdout.splitlines()[1:] if line]
    assert [row[heads.index("n")] for row in rows[:12]] == ["1"] * 12  # one seed


@pytest.mark.slow
def test_the_line_for_cron_finds_nncli(folder: Folder) -> None:
    (line,) = re.findall(r"^#     0 1 \* \* \*  (.+)$", Path(script("nightly")).read_text(), re.M)
    clone = folder.path / "nncli"
    (clone / ".venv").mkdir(parents=True)
    (clone / ".venv" / "bin").symlink_to(folder.programs)
    (clone / "experiments").symlink_to(SCRIPTS)
    (folder.path / "runs").mkdir()
    bare = folder.path / "bare"  # as cron's PATH, it knows no nncli
    bare.mkdir()
    (bare / "bash").symlink_to(folder.programs / "bash")
    shell = shutil.which("sh")
    assert shell is not None
    variables = {"HOME": str(folder.path), "PATH": str(bare), "SEEDS": "2", "EPOCHS": "1"}
    done = folder.run(shell, "-c", line, **variables)
    assert done.returncode == 0, done.stderr
    assert len(nncli.runs(db=str(folder.path / "runs" / "results.db"))) == 12


@pytest.mark.slow
def test_a_night_is_mailed_as_a_page(folder: Folder) -> None:
    short = {"SEEDS": "2", "EPOCHS": "1"}
    plain = folder.run("bash", script("nightly"), **short)
    assert plain.returncode == 0, plain.stderr
    page = Path(plain.stdout.splitlines()[-1].partition("the report is ")[2])
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")

    folder.add("mail", MAIL)
    folder.run("bash", script("nightly"), **short, NNCLI_MAIL="me@example.org")
    sent = (folder.path / "mails.txt").read_text()
    assert re.match(r"mail -s nncli, night of \d{4}-\d\d-\d\d me@example.org\n", sent)
    assert "adam" in sent
    assert page.name in sent

    folder.add("sendmail", MAIL)
    folder.run("bash", script("nightly"), **short, NNCLI_MAIL="me@example.org")
    sent = (folder.path / "mails.txt").read_text()
    assert f"sendmail -t\nTo: me@example.org\nSubject: nncli, night of {page.stem[7:]}\n" in sent
    assert f"filename={page.name}" in sent
    assert folder.runs == 12  # of three starts


@pytest.mark.slow
@pytest.mark.parametrize(("share", "runs"), [("sweep", 60), ("train", 6)])
def test_an_array_shares_the_work(folder: Folder, share: str, runs: int) -> None:
    folder.add("sbatch", SBATCH)
    for _ in range(2):
        done = folder.run("sbatch", script("slurm_array"), share, EPOCHS="1")
        assert done.returncode == 0, done.stderr
        found = nncli.runs(db=str(folder.path / "results.db"))
        assert len(found) == runs
        assert set(found.status) == {"completed"}
    assert (
        found.groupby("opt").seed.nunique().tolist() == [runs // 6 if share == "sweep" else 3] * 2
    )


def test_an_array_task_outside_an_array_says_how_it_is_submitted(folder: Folder) -> None:
    done = folder.run("bash", script("slurm_array"))
    assert done.returncode == 1
    assert "submit it by sbatch" in done.stderr
    done = folder.run("bash", script("slurm_array"), "swep", SLURM_ARRAY_TASK_ID="0")
    assert done.returncode == 2
    assert "expected sweep or train" in done.stderr
