"""The texts of experiments as blocks: what is Markdown, and that all else stays text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nncli.report.page.markdown import blocks_of, inline


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", ["plain"]),
        ("a *b* c", ["a ", ["em", "b"], " c"]),
        ("a _b_ c", ["a ", ["em", "b"], " c"]),
        ("**b** and `x1 x2`", [["strong", "b"], " and ", ["code", "x1 x2"]]),
        ("**a *b* c**", [["strong", "a ", ["em", "b"], " c"]]),
        ("`*no*`", [["code", "*no*"]]),
        ("2 * 3 * 4 and w_i x_j", ["2 * 3 * 4 and w_i x_j"]),
        ("train_loss of dead_frac", ["train_loss of dead_frac"]),
        ("[a *b*](https://x.org/y)", [["a", "https://x.org/y", "a ", ["em", "b"]]]),
        ("[x](javascript:alert(1))", ["[x](javascript:alert(1))"]),
        ("[x](data:text/html,y)", ["[x](data:text/html,y)"]),
        (r"\*no\*", ["*", "no", "*"]),
        ("<b>no</b>", ["<b>no</b>"]),
    ],
)
def test_a_line(text: str, expected: list[Any]) -> None:
    assert inline(text) == expected


def test_blocks() -> None:
    text = """
# Title

One line
and the next.

- first
  goes on
- second
1. one
2. two

```
code *as it is*
  here
```
The end
"""
    assert blocks_of(text) == [
        ["h", "Title"],
        ["p", "One line and the next."],
        ["ul", ["li", "first goes on"], ["li", "second"]],
        ["ol", ["li", "one"], ["li", "two"]],
        ["pre", "code *as it is*\n  here"],
        ["p", "The end"],
    ]


def texts_of(part: Any) -> str:
    """All that is shown of a block, without its tags and addresses."""
    if isinstance(part, str):
        return part
    tag, *rest = part
    return "".join(map(texts_of, rest[1:] if tag == "a" else rest))


@pytest.mark.parametrize(
    "text",
    [
        "A *line* cannot **part** `x1 x2`, see [this](https://x.org/a_b).",
        "one\n\n- a\n- *b*\n\ntwo `c`\n\n1. x\n2. y",
        "**bold** and *it* and `code` and 2 * 3 * 4",
    ],
)
def test_as_another_reader_of_markdown(text: str) -> None:
    """markdown-it, an implementation of CommonMark, finds the same tags and the same words."""
    ours: list[str] = []

    def walk(part: Any) -> None:
        if not isinstance(part, str):
            ours.append(part[0])
            for each in part[1:]:
                walk(each)

    for block in blocks_of(text):
        walk(block)
    names = {"paragraph": "p", "list_item": "li", "bullet_list": "ul", "ordered_list": "ol"}
    theirs = []
    for token in MarkdownIt().parse(text):
        if token.type.endswith("_open") and not token.hidden:
            theirs.append(names[token.type.removesuffix("_open")])
        for child in token.children or ():
            if child.nesting == 1 or child.type == "code_inline":
                theirs.append(child.tag)
    assert ours == theirs


@given(st.text(alphabet=" \n*_`[]()<>\\#-1.ab:/hts", max_size=60))
def test_no_text_is_refused_and_none_is_lost(text: str) -> None:
    blocks = blocks_of(text)
    json.dumps(blocks)
    letters = [c for c in "".join(map(texts_of, blocks)) if c in "ab"]
    # An address is not shown, and a word behind a fence is no text: others all are.
    if "http" not in text and "```" not in text:
        assert letters == [c for c in text if c in "ab"]


def test_deep_and_long_texts_take_no_time() -> None:
    assert blocks_of("*" * 20_000 + "a")
    assert blocks_of("[" * 20_000)
    assert blocks_of("`" * 3000 + "a")
    assert blocks_of("_a" * 5000)
