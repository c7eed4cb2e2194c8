"""Figures in files: every kind in every format, its text, its bytes, and what cannot be written."""

from __future__ import annotations

import builtins
import math
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from nncli.errors import UsageError
from nncli.metrics import read_metric
from nncli.report.compare.groups import group_runs
from nncli.report.compare.sensitivity import rate_sensitivity
from nncli.report.figures import KINDS, save
from nncli.report.pictures.views import Boundary, Confusion, Predictions
from nncli.tables import Table

METRIC = read_metric("val_accuracy")
#: Markup, mathematics, a line end, a terminal's command, and letters that the font lacks.
NASTY = "<b>$x^2$ & \n\x1b[2J_名"


def runs() -> Table:
    rows = [
        (act, lr, seed, value if value < 0.9 else math.nan, "completed")
        for act in ("relu", NASTY)
        for lr in (0.001, 0.01, 0.1)
        for seed in (0, 1, 2)
        for value in (0.5 + lr + seed / 100 + len(act) / 100 + (lr == 0.1 and act == NASTY),)
    ]
    return Table.of_rows(("act", "lr", "seed", METRIC.label, "status"), rows)


def long_table() -> Table:
    rows = [
        (run, epoch, 45 * epoch, epoch / 10, math.nan if epoch == 7 else run / epoch)
        for run in (1, 2, 3)
        for epoch in range(1, 31)
    ]
    return Table.of_rows(("run", "epoch", "updates", "seconds", "val_loss"), rows)


def layers() -> Table:
    rows = [(1, e, n, 0.1**n / e, 0.0) for e in range(1, 11) for n in (1, 2)]
    return Table.of_rows(("run", "epoch", "layer", "grad_norm", "dead_frac"), rows)


def plane() -> Boundary:
    return Boundary(
        title="run 1", classes=("a", NASTY), features=("x1", NASTY), x=(-1.0, 1.0), y=(-1.0, 1.0),
        codes=np.repeat([[0] * 10 + [1] * 10], 20, axis=0), sureness=np.full((20, 20), 0.8),
        points=np.array([[-0.5, 0.0], [0.5, 0.0]]), truth=np.array([0, 1]),
        said=np.array([0, 0]), training=np.array([True, False]),
    )  # fmt: skip


def content(kind: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    labels = {1: "run 1", 2: NASTY, 3: "_hidden"}
    curve = rate_sensitivity(runs(), ("act",), METRIC).curve.table
    stairs = [("a", 1.0, 0.5), ("a", 2.0, 1.0), (NASTY, 1.0, 0.5), (NASTY, 4.0, 0.5)]
    values = np.array([0.0, 1.0, 2.0, 3.0])
    known: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
        "curves": ((long_table(), labels, ["val_loss"]), {"smooth": 0.5}),
        "groups": ((group_runs(runs(), ("act",), METRIC).table, ("act",), METRIC.label), {}),
        "heat": ((runs(), "lr", "act", METRIC.label), {}),
        "sensitivity": ((curve, ("act",), METRIC.label), {}),
        "profile": ((Table.of_rows(("opt", "tau", "share"), stairs), ("opt",)), {}),
        "boundary": (((plane(),),), {}),
        "confusion": (((Confusion("run 1", ("a", NASTY), np.array([[5, 1], [2, 7]])),),), {}),
        "predicted": (((Predictions("run 1", NASTY, values, values + 0.1),),), {}),
        "layers": ((layers(),), {}),
    }
    return known[kind]


def draw(kind: str, path: Path, **more: Any) -> tuple[str, ...]:
    positional, options = content(kind)
    return save(kind, path, *positional, **{**options, **more})


def texts(path: Path) -> list[str]:
    """The texts of an SVG file, which an XML reader must be able to read."""
    return ["".join(e.itertext()) for e in ElementTree.parse(path).iter() if e.tag.endswith("text")]


