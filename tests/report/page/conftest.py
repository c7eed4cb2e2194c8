"""One browser a module, and pages opened in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from chromium import Tab, running_chromium

from nncli.report.page import PageData, page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Opener = Callable[..., Tab]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as started:
        yield started


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Opener]:
    """Open a page from a file; settings are those of the browser's window.

    At the end nothing may have been asked for but the file itself, and nothing complained of.
    """
    opened = []

    def open_page(data: PageData, **settings: Any) -> Tab:
        path = tmp_path / "out.html"
        path.write_text(page(data), encoding="utf-8")
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
        tab = Tab(context)
        opened.append((tab, path))
        tab.open(path.as_uri())
        return tab

    yield open_page
    for tab, path in opened:
        tab.page.context.close()
        assert set(tab.requests) == {path.as_uri()}
        assert tab.complaints == []
