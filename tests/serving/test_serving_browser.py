"""The live page in a real browser while runs are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from chromium import Tab, running_chromium
from live_runs import Trained

if TYPE_CHECKING:
    from playwright.sync_api import Browser

expect = pytest.importorskip("playwright.sync_api").expect
expect.set_options(timeout=20_000)  # machines are busy
pytest.importorskip("uvicorn")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as started:
        yield started


@pytest.fixture
def tab(browser: Browser, address: str) -> Iterator[Tab]:
    opened = Tab(browser.new_context(viewport={"width": 1280, "height": 900}))
    opened.open(address)
    yield opened
    opened.page.context.close()
    assert {url.startswith(address) for url in opened.requests} == {True}
    assert opened.complaints == []


def test_runs_and_curves_come_by_themselves(tab: Tab) -> None:
    page = tab.page
    assert page.title() == "Runs in results.db"
    expect(page.locator("#live")).to_have_text("live")
    expect(page.locator("#facts .count")).to_have_text("1 run")
    expect(page.locator("figure.chart .main").first).to_be_visible()


@pytest.mark.slow
def test_a_run_is_followed_while_it_is_written(tab: Tab, trained: Trained) -> None:
    page = tab.page
    expect(page.locator("#facts .count")).to_have_text("1 run")
    run = trained.begin(act="tanh", name="<script>alert(1)</script>")
    row = page.locator(f'tr[data-run="{run}"]')
    expect(row.locator(".status")).to_have_text("running")
    expect(row).to_contain_text("<script>alert(1)</script>")
    trained.epochs(run, 1, 4)
    lines = page.locator("figure.chart").first.locator(".main")
    expect(lines).to_have_count(2)
    expect(row).to_contain_text("0.8750")
    short = lines.first.get_attribute("d")
    trained.epochs(run, 5, 10)
    expect(row).to_contain_text("0.9500")
    expect(lines.first).not_to_have_attribute("d", short or "")
    trained.end(run)
    expect(row.locator(".status")).to_have_text("completed")


def test_what_a_person_has_set_stays(tab: Tab, trained: Trained) -> None:
    page = tab.page
    page.fill("#query", "act=relu")
    page.locator("#run-table th button", has_text="run").first.click()
    page.locator('tr[data-run="1"] button').click()
    for seed in (1, 2):
        trained.run(seed=seed)
    trained.run(act="tanh")
    expect(page.locator("#found")).to_have_text("3 of 4 runs")
    expect(page.locator('#run-table [aria-sort="ascending"]')).to_have_count(1)
    expect(page.locator("#run-table tbody tr[data-run] button")).to_have_text(["1", "2", "3"])
    expect(page.locator("#detail h2")).to_have_text("Run 1")
