"""The text of a page: whole in itself, closed to the outside, and deaf to what data say."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pytest
from page_samples import page_data

from nncli.metrics import read_metric
from nncli.report.page import PageData, Section, page
from nncli.report.page.document import EARLY, LIVE, SCRIPTS, START, STYLES, usual_column
from nncli.report.page.embedding import script_json
from nncli.report.page.fields import group_of, page_fields
from nncli.store.finding import check_field
from nncli.tables import Table

NASTY = "</script><script>alert(1)</script><!-- --> \u2028 {{data}} & \" ' é \ud800"


class Reader(HTMLParser):
    """Elements with their attributes and texts, as a browser's parser finds them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(("", {}, ""))  # what follows is no text of the element

    def handle_data(self, data: str) -> None:
        if self.found:
            tag, attributes, text = self.found[-1]
            self.found[-1] = (tag, attributes, text + data)

    def of(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attributes, text) for name, attributes, text in self.found if name == tag]


def digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def data_in(text: str) -> dict[str, Any]:
    [(_, found)] = [
        each for each in Reader(text).of("script") if each[0].get("type") == "application/json"
    ]
    value: dict[str, Any] = json.loads(found)
    return value


def nasty_page() -> str:
    runs = Table({"run": [1], "name": [NASTY], "tags": [(NASTY,)], NASTY: ["x"]})
    curves = Table({name: [] for name in ("run", "epoch", "updates", "seconds")})
    table = Table({NASTY: [NASTY]})
    section = Section(NASTY, (NASTY,), {NASTY: table})
    return page(
        PageData(NASTY, NASTY, runs, curves, table, table, (section,), NASTY, notes=(NASTY,))
    )


def test_texts_of_data_end_no_element() -> None:
    text = nasty_page()
    reader = Reader(text)
    assert len(reader.of("script")) == 3
    [(_, title)] = reader.of("title")
    assert title == NASTY
    data = data_in(text)
    assert data["title"] == data["sections"][0]["title"] == NASTY
    assert data["runs"]["columns"][1]["values"] == {"same": NASTY}


def test_data_are_ascii_and_hold_no_markup() -> None:
    text = script_json({"name": NASTY, NASTY: [NASTY]})
    assert text.isascii()
    assert not re.search("[<>&]", text)
    assert json.loads(text) == {"name": NASTY, NASTY: [NASTY]}


@pytest.mark.parametrize("live", [False, True])
def test_the_policy_lets_nothing_act_but_what_is_here(live: bool) -> None:
    reader = Reader(page(page_data(), live=live))
    [policy] = [a["content"] for a, _ in reader.of("meta") if "http-equiv" in a]
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["connect-src"] == ("'self'" if live else "'none'")
    scripts = [text for a, text in reader.of("script") if a.get("type") != "application/json"]
    assert rules["script-src"].split() == [f"'sha256-{digest(text)}'" for text in scripts]
    [(_, style)] = reader.of("style")
    assert rules["style-src"] == f"'sha256-{digest(style)}'"


def test_a_page_names_no_outside_address() -> None:
    text = page(page_data())
    assert not re.search(r"(?i)https?:|//[a-z0-9.-]+\.[a-z]{2,}|\bdata:[a-z]", text)
    assert not re.search(r"\burl\(|@import", text)
    assert not any("src" in a or "href" in a for tag, a, _ in Reader(text).found if tag != "a")


def test_a_still_page_asks_for_nothing() -> None:
    words = ("fetch(", "EventSource", "XMLHttpRequest", "WebSocket", "sendBeacon", "import(")
    still, live = page(page_data()), page(page_data(), live=True)
    assert not [word for word in words if word in still]
    assert [word for word in words if word in live] == ["fetch(", "EventSource"]


def test_the_program_never_reads_html_nor_text_as_program() -> None:
    folder = files("nncli.report.page") / "parts"
    for name in (EARLY, *SCRIPTS, LIVE, START):
        text = (folder / name).read_text()
        words = (
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
        )
        assert not re.search(words, text), name
        assert "</script" not in text.lower()


def test_all_parts_are_in_use() -> None:
    folder = files("nncli.report.page") / "parts"
    there = {each.name for each in folder.iterdir() if each.name != "__pycache__"}
    assert there == {EARLY, *SCRIPTS, *STYLES, LIVE, START, "shell.html"}


def test_a_metric_to_begin_with() -> None:
    assert usual_column(("run", "val_loss:best", "val_accuracy:best")) == "val_accuracy:best"
    assert usual_column(("run", "train_loss:best")) == "train_loss:best"
    assert usual_column(("run", "val_loss")) == "val_loss"
    assert usual_column(("run",)) is None


def test_every_field_of_a_page_is_one_of_the_store() -> None:
    fields = page_fields({"val_accuracy", "val_error", "train_loss", "test_rmse"})
    for name in fields:
        check_field(name)
    assert {"val_accuracy:best", "val_accuracy:last", "test_rmse", "uuid", "lr"} <= set(fields)
    assert len(set(fields)) == len(fields)
    assert "val_error:best" not in fields
    assert {group_of(name) for name in fields} == {
        *("run", "results", "specification", "cost", "environment"),
    }
    assert group_of(read_metric("val_loss").label) == group_of("test_loss") == "results"
