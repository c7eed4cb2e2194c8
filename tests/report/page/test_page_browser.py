"""The page in a real browser: table, filter, detail, theme, keyboard, phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from chromium import Tab
from page_samples import page_data

from nncli.report.page import Section
from nncli.tables import Table

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Not before a browser is known to be there: without Playwright these tests are skipped.
expect = pytest.importorskip("playwright.sync_api").expect
expect.set_options(timeout=20_000)  # machines are busy

Opener = Callable[..., Tab]

SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(2)>"


def column(page: Page, name: str) -> list[str]:
    """The texts of a column of the run table, from above."""
    names = page.locator("#run-table thead th:not(.mark)").all_inner_texts()
    place = [re.sub(r"[▲▼\s]", "", each) for each in names].index(name)
    cells = page.locator(f"#run-table tbody tr[data-run] > :nth-child({place + 2})")
    return cells.all_inner_texts()


def search(page: Page, text: str, said: str) -> None:
    """Filter by a text, and wait for what the page says of it."""
    page.fill("#query", text)
    # By a locator: the page's policy forbids to evaluate a condition that is a text.
    expect(page.locator("#found")).to_have_text(said)


def test_what_is_shown_at_first(show: Opener) -> None:
    page = show(page_data()).page
    assert page.title() == "Night sweep"
    assert page.inner_text("#title") == "Night sweep"
    assert page.inner_text("#origin") == "results.db, 2026-03-01 10:00 UTC"
    assert page.inner_text("#facts .count") == "12 runs"
    assert page.locator("#facts .status").all_inner_texts() == ["11 completed", "1 diverged"]
    assert column(page, "run") == [str(run) for run in range(12, 0, -1)]
    heads = page.locator("#run-table thead .label").all_inner_texts()
    assert heads[:4] == ["run", "status", "act", "opt"]  # what differs stands first
    assert {"data", "hidden", "lr"}.isdisjoint(heads)
    common = page.inner_text("#common")
    assert "data digits, hidden 64, lr 0.001" in common
    assert page.locator("#run-table .odd").all_inner_texts() == ["nan"]


def test_sorting_by_the_mouse(show: Opener) -> None:
    page = show(page_data()).page
    head = page.locator("#run-table th", has_text="val_accuracy:best")
    assert head.get_attribute("aria-sort") == "none"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"  # the best come first
    found = [float(text) for text in column(page, "val_accuracy:best")]
    assert found == sorted(found, reverse=True)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column(page, "val_accuracy:best") == [f"{value:.4f}" for value in sorted(found)]
    head.locator("button").click()
    assert column(page, "run")[0] == "12"


def test_what_is_no_number_sorts_after_numbers(show: Opener) -> None:
    data = page_data()
    oldest_first = data.runs.take(range(len(data.runs))[::-1])
    page = show(replace(data, runs=oldest_first)).page
    head = page.locator("#run-table th", has_text="train_loss:last").locator("button")
    for _ in range(2):
        head.click()
        assert column(page, "train_loss:last")[-1] == "nan"


def test_sorting_by_the_keyboard(show: Opener) -> None:
    page = show(page_data()).page
    page.locator("#run-table th button", has_text="act").first.focus()
    page.keyboard.press("Enter")
    assert column(page, "act") == ["relu"] * 6 + ["tanh"] * 6
    focused = page.evaluate("document.activeElement.dataset.name")
    assert focused == "act"  # the focus stays where it was
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("act=relu", "6 of 12 runs"),
        ("act=relu opt=adam", "3 of 12 runs"),
        ("act=relu and opt=adam and seed>=1", "2 of 12 runs"),
        ("relu adam", "3 of 12 runs"),
        ("act=relu opt=adam or opt=sgd", "9 of 12 runs"),
        ("act!=relu", "6 of 12 runs"),
        ("act~ta*", "6 of 12 runs"),
        ("status=diverged", "1 of 12 runs"),
        ("tags=NIGHT seed=0", "4 of 12 runs"),
        ("train_loss:last=nan", "1 of 12 runs"),
        ("train_loss:last<inf", "11 of 12 runs"),
        ("val_accuracy>2", "0 of 12 runs"),
        ('name="no such name"', "0 of 12 runs"),
        ("act=constructor", "0 of 12 runs"),
        ("run=7", "1 of 12 runs"),
        ("7", "1 of 12 runs"),
        ("acct=relu", "no field “acct” (did you mean act?)"),
        ("name=none", "12 runs"),
    ],
)
def test_filter(window: Page, text: str, said: str) -> None:
    search(window, "", "12 runs")
    search(window, text, said)
    if said[0].isdigit():
        assert len(column(window, "run")) == int(said.split()[0])


@pytest.fixture(scope="module")
def window(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One page for many filters."""
    from nncli.report.page import page

    path = tmp_path_factory.mktemp("filter") / "out.html"
    path.write_text(page(page_data()), encoding="utf-8")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield Tab(context).open(path.as_uri())
    context.close()


