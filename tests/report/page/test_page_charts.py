"""Curves and other pictures of the page, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from chromium import Tab
from page_samples import page_data

from nncli.report.page import Section
from nncli.report.page.packing import LONG
from nncli.tables import Table

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

expect = pytest.importorskip("playwright.sync_api").expect
expect.set_options(timeout=20_000)  # machines are busy

Opener = Callable[..., Tab]

NOTHING = "\u2013"

#: A browser takes a second for each; test_page_browser.py is the fast part.
pytestmark = pytest.mark.slow


def chart(page: Page, place: int = 0) -> Locator:
    return page.locator("figure.chart").nth(place)


def line_ends(path: str | None) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.-]+) ([\d.-]+)", path or "")]


def test_groups_are_drawn_with_bands(show: Opener) -> None:
    page = show(page_data()).page
    assert page.locator("#legend button").all_inner_texts() == [
        "act tanh, opt adam (3 runs)",
        "act tanh, opt sgd (3 runs)",
        "act relu, opt adam (3 runs)",
        "act relu, opt sgd (3 runs)",
    ]
    first = chart(page)
    assert first.locator("select").input_value() == "val_accuracy"
    assert first.locator(".main").count() == first.locator(".band").count() == 4
    assert len(line_ends(first.locator(".main").first.get_attribute("d"))) == 20
    assert chart(page, 1).locator("select").input_value() == "loss"
    assert chart(page, 1).locator(".line.dashed").count() == 4  # train beside val


def test_where_a_run_ceased_to_be_a_number_is_marked(show: Opener) -> None:
    page = show(page_data()).page
    group = chart(page, 1).locator('.line[data-key="act relu, opt sgd"]')
    for metric in (0, 1):  # the mean goes on, over the others
        assert len(line_ends(group.nth(metric).locator(".main").get_attribute("d"))) == 20
    assert chart(page, 1).locator(".broken").count() == 2
    assert {"then nan", "then inf"} == {
        (text or "") for text in chart(page, 1).locator(".broken title").all_text_contents()
    }


def test_every_run(show: Opener) -> None:
    page = show(page_data()).page
    page.get_by_label("Lines", exact=True).select_option("each")
    assert chart(page).locator(".main").count() == 12
    assert chart(page).locator(".band").count() == 0
    page.locator('tr[data-run="3"] input').check()
    page.locator('tr[data-run="5"] input').check()
    expect(page.locator("#legend button")).to_have_count(2)
    assert page.locator("#legend button").all_inner_texts() == [
        "run 5: act relu, opt adam",
        "run 3: act relu, opt sgd",
    ]


def test_fields_of_groups_can_be_chosen(show: Opener) -> None:
    page = show(page_data()).page
    page.locator("summary", has_text="Group by: act, opt").click()
    page.locator("#chart-settings .sheet").get_by_label("opt").uncheck()
    assert page.locator("#legend button").all_inner_texts() == [
        "act tanh (6 runs)",
        "act relu (6 runs)",
    ]


def test_the_legend_hides_lines(show: Opener) -> None:
    page = show(page_data()).page
    first = page.locator("#legend button").first
    assert first.get_attribute("aria-pressed") == "true"
    first.click()
    assert first.get_attribute("aria-pressed") == "false"
    assert chart(page).locator(".main").count() == 3
    first.press("Enter")
    assert chart(page).locator(".main").count() == 4


def test_metric_axis_and_smoothing(show: Opener) -> None:
    page = show(page_data()).page
    page.get_by_label("Lines", exact=True).select_option("each")
    first = chart(page)
    first.locator("select").select_option("val_loss")
    log = first.get_by_label("log y")
    before = first.locator(".main").first.get_attribute("d")
    log.set_checked(not log.is_checked())
    assert first.locator(".main").first.get_attribute("d") != before
    assert first.locator(".raw").count() == 0
    page.get_by_label("Smoothing").fill("0.8")
    assert first.locator(".raw").count() == 12  # the raw line is kept behind
    page.get_by_label("X axis").select_option("seconds")
    assert first.get_by_text("seconds of training").count() == 1
    page.get_by_label("log x").check()
    page.get_by_label("X axis").select_option("updates")
    assert first.locator(".main").count() == 12


def test_means_over_seconds_and_other_bands(show: Opener) -> None:
    page = show(page_data()).page
    page.get_by_label("X axis").select_option("seconds")
    assert chart(page).locator(".band").count() == 4
    widest = chart(page).locator(".band").first.get_attribute("d")
    for band in ("deviation", "interval"):
        page.get_by_label("Band", exact=True).select_option(band)
        assert chart(page).locator(".band").first.get_attribute("d") != widest


def test_values_at_the_pointer(show: Opener) -> None:
    data = page_data()
    page = show(data).page
    plot = chart(page).locator(".plot")
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.5)
    tip = plot.locator(".tip")
    assert tip.is_visible()
    text = tip.inner_text()
    assert re.match(r"epoch \d+\n", text)
    assert "act tanh, opt adam (3 runs)" in text
    assert chart(page).locator(".marker circle").count() == 4
    page.mouse.move(5, 5)
    assert tip.is_hidden()


def test_values_by_the_arrow_keys(show: Opener) -> None:
    page = show(page_data(acts=("relu",), opts=("sgd",), seeds=2)).page
    plot = chart(page).locator(".plot")
    plot.focus()
    page.keyboard.press("Home")
    assert plot.locator(".tip").inner_text().startswith("epoch 1\n")
    page.keyboard.press("ArrowRight")
    assert plot.locator(".tip").inner_text().startswith("epoch 2\n")
    page.keyboard.press("End")
    assert plot.locator(".tip").inner_text().startswith("epoch 20\n")
    page.keyboard.press("Escape")
    assert plot.locator(".tip").is_hidden()


def test_the_value_shown_is_the_value_stored(show: Opener) -> None:
    data = page_data(acts=("relu",), opts=("sgd",), seeds=2)
    page = show(data).page
    page.locator('tr[data-run="2"] input').check()
    plot = chart(page).locator(".plot")
    plot.focus()
    page.keyboard.press("Home")
    stored = data.curves["val_accuracy"][data.curves["run"].index(2)]
    assert f"{stored:.4f}" in plot.locator(".tip").inner_text()


def test_dragging_narrows_the_axis(show: Opener) -> None:
    page = show(page_data()).page
    box = chart(page).locator(".plot").bounding_box()
    assert box is not None
    y = box["y"] + 100
    page.mouse.move(box["x"] + 200, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 350, y, steps=4)
    page.mouse.up()
    whole = page.get_by_role("button", name="Whole range")
    assert whole.is_visible()
    whole.click()
    assert whole.is_hidden()


def test_charts_are_added_and_removed(show: Opener) -> None:
    page = show(page_data()).page
    page.get_by_role("button", name="Add chart").click()
    assert page.locator("figure.chart").count() == 3
    page.get_by_role("button", name="Remove the chart of loss").click()
    assert page.locator("figure.chart").count() == 2


def test_a_chart_is_saved_as_a_picture(show: Opener) -> None:
    tab = show(page_data())
    with tab.page.expect_download() as caught:
        chart(tab.page).get_by_role("button", name="Save SVG").click()
    assert caught.value.suggested_filename == "val_accuracy.svg"
    text = caught.value.path().read_text()
    assert text.startswith("<svg")
    assert "stroke: rgb(" in text
    tab.requests[:] = [url for url in tab.requests if not url.startswith("blob:")]


def test_intervals_and_verdicts(show: Opener) -> None:
    names = ("act", "n", "mean", "std", "ci_low", "ci_high", "median", "best", "failed")
    groups = Table.of_rows(
        names,
        [
            ("relu", 3, 0.91, 0.01, 0.90, 0.92, 0.91, 0.93, 1),
            ("tanh", 1, 0.95, None, None, None, 0.95, 0.95, 0),
            ("step", 0, None, None, None, None, None, None, 3),
        ],
    )
    verdicts = ("better", "worse", "no difference shown", "too few seeds")
    comparison = Table.of_rows(
        ("act", "pairs", "difference", "ci_low", "ci_high", "verdict"),
        [(f"a{n}", 3, 0.01 * n, 0.0, 0.02 * n, word) for n, word in enumerate(verdicts)],
    )
    page = show(
        page_data(
            groups=groups, comparison=comparison, remarks={"comparison": ("Paired by seed.",)}
        )
    ).page
    assert "Paired by seed." in page.inner_text("#comparison .note")
    rows = page.locator("#groups tbody tr")
    assert rows.first.locator("td").all_inner_texts()[:3] == ["relu", "3", "0.9100"]
    assert [rows.nth(n).locator(".whisker").count() for n in range(3)] == [1, 0, 0]
    assert [rows.nth(n).locator(".middle").count() for n in range(3)] == [1, 1, 0]
    assert page.locator("#comparison .badge").all_inner_texts() == list(verdicts)
    assert page.locator("#comparison .zero").count() == 4
    page.locator("#groups th button", has_text="mean").first.click()
    page.locator("#groups th button", has_text="mean").first.click()
    assert page.locator("#groups tbody td:first-child").all_inner_texts() == [
        *("tanh", "relu", "step"),
    ]


def test_pictures_of_sections(show: Opener) -> None:
    # So many rows that they are packed as float32.
    grid = [(x / 2, y / 2, "a" if x > y else "b") for x in range(50) for y in range(50)]
    assert len(grid) >= LONG
    stats = [(1, e, layer, 0.1 * e, None) for e in (1, 2, 3) for layer in (1, 2)]
    sections = {
        "steps": Table.of_rows(("opt", "tau", "share"), [("sgd", 1.0, 0.5), ("sgd", 4.0, 1.0)]),
        "lines": Table.of_rows(
            ("opt", "lr", "n", "mean", "ci_low", "ci_high"),
            [("sgd", 0.01, 3, 0.9, 0.8, 0.95), ("sgd", 0.1, 1, 0.8, None, None)],
        ),
        "heat_map": Table.of_rows(
            ("lr", "act", "n", "mean"), [(0.1, "relu", 3, 0.9), (0.2, "tanh", 0, None)]
        ),
        "confusion": Table.of_rows(
            ("true", "predicted", "count"), [("0", "0", 9), ("0", "1", 1), ("1", "1", 5)]
        ),
        "boundary": Table.of_rows(("x1", "x2", "class"), grid),
        "points": Table.of_rows(("target", "true", "predicted"), [("y", 0.1, 0.2), ("y", 1, 0.8)]),
        "layers": Table.of_rows(("run", "epoch", "layer", "grad_norm", "dead_frac"), stats),
        "parallel": Table.of_rows(
            ("run", "status", "act", "lr", "val_accuracy:best"),
            [(1, "completed", "relu", 0.1, 0.9), (2, "diverged", "tanh", 0.1, None)],
        ),
        "table": Table({"a": [1]}),
    }
    data = page_data(
        sections=tuple(Section(kind, (), {kind: table}, kind) for kind, table in sections.items())
    )
    page = show(data).page
    for kind in sections:
        place = page.locator("#sections > section", has=page.get_by_role("heading", name=kind))
        assert place.locator("figure").count() == (kind != "table"), kind
        assert place.locator("table:not(.shaded)").count() == 1, kind
    assert page.locator("#sections .main").count() == 4
    assert page.locator("#sections .strand").count() == 1
    assert page.locator("#sections .area").count() == 2
    heat, confusion = (page.locator("#sections .shaded").nth(n) for n in (0, 1))
    assert heat.locator("td").all_inner_texts() == [NOTHING, NOTHING, "0.9000", NOTHING]
    assert confusion.locator("td").all_inner_texts() == ["9", "1", "0", "5"]


def test_a_table_that_does_not_fit_its_kind_stays_a_table(show: Opener) -> None:
    odd = Table({"a": ["x", None], "b": [(), ("t",)]})
    kinds = ("lines", "steps", "layers", "heat_map", "confusion", "boundary", "points", "parallel")
    sections = tuple(Section(kind, (), {kind: odd}, kind) for kind in kinds)
    page = show(page_data(sections=sections)).page
    assert page.locator("#sections figure").count() == 0
    assert page.locator("#sections table").count() == len(kinds)
