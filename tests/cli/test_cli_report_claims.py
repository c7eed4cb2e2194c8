"""``nncli report --claims``: verdicts for people, for programs and on a page."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from cli_fakes import Call

import nncli
from nncli.errors import UsageError

STUDY = """
data = "xor"
act = "tanh"
opt = "adam"
lr = 0.05
epochs = 40
hidden = ["none", [8]]
name = "a"

[sweep]
seeds = 7
name = "xor"

[experiment]
title = "XOR needs a hidden layer"
shows = ["M3"]

[[claim]]
says = "A hidden layer lowers the loss"
of = ["M3"]
value = "train_loss:last"
runs = "depth=1"
below = "depth=0"

[[claim]]
says = "It does not"
value = "train_loss:last"
runs = "width=8"
above = "hidden=none"
expected = "refuted"
because = "XOR is not separable by a line"

[[claim]]
says = "It takes a million epochs"
value = "epochs_to(train_loss<=0.5)"
runs = "hidden=99"
above = 1_000_000
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study and its runs."""
    folder = tmp_path_factory.mktemp("claims")
    study = folder / "xor.toml"
    study.write_text(STUDY.replace('name = "a"\n', ""))
    nncli.sweep(str(study), db=str(folder / "results.db"))
    return folder


@pytest.fixture
def report(call: Call, place: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("NNCLI_DB", str(place / "results.db"))
    return lambda *args, **options: call("report", "--claims", *args, **options)


def test_each_claim_with_its_verdict_figures_and_reason(report: Call) -> None:
    found = report(columns=80)
    assert found.code == 0
    lines = found.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "XOR needs a hidden layer (sweep 1)" in lines
    assert "supported  A hidden layer lowers the loss (M3)" in lines
    assert "refuted    It does not" in lines
    text = " ".join(found.out.split())
    assert "train_loss:last of depth=1 below depth=0" in text
    assert "n=7, p=0.016, p_holm=0.031, exact permutation, Student's t so in 7 of 7 pairs" in text
    assert "as expected so in 0 of 7 pairs XOR is not separable by a line" in text
    assert "no run of the sweep is hidden=99" in text
    assert lines[-1] == "3 claims: 1 supported, 1 refuted, 1 undecided"


@pytest.mark.parametrize("words", [(), ("sweep:1",), ("sweep:xor",), ("sweep:last",)])
def test_whichever_way_the_sweep_is_named(report: Call, place: Path, words: tuple[str]) -> None:
    by_file = report(str(place / "xor.toml")).out
    assert report(*words).out == by_file


def test_the_claims_of_a_file_are_those_that_stand_in_it_now(
    report: Call, place: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "changed.toml"
    changed.write_text((place / "xor.toml").read_text().replace("It does not", "Or it does"))
    assert "Or it does" in report(str(changed)).out


def test_json_holds_all(report: Call) -> None:
    found = json.loads(report("--json").out)
    first, second, third = found["claims"]
    assert [each["verdict"] for each in (first, second, third)] == [
        *("supported", "refuted", "undecided"),
    ]
    assert first["n"] == 7
    assert first["ci_low"] < first["estimate"] < first["ci_high"] < 0
    assert first["declared"]["runs"] == "depth=1"
    assert (third["n"], third["estimate"], third["p"]) == (0, None, None)


@pytest.mark.parametrize("form", ["md", "latex", "jsonl", "csv"])
def test_other_forms(report: Call, form: str) -> None:
    found = report("--format", form)
    assert found.code == 0
    assert "A hidden layer lowers the loss" in found.out


def test_csv_has_a_row_a_claim(report: Call) -> None:
    rows = list(csv.DictReader(io.StringIO(report("--format", "csv").out)))
    assert [row["verdict"] for row in rows] == ["supported", "refuted", "undecided"]
    assert float(rows[0]["p_holm"]) == pytest.approx(2 * 2**-6)


def test_a_page(report: Call, tmp_path: Path) -> None:
    found = report("--html", "page.html")
    assert found.code == 0
    text = (tmp_path / "page.html").read_text()
    for part in ("XOR needs a hidden layer", "A hidden layer lowers the loss", "refuted"):
        assert part in text


def test_a_page_of_a_file_whose_claims_changed(report: Call, place: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.toml"
    changed.write_text((place / "xor.toml").read_text().replace("It does not", "Or it does"))
    assert report(str(changed), "--by", "hidden", "--html", "page.html").code == 0
    assert "Or it does" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("12",), 2, "expected its TOML file, or sweep:ID"),
        (("sweep:9",), 4, "no sweep '9'"),
        (("nowhere.toml",), 2, "nowhere.toml cannot be read"),
        (("--by", "act"), 2, "--claims with --by"),
        (("--where", "lr<1"), 2, "a claim says itself which runs"),
        (("--plot", "x.png"), 2, "leave one of them out"),
        (("--follow",), 2, "leave one of them out"),
    ],
)
def test_what_does_not_go(report: Call, args: tuple[str, ...], code: int, said: str) -> None:
    found = report(*args)
    assert found.code == code
    assert said in " ".join(found.err.split())


def test_an_unknown_field_is_an_error(report: Call, place: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.toml"
    changed.write_text((place / "xor.toml").read_text().replace("train_loss:last", "train_los"))
    found = report(str(changed))
    assert found.code == 2
    said = " ".join(found.err.split())
    assert "the claim 'A hidden layer lowers the loss': unknown field 'train_los'" in said


def test_an_unknown_field_stops_a_sweep_from_python(place: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.toml"
    changed.write_text((place / "xor.toml").read_text().replace("train_loss:last", "train_los"))
    database = tmp_path / "new.db"
    with pytest.raises(UsageError, match="unknown field 'train_los'"):
        nncli.sweep(changed, db=str(database))
    assert not database.exists()


def test_a_database_without_claims(call: Call, tmp_path: Path) -> None:
    nncli.train("xor", epochs=1, db=str(tmp_path / "results.db"))
    found = call("report", "--claims")
    assert found.code == 0
    assert "no sweep in" in found.err
    assert "has claims" in " ".join(found.err.split())


def test_a_sweep_whose_runs_are_deleted_is_judged_on_a_page_too(
    call: Call, place: Path, tmp_path: Path
) -> None:
    shutil.copy(place / "results.db", tmp_path / "results.db")
    assert call("rm", "sweep:1", "--yes").code == 0
    told = call("report", "--claims")
    page = call("report", "--claims", "--html", "page.html")
    assert told.code == page.code == 0
    assert "0 of 14 runs" in " ".join(told.out.split())
    assert "0 of 14 runs" in (tmp_path / "page.html").read_text()
    assert "wrote page.html: 0 runs" in page.err


def test_a_sweep_that_is_named_twice_is_counted_once(report: Call) -> None:
    assert report("sweep:1", "sweep:xor").out == report("sweep:1").out
