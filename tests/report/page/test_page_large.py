"""A page of 1,000 runs with 100 epochs and 6 metrics: its size, and how soon it is open."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from chromium import Tab, running_chromium
from page_samples import page_data

from nncli.report.page import page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = tuple(f"f{place}" for place in range(10))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as started:
        yield started


@pytest.mark.slow
def test_a_large_page(browser: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = page_data(acts=NAMES, opts=NAMES, seeds=10, epochs=100)
    assert len(data.curves) == 100_000
    text = page(data)
    path = tmp_path / "large.html"
    path.write_text(text, encoding="utf-8")
    # The bound that the report promises; the size follows from the data, not from the machine.
    assert path.stat().st_size < 8_000_000
    tab = Tab(browser.new_context())
    began = time.perf_counter()
    shown = tab.open(path.as_uri())
    opened = time.perf_counter() - began
    began = time.perf_counter()
    shown.fill("#query", "f3 val_accuracy>0.9")
    shown.locator("#found", has_text="of 1,000 runs").wait_for()
    filtered = time.perf_counter() - began
    with capsys.disabled():
        size = path.stat().st_size / 1e6
        print(f"\n1,000 runs: {size:.2f} MB, open in {opened:.2f} s, filtered in {filtered:.2f} s")
    assert tab.complaints == []
