r"""Tables as LaTeX of the package booktabs: ``tabular`` and nothing around it.

Put ``\usepackage{booktabs}`` into the preamble and ``\input`` the file where the table shall stand.
Every text is escaped, with LaTeX's own commands alone; the best values are bold.
"""

from __future__ import annotations

import re
from typing import Any

from nncli.report.cells import cell, is_numeric
from nncli.report.formats.document import Document
from nncli.report.text import visible
from nncli.tables import Table

_COMMANDS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "-": "-{}",  # or two of them would become a dash
    "[": "{[}",  # after the end of a row it would begin an option, and * a command's other form
    "*": "{*}",
    "`": "`{}",
    "'": "'{}",
    **{character: "\\" + character for character in "%&#$_{}"},
}
_NUMBER = re.compile(r"(-?)([0-9][0-9.,]*)(?:e(-?)\+?([0-9]+))?")
_INFINITE = {"inf": r"$\infty$", "-inf": r"$-\infty$"}


def write(document: Document) -> str:
    """Return the document as LaTeX; title, captions and notes are comments."""
    blocks = ["% needs \\usepackage{booktabs}"]
    if document.title:
        blocks.append(_comment(document.title))
    for name, table in document.tables.items():
        if caption := document.captions.get(name):
            blocks.append(_comment(caption))
        blocks.append(_tabular(document, name, table))
    blocks += [_comment(note) for note in document.notes]
    return "\n".join(blocks) + "\n"


def escaped(text: str) -> str:
    """Return a text so that LaTeX sets it as it is."""
    line = visible(text).replace("\n", " ")
    return "".join(_COMMANDS.get(character, character) for character in line)


def _comment(text: str) -> str:
    return "% " + visible(text).replace("\n", " ")


def _tabular(document: Document, name: str, table: Table) -> str:
    columns, marks = [], ""
    for title, values in table.columns.items():
        numeric, bold = is_numeric(values), document.bold(name, title)
        marks += "r" if numeric else "l"
        cells = []
        for place, value in enumerate(values):
            shown = _shown(cell(title, value, document.measures), value, numeric)
            cells.append(_bold(shown) if place in bold else shown)
        columns.append([escaped(title), *cells])
    rows = [" & ".join(row) + r" \\" for row in zip(*columns, strict=True)]
    return "\n".join(
        [
            f"\\begin{{tabular}}{{{marks}}}",
            *("\\toprule", rows[0], "\\midrule"),
            *rows[1:],
            *("\\bottomrule", "\\end{tabular}"),
        ]
    )


def _shown(text: str, value: Any, numeric: bool) -> str:
    if value in (None, ()):
        return "--"
    return _number(text) if numeric else escaped(text)


def _bold(shown: str) -> str:
    return f"\\textbf{{\\boldmath {shown}}}" if "$" in shown else f"\\textbf{{{shown}}}"


def _number(text: str) -> str:
    """Return a cell of a column of numbers."""
    if text in _INFINITE:
        return _INFINITE[text]
    found = _NUMBER.fullmatch(text)
    if found is None:  # a time, or a count with its unit
        return escaped(text)
    sign, digits, minus, exponent = found.groups()
    power = f" \\times 10^{{{minus}{exponent}}}" if exponent else ""
    return f"${sign}{digits}{power}$" if sign or power else digits
