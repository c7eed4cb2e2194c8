"""``nncli report`` that draws: in the terminal, into files and onto a page, and the data behind."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from cli_fakes import Call
from report_sample import EVIL, make_sample


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sample(tmp_path_factory.mktemp("sample") / "results.db")


@pytest.fixture
def report(call: Call, sample: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("NNCLI_DB", str(sample))
    return lambda *args, **options: call("report", *args, **options)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three real runs: classes in a plane, watched; a regression; classes of four features."""
    from nncli import train

    path = tmp_path_factory.mktemp("trained") / "results.db"
    train("moons", hidden=8, epochs=5, diagnose=True, db=str(path))
    train("sine", hidden=8, epochs=5, db=str(path))
    train("iris", hidden=8, epochs=5, db=str(path))
    return path


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_curves_of_several_runs(report: Call) -> None:
    done = report("--curves", "--best", "2")
    assert done.out.startswith("val_accuracy by epoch")
    assert "3 seed=2" in done.out
    assert "the 2 best of 17 runs" in done.out
    assert "8 of 17 runs are drawn; choose them with" in report("--curves").out
    assert max(map(len, done.out.splitlines())) <= 80
    by_time = report("--curves", "--best", "2", "--x", "seconds", "--log-y", "--metric", "val_loss")
    assert by_time.out.startswith("val_loss by seconds, logarithmic")
    smooth = report("3", "--curves", "--smooth", "0.6")
    assert "smoothed by an exponential moving average of weight 0.6" in smooth.out
    means = report("--curves", "--by", "act")
    assert "lines: means of the runs" in means.out
    assert "act=tanh" in means.out


def test_the_data_behind_the_curves(report: Call) -> None:
    rows = rows_of(report("1", "2", "--curves", "--format", "csv").out)
    assert [row["run"] for row in rows] == ["1"] * 5 + ["2"] * 5
    assert float(rows[4]["val_accuracy"]) == 0.919


def test_a_curve_with_values_that_are_no_numbers(report: Call) -> None:
    assert "not drawn: nan or infinite" in report("13", "--curves", "--metric", "train_loss").out
    assert report("14", "--curves").code == 0
    done = report("1", "--curves", "--metric", "test_loss")
    assert done.code == 2
    assert "it has one value a run and no curve" in done.err


def test_heat_map_and_parallel_coordinates(report: Call) -> None:
    done = report("--heat", "lr,act", "--where", "lr>0.001 and lr<0.5")
    assert done.out.startswith("val_accuracy:best by lr (columns) and act (rows)")
    assert "0.9240" in done.out
    rows = rows_of(report("--heat", "lr,act", "--format", "csv").out)
    assert (rows[1]["act"], rows[1]["lr"], rows[1]["n"]) == ("relu", "0.01", "3")
    assert "a line a run" in report("--parallel").out
    assert "lr" in report("--parallel", "--columns", "lr,act").out
    assert "differ in none" in report("1", "--parallel").err


def test_several_views_one_after_the_other(report: Call) -> None:
    done = report("@night", "--heat", "lr,act", "--curves")
    assert done.out.index("val_accuracy by epoch") < done.out.index("val_accuracy:best by lr")
    assert {"curves", "heat"} <= report("--heat", "lr,act", "--curves", "--json").json.keys()
    assert report("--heat", "lr,act", "--curves", "-o", "both.txt").code == 0
    assert "by lr (columns)" in Path("both.txt").read_text()


def test_what_a_network_says_of_its_data(report: Call, trained: Path) -> None:
    db = ("--db", str(trained))
    assert "x2 (up) against x1 (right)" in report("1", "--boundary", *db).out
    assert "true classes in rows" in report("3", "--confusion", *db).out
    assert "predicted (up) against true y (right)" in report("2", "--predicted", *db).out
    assert "grad_norm" in report("1", "--layers", *db).out
    counts = rows_of(report("3", "--confusion", "--format", "csv", *db).out)
    assert sum(int(row["count"]) for row in counts) == 30  # a fifth of 150 rows
    pairs = report("2", "--predicted", "--json", *db).json["predicted"]
    assert {*pairs[0]} == {"target", "true", "predicted"}
    grid = report("1", "--boundary", "--json", *db).json
    assert {each["class"] for each in grid["boundary"]} <= {"0", "1"}
    assert len(grid["points"]) == 1000


def test_what_a_network_cannot_say(report: Call, trained: Path) -> None:
    db = ("--db", str(trained))
    assert "needs classes" in report("2", "--boundary", *db).err
    assert "has 4 features" in report("3", "--boundary", *db).err
    assert "are of a regression" in report("1", "--predicted", *db).err
    done = report("--confusion", *db)
    assert (done.code, done.out) == (2, "")
    assert "--confusion shows one run, and 3 are chosen" in done.err
    done = report("2", "--layers", *db)
    assert (done.code, done.out) == (0, "")
    assert "train with --diagnose" in done.err


@pytest.mark.parametrize(
    "args",
    ["--curves", "--by act", "--by act --vs best", "--heat lr,act", "--by act --sensitivity",
     "--by act --target val_accuracy>=0.85 --profile"],
)  # fmt: skip
def test_figures(report: Call, args: str) -> None:
    done = report(*args.split(), "--plot", "a.png")
    assert (done.code, done.out) == (0, "")
    assert done.err.endswith("wrote a.png\n")
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")


def test_figures_of_networks(report: Call, trained: Path) -> None:
    for args in (
        ("1", "--boundary"),
        ("3", "--confusion"),
        ("2", "--predicted"),
        ("1", "--layers"),
    ):
        assert report(*args, "--plot", "a.svg", "--db", str(trained)).code == 0
        assert "<svg" in Path("a.svg").read_text()


def test_figures_that_there_are_not(report: Call) -> None:
    done = report("--curves", "--plot", "a.gif")
    assert done.code == 2
    assert "expected a name that ends with .png" in done.err
    assert "--plot means nothing without" in report("--plot", "a.png").err


def data_of(page: str) -> dict[str, object]:
    """What the page's program is given."""
    found = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page, re.S)
    assert found
    data = json.loads(found[1])
    assert isinstance(data, dict)
    return data


def test_a_page(report: Call) -> None:
    done = report("--html", "a.html", "--by", "act", "--vs", "act=relu")
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("wrote a.html: 17 runs, ")
    page = Path("a.html").read_text()
    assert EVIL not in page
    assert data_of(page)["groups"]
    assert data_of(page)["comparison"]


def test_a_page_has_the_views_as_sections(report: Call, trained: Path) -> None:
    views = ("--heat", "lr,act", "--parallel", "--sensitivity", "--curves")
    assert report("--html", "a.html", *views).code == 0
    sections = data_of(Path("a.html").read_text())["sections"]
    assert isinstance(sections, list)
    assert [each["kind"] for each in sections] == ["lines", "heat_map", "parallel"]
    of_one = ("--boundary", "--confusion", "--layers", "--db", str(trained))
    assert report("1", "--html", "b.html", *of_one).code == 0
    sections = data_of(Path("b.html").read_text())["sections"]
    assert isinstance(sections, list)
    assert [each["kind"] for each in sections] == ["layers", "boundary", "confusion"]


def test_a_page_of_no_runs_is_not_written(report: Call) -> None:
    done = report("--html", "a.html", "--where", "act=gelu")
    assert done.code == 0
    assert "none of the 17 runs" in done.err
    assert not Path("a.html").exists()