@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        *zip(KINDS, ["png", "svg", "pdf"] * 3, strict=True),
        *(("curves", "svg"), ("curves", "pdf"), ("boundary", "svg")),
    ],
)
def test_the_same_figure_gives_the_same_bytes(kind: str, ending: str, tmp_path: Path) -> None:
    first, second = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    draw(kind, first)
    draw(kind, second)
    assert first.read_bytes() == second.read_bytes()
    begins = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    assert first.read_bytes().startswith(begins[ending])
    for mark in (b"CreationDate", b"dc:date", b"tEXt"):
        assert mark not in first.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {first.name, second.name}


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_is_as_wide_as_a_column_and_nothing_is_cut_off(kind: str, tmp_path: Path) -> None:
    draw(kind, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.width == 3.4 * 300
        pixels = np.asarray(image.convert("L"))
    assert pixels.min() < 100  # something is drawn
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 255).all()


@pytest.mark.parametrize("kind", KINDS)
def test_text_stays_text_of_eight_points(kind: str, tmp_path: Path) -> None:
    draw(kind, tmp_path / "a.svg", width=7.0, height=3.0)
    found = texts(tmp_path / "a.svg")
    assert found
    assert not any("\n" in text or "\x1b" in text for text in found)
    written = (tmp_path / "a.svg").read_text()
    sizes = re.findall(r"font(?:-size)?: *(?:\w+ )?([\d.]+)px", written)
    assert max(map(float, sizes)) == 8.0  # points, of which 72 are an inch
    assert ElementTree.fromstring(written).get("width") == "504pt"  # 7 inches


def test_strings_are_shown_as_they_are(tmp_path: Path) -> None:
    shown = "<b>$x^2$ & \\n\\x1b[2J_名"
    for kind in ("curves", "groups", "heat", "sensitivity", "boundary", "confusion", "predicted"):
        draw(kind, tmp_path / "a.svg")
        found = " ".join(texts(tmp_path / "a.svg"))
        part = shown if kind in ("curves", "groups", "predicted") else shown[:4]
        assert part in found, kind
    assert "_hidden" in " ".join(texts(_curves(tmp_path)))


def _curves(folder: Path) -> Path:
    draw("curves", folder / "c.svg")
    return folder / "c.svg"


def test_axes_name_the_metric_and_its_statistic(tmp_path: Path) -> None:
    expected = {
        "curves": ["val_loss", "(moving average, weight 0.5)", "epoch", "raw values"],
        "groups": ["val_accuracy:best", "mean, 95% interval", "best run", "runs"],
        "heat": ["val_accuracy:best", "(mean of runs)", "lr", "act"],
        "sensitivity": ["val_accuracy:best", "95% interval", "learning rate"],
        "profile": ["updates to the target, in times the fastest", "share of problems"],
        "confusion": ["true class", "predicted class", "share of the true class", "7"],
        "boundary": ["x1", "not trained on"],
        "predicted": ["RMSE 0.1", "4 rows"],
        "layers": ["norm of the gradient", "(grad_norm)", "layer 2"],
    }
    for kind, wanted in expected.items():
        draw(kind, tmp_path / "a.svg")
        found = texts(tmp_path / "a.svg")
        assert not set(wanted) - set(found), kind


def test_bands_are_named(tmp_path: Path) -> None:
    groups = {1: "a", 2: "a", 3: "b"}
    for band, words in (("range", "lowest to highest"), ("interval", "95% interval of the mean")):
        draw("curves", tmp_path / "a.svg", groups=groups, band=band, smooth=0.0)
        assert words in texts(tmp_path / "a.svg")
        assert "(mean of runs)" in texts(tmp_path / "a.svg")


def test_what_a_figure_does_not_show_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    assert draw("curves", path) == ("3 values not drawn: nan or infinite",)
    assert draw("heat", path) == ("3 runs that did not end well left out of the means",)
    assert draw("sensitivity", path) == ("no run ended well at 1 rate",)
    assert draw("layers", path) == ("0 in all layers and epochs, and not drawn: dead_frac",)
    assert draw("boundary", path) == ("run 1: 1 of 2 points taken for another class",)
    assert draw("confusion", path) == ("run 1: accuracy 0.8000, 12 of 15 rows",)