def test_the_filter_holds_for_the_curves_too(show: Opener) -> None:
    page = show(page_data()).page
    assert page.locator("#legend button").count() == 4
    search(page, "act=tanh", "6 of 12 runs")
    expect(page.locator("#legend button")).to_have_count(2)
    assert "act tanh, opt adam (3 runs)" in page.locator("#legend button").all_inner_texts()


def test_a_run_named_as_a_script_is_shown_as_text(show: Opener) -> None:
    nasty = Table({SCRIPT: [IMAGE], "verdict": [SCRIPT]})
    data = page_data(
        names={1: SCRIPT, 2: IMAGE, 12: '"quoted"'},
        seeds=1,
        acts=("relu", SCRIPT),
        opts=("sgd", "adam", IMAGE),
        title=SCRIPT,
        database=IMAGE,
        notes=(SCRIPT,),
        groups=nasty,
        comparison=nasty,
        sections=(Section(SCRIPT, (IMAGE,), {SCRIPT: nasty}),),
    )
    page = show(data).page
    assert page.title() == page.inner_text("#title") == SCRIPT
    assert SCRIPT in column(page, "name")
    assert SCRIPT in column(page, "act")
    search(page, f'name="{SCRIPT}"', "1 of 6 runs")
    search(page, "<img", "3 of 6 runs")
    search(page, "xyz=<b>1</b>", "no field “xyz”")
    search(page, "", "6 runs")
    page.locator('tr[data-run="1"] button').click()
    assert SCRIPT in page.inner_text("#detail h2")
    page.keyboard.press("Escape")
    page.locator(".plot").first.hover()
    assert SCRIPT in page.locator(".tip").first.inner_text()
    assert SCRIPT in page.inner_text("#legend")
    for place in ("#groups", "#comparison", "#sections", "#notes"):
        assert SCRIPT in page.inner_text(place)
    assert page.locator("img, script:not([type])").count() == 1  # the page's own early one
    assert page.locator("b script, td script, img").count() == 0


def test_one_run_in_full(show: Opener) -> None:
    page = show(page_data(names={7: "seven"})).page
    page.locator('tr[data-run="7"] td', has_text="tanh").click()
    assert page.inner_text("#detail h2") == "Run 7 seven"
    text = page.inner_text("#detail")
    for part in ("hidden", "digits", "4,810", "2026-03-01 09:07:00 UTC", "threads"):
        assert part in text
    assert page.locator("#detail .differs dt", has_text="act").count() == 1
    page.get_by_label("Run below").click()
    assert page.inner_text("#detail h2") == "Run 6"
    page.keyboard.press("Escape")
    assert page.locator("#detail").is_hidden()
    assert page.evaluate("document.activeElement.textContent") == "6"  # back where it was


def test_a_run_by_the_keyboard(show: Opener) -> None:
    page = show(page_data()).page
    page.locator('tr[data-run="3"] button').focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "detail-title"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "query"


