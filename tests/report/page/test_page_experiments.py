"""Experiments in a real browser: the way to them, texts, verdicts and curves; also on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from chromium import Tab
from page_samples import page_data

from nncli.report.page import Experiment
from nncli.report.page.data import CURVES, VERDICTS
from nncli.tables import Table

expect = pytest.importorskip("playwright.sync_api").expect

Opener = Callable[..., Tab]

TEXT = """
A *line* cannot **part** them: `x1 x2` does. <script>alert(1)</script> <img src=x onerror=alert(2)>

- see [this](https://example.org/a)
- or [that](javascript:alert(3))
"""

OUTCOMES = (
    "supported",
    "refuted",
    "refuted, as expected",
    "undecided",
    "supported, not as expected",
)

MEASURE = "train_loss:last of hidden=4 below hidden=none"

TEST = "exact permutation"

ROWS = [
    (word, f"Claim {n} <b>", MEASURE, -0.5, "-1 to 0", 10, 0.002, TEST, "so in 10 of 10 pairs")
    for n, word in enumerate(OUTCOMES)
]


def experiment(title: str, **changes: Any) -> Experiment:
    points = [
        ("", line, epoch, 3, level / epoch, 0.5 * level / epoch, 2 * level / epoch)
        for line, level in (("hidden none", 1.0), ("hidden 4", 0.5))
        for epoch in range(1, 51)
    ]
    groups = Table({"hidden": ["none", "4"], "n": [3, 3], "mean": [0.7, 0.1]})
    verdicts, curves = Table.of_rows(VERDICTS, ROWS), Table.of_rows(CURVES, points)
    made = Experiment(title, TEXT, verdicts, curves, groups, "train_loss:last", ("on M1", "6 runs"))
    return replace(made, **changes)


def several() -> Any:
    return page_data(experiments=(experiment("First <i>"), experiment("Second")))


def test_the_way_to_each_experiment(show: Opener) -> None:
    page = show(several()).page
    links = page.locator("#contents a")
    assert links.all_inner_texts() == ["First <i>", "Second"]
    badges = page.locator("#contents li").first.locator(".badge").all_inner_texts()
    assert badges == [
        *("✓ 1 supported", "✗ 1 refuted", "✗ 1 refuted, as expected"),
        *("✓ 1 supported, not as expected", "? 1 undecided"),
    ]
    links.nth(1).click()
    expect(page.locator("#experiment-1 h2")).to_be_in_viewport()


def test_one_experiment_needs_no_list(show: Opener) -> None:
    page = show(page_data(experiments=(experiment("First"),))).page
    assert not page.locator("#contents").is_visible()
    assert page.inner_text("#experiment-0 h2") == "First"
    assert page.locator("#experiment-0 .note").first.inner_text() == "on M1 · 6 runs"


def test_a_page_without_experiments_shows_no_trace_of_them(show: Opener) -> None:
    page = show(page_data()).page
    assert not page.locator("#contents").is_visible()
    assert page.locator("#experiments > *").count() == 0


def test_a_text_is_text(show: Opener) -> None:
    page = show(page_data(experiments=(experiment("First"),))).page
    prose = page.locator(".prose")
    assert prose.locator("em").inner_text() == "line"
    assert prose.locator("strong").inner_text() == "part"
    assert prose.locator("code").inner_text() == "x1 x2"
    assert "<script>alert(1)</script> <img src=x" in prose.inner_text()
    assert prose.locator("script, img").count() == 0
    assert prose.locator("a").all_inner_texts() == ["this"]
    assert prose.locator("a").get_attribute("href") == "https://example.org/a"
    assert "noopener" in str(prose.locator("a").get_attribute("rel"))
    assert "[that](javascript:alert(3))" in prose.inner_text()


def test_verdicts_are_told_by_words_and_signs(show: Opener) -> None:
    page = show(page_data(experiments=(experiment("First"),))).page
    rows = page.locator(".verdicts tbody tr")
    assert rows.count() == len(OUTCOMES)
    texts = rows.locator(".badge").all_inner_texts()
    assert [re.sub(r"^\W+ ", "", text) for text in texts] == list(OUTCOMES)
    assert [text[0] for text in texts] == ["✓", "✗", "✗", "?", "✓"]
    first = rows.first.inner_text()
    for said in ("Claim 0 <b>", "train_loss:last of hidden=4", "-0.5", "-1 to 0", "0.002"):
        assert said in first
    assert f"test: {TEST}" in first
    heads = page.locator(".verdicts th").all_inner_texts()
    assert heads == ["verdict", "claim", "estimate", "95% interval", "n", "p_holm"]


def test_a_claim_without_a_test_names_none(show: Opener) -> None:
    rows = [(*ROWS[0][:6], None, None, "no run is there")]
    page = show(page_data(experiments=(experiment("1", verdicts=Table.of_rows(VERDICTS, rows)),)))
    assert page.page.locator(".verdicts .test").count() == 0


def test_curves_have_bands_and_a_legend(show: Opener) -> None:
    page = show(page_data(experiments=(experiment("First"),))).page
    figure = page.locator("#experiment-0 figure")
    assert figure.locator("path.band").count() == 2
    assert figure.locator(".legend li").all_inner_texts() == ["hidden none", "hidden 4"]
    assert figure.locator("figcaption").inner_text() == "mean train loss by epoch"
    ticks = figure.locator(".ticks text").all_text_contents()
    assert {"0.01", "0.1", "1"} <= set(ticks)  # losses from 1 to 0.01 stand on a logarithmic axis


def test_each_picture_has_its_own_axes_and_lines(show: Opener) -> None:
    points = [
        (picture, f"lr {lr}", epoch, 3, level, 0.9 * level, 1.1 * level)
        for picture, level in (("my_digits", 0.5), ("bowl", 1e12))
        for lr in (0.1, 1)
        for epoch in (1, 2)
    ]
    page = show(
        page_data(experiments=(experiment("1", curves=Table.of_rows(CURVES, points)),))
    ).page
    figures = page.locator("#experiment-0 figure")
    captions = figures.locator("figcaption").all_inner_texts()
    assert captions == ["my_digits: mean train loss by epoch", "bowl: mean train loss by epoch"]
    for figure in figures.all():
        assert figure.locator(".legend li").all_inner_texts() == ["lr 0.1", "lr 1"]
    ticks = figures.first.locator(".ticks text").all_text_contents()
    heights = [float(text) for text in ticks if re.fullmatch(r"[0-9.e+]+", text)]
    assert heights
    assert max(heights) < 10  # and none as high as the bowl's


def test_no_run_is_the_best_of_several_experiments(show: Opener) -> None:
    one = show(page_data(experiments=(experiment("First"),))).page
    assert "best val_accuracy" in one.inner_text("#facts")
    assert "best" not in show(several()).page.inner_text("#facts")


def test_groups_are_there_to_be_unfolded(show: Opener) -> None:
    page = show(page_data(experiments=(experiment("First"),))).page
    table = page.locator("#experiment-0 details table")
    assert not table.is_visible()
    page.locator("#experiment-0 summary").click()
    expect(table).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_on_a_phone(scheme: str, show: Opener) -> None:
    settings = {"viewport": {"width": 375, "height": 800}, "color_scheme": scheme}
    page = show(several(), **settings).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    for cell in page.locator(".verdicts tbody tr").first.locator("td").all():
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 375
    assert "estimate" in str(
        page.locator(".verdicts .figure").first.evaluate(
            "cell => getComputedStyle(cell, '::before').content"
        )
    )