ODD: list[tuple[str, tuple[Any, ...]]] = [
    ("curves", (long_table().take([0]), {1: "a"}, ["val_loss"])),
    ("curves", (long_table().take([6]), {1: "a"}, ["val_loss"])),  # a nan alone
    ("curves", (long_table().take([]), {}, ["val_loss"])),
    ("curves", (long_table(), dict.fromkeys((1, 2, 3), "name " * 20), ["val_loss"])),
    ("groups", (group_runs(runs().take([17]), ("act",), METRIC).table, ("act",), METRIC.label)),
    ("groups", (group_runs(runs(), ("act", "lr", "seed"), METRIC).table, ("seed",), METRIC.label)),
    ("heat", (runs().take([15, 16, 12]), "lr", "seed", METRIC.label)),  # all diverged but one
    ("heat", (Table({**runs().columns, METRIC.label: [math.nan] * 18}), "lr", "act", METRIC.label)),
    ("predicted", ((Predictions("r", "y", np.zeros(1), np.full(1, math.nan)),),)),
    ("predicted", ((Predictions("r", "y", np.zeros(3), np.zeros(3)),) * 3,)),
    ("confusion", ((Confusion("r", ("a", "b"), np.zeros((2, 2), np.int64)),) * 2,)),
    ("confusion", ((Confusion("r", tuple(map(str, range(60))), np.eye(60, dtype=np.int64)),),)),
    ("boundary", ((plane(),) * 3,)),
    ("layers", (layers().pick(("run", "epoch", "layer", "dead_frac")),)),
]


@pytest.mark.parametrize(("kind", "given"), ODD)
def test_odd_content_is_drawn(kind: str, given: tuple[Any, ...], tmp_path: Path) -> None:
    save(kind, tmp_path / "a.png", *given)
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends with \.jpg: expected .* \.png, \.svg, \.pdf"):
        draw("heat", tmp_path / "a.jpg")
    with pytest.raises(UsageError, match="has no ending"):
        draw("heat", tmp_path / "figure")
    with pytest.raises(UsageError, match="cannot be written"):
        draw("heat", tmp_path / "nowhere" / "a.png")
    (tmp_path / "b.png").mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        draw("heat", tmp_path / "b.png")
    assert [path.name for path in tmp_path.iterdir()] == ["b.png"]
    with pytest.raises(UsageError, match=r"unknown kind of figure 'hat'.*did you mean 'heat'"):
        save("hat", tmp_path / "a.png")


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "matplotlib":
            raise ImportError(name)
        return genuine(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"pip install 'nncli\[plot\]'"):
        draw("heat", tmp_path / "a.png")


def test_the_user_s_own_settings_stay_and_do_not_matter(tmp_path: Path) -> None:
    import matplotlib

    draw("heat", tmp_path / "a.svg")
    with matplotlib.rc_context({"font.size": 30.0, "axes.grid": True}):
        draw("heat", tmp_path / "b.svg")
        assert matplotlib.rcParams["font.size"] == 30.0
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_threads_draw_what_they_are_told(tmp_path: Path) -> None:
    draw("curves", tmp_path / "curves.svg")
    draw("confusion", tmp_path / "confusion.svg")
    kinds = ["curves", "confusion"] * 3

    def one(place: int) -> None:
        draw(kinds[place], tmp_path / f"{place}.svg")

    threads = [threading.Thread(target=one, args=(place,)) for place in range(len(kinds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for place, kind in enumerate(kinds):
        expected = (tmp_path / f"{kind}.svg").read_bytes()
        assert (tmp_path / f"{place}.svg").read_bytes() == expected


def test_matplotlib_is_imported_for_figures_alone_and_without_pyplot() -> None:
    code = (
        "import sys, nncli.report.figures, nncli.report.pictures.curves\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'matplotlib', 'plotext', 'scipy', 'pandas', 'numba'}, loaded\n"
        "from nncli.tables import Table\n"
        "table = Table({'opt': ['a'], 'tau': [1.0], 'share': [0.5]})\n"
        "nncli.report.figures.save('profile', sys.argv[1], table, ('opt',))\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "/dev/null/a.png"], capture_output=True, text=True, check=False
    )
    # the folder is none: the figure was drawn, and could not be written
    assert "cannot be written" in done.stderr.splitlines()[-1]