def test_columns_can_be_chosen(show: Opener) -> None:
    page = show(page_data()).page
    page.locator("summary", has_text="Columns").click()
    sheet = page.get_by_role("group", name="Columns of the table")
    sheet.get_by_label("hidden").check()
    sheet.get_by_label("act", exact=True).uncheck()
    page.keyboard.press("Escape")
    assert not sheet.is_visible()
    heads = page.locator("#run-table thead .label").all_inner_texts()
    assert "hidden" in heads
    assert "act" not in heads


def test_theme(show: Opener) -> None:
    page = show(page_data()).page
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.locator("#theme").click()
    dark = page.evaluate(ground)
    assert light != dark
    assert page.evaluate("localStorage.getItem('nncli-theme')") == "dark"
    page.locator("#theme").click()
    assert page.evaluate(ground) == light
    assert show(page_data(), color_scheme="dark").page.evaluate(ground) == dark


def test_the_chosen_theme_is_kept(show: Opener) -> None:
    tab = show(page_data())
    # A reload at once may come before the browser has written what was stored.
    tab.page.add_init_script("localStorage.setItem('nncli-theme', 'dark')")
    tab.page.reload()
    assert tab.page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_movement_is_reduced_where_that_is_asked_for(show: Opener) -> None:
    moving = "getComputedStyle(document.querySelector('#theme')).transitionDuration"
    assert show(page_data(), reduced_motion="reduce").page.evaluate(moving) == "0s"
    assert show(page_data()).page.evaluate(moving) != "0s"


def test_phone(show: Opener) -> None:
    wide = Table({f"column_{place}": ["x" * 30] for place in range(12)})
    data = page_data(
        names={1: "n" * 200},
        title="A title " + "of many words " * 8 + "x" * 90,
        groups=wide,
        sections=(Section("Wide", ("word " * 50,), {"Wide": wide}),),
    )
    page = show(data, viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True).page
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) == 0
    page.locator('tr[data-run="3"] button').tap()
    assert page.locator("#detail").is_visible()
    assert page.evaluate(overflow) == 0
    page.get_by_role("button", name="Close").tap()
    page.locator("summary", has_text="Columns").tap()
    assert page.evaluate(overflow) == 0
    assert page.evaluate("innerWidth") == 360  # not zoomed out to fit something wide


def test_of_many_rows_those_in_sight_are_there(show: Opener) -> None:
    page = show(page_data(seeds=100, epochs=2)).page
    assert page.inner_text("#facts .count") == "400 runs"
    rows = page.locator("#run-table tbody tr[data-run]")
    assert rows.count() < 100
    assert page.locator("#run-table table").get_attribute("aria-rowcount") == "401"
    page.locator("#run-table .scroll").evaluate("box => { box.scrollTop = box.scrollHeight; }")
    page.wait_for_selector('tr[data-run="1"]')
    assert page.locator('tr[data-run="1"]').get_attribute("aria-rowindex") == "401"
    assert column(page, "run")[-1] == "1"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert rows.count() == 400
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert rows.count() < 100


def test_paper(show: Opener) -> None:
    page = show(page_data(), color_scheme="dark").page
    page.emulate_media(media="print")
    assert not page.locator("#filter").is_visible()
    assert page.locator(".plot svg").first.is_visible()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"


@pytest.mark.parametrize("runs", [0, 1])
def test_few_runs(show: Opener, runs: int) -> None:
    data = page_data(acts=("relu",), opts=("sgd",), seeds=runs) if runs else empty_page()
    page = show(data).page
    assert page.inner_text("#facts .count") == ("1 run" if runs else "0 runs")
    if not runs:
        assert "There are no runs yet." in page.inner_text("#run-table")
        assert page.locator("#curves").is_hidden()


def empty_page() -> Any:
    from nncli.report.page import PageData

    curves = Table({name: [] for name in ("run", "epoch", "updates", "seconds")})
    return PageData("Empty", "results.db", Table({"run": []}), curves)
