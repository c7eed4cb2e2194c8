"""docs/commands.md: every command as the program itself describes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer.main

from nncli.cli.app import COMMANDS, app, load_command

HEAD = """\
# Commands

<!-- made by docs/made/make_pages.py from the program: change the help there -->

What `nncli COMMAND --help` says, on one page. Data go to standard output, progress and messages to
standard error.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | a run failed or diverged, a check failed |
| 2 | usage: what was asked for makes no sense, and the message says why |
| 3 | data: a file cannot be read, or does not fit |
| 4 | database |
| 130 | interrupted |

| variable | meaning |
| --- | --- |
| `NNCLI_DB` | the database, a file or URL, where `--db` does not say |
| `NNCLI_DATA` | folder with data sets that would otherwise be downloaded |
| `NNCLI_CACHE` | folder of compiled kernels and data that were read |
| `NNCLI_DEBUG` | `1` shows the traceback of a fault |
| `NO_COLOR` | no colours |
"""


def page() -> str:
    """Return the whole page."""
    program = typer.main.get_command(app)
    parts = [HEAD, *_options(program, "nncli")]
    for name in COMMANDS:
        parts += _command(load_command(name), f"nncli {name}", "##")
    return "\n".join(parts)


def _command(command: Any, path: str, level: str) -> Iterator[str]:
    """Describe a command, or a group of commands and each of them."""
    yield f"{level} {path}\n"
    yield _prose(command.help)
    members = getattr(command, "commands", {})
    if not members:
        context = command.make_context(path, [], resilient_parsing=True)
        usage = " ".join(command.get_usage(context).split())
        yield f"```text\n{usage.removeprefix('Usage: ')}\n```\n"
        yield from _options(command, path)
    yield from _examples(command.epilog)
    for name, member in members.items():
        yield from _command(member, f"{path} {name}", level + "#")


def _options(command: Any, path: str) -> Iterator[str]:
    """Yield a table a section, in the order of the help; what ``train`` has stands there alone."""
    sections = _sections(command, path)
    known = _sections(load_command("train"), "nncli train") if path != "nncli train" else {}
    common = [title for title, rows in sections.items() if known.get(title) == rows]
    for title, rows in sections.items():
        if title not in common:
            yield "\n".join([f"| {title.lower()} | |", "| --- | --- |", *rows, ""])
    if common:
        titles = ", ".join(common).lower()
        yield f"Options of these sections are those of [nncli train](#nncli-train): {titles}.\n"


def _sections(command: Any, path: str) -> dict[str, list[str]]:
    """Return the rows of a command's arguments and options by section."""
    context = command.make_context(path, [], resilient_parsing=True)
    sections: dict[str, list[str]] = {}
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None or (parameter.name == "help" and path != "nncli"):
            continue
        section, name = parameter.rich_help_panel or "Options", record[0]
        if parameter.param_type_name == "argument":
            section, name = "Arguments", name.partition(" <")[0]
        sections.setdefault(section, []).append(f"| {_code(name)} | {_cell(record[1])} |")
    return sections


def _examples(epilog: str | None) -> Iterator[str]:
    lines = (epilog or "").splitlines()[1:]
    if lines:
        yield "\n".join(["```sh", *(line.strip() for line in lines), "```", ""])


def _prose(text: str) -> str:
    """Return a command's description as Markdown; indented lines stay as they are."""
    paragraphs = [each.strip("\n") for each in re.split(r"\n\s*\n", text.replace("\b", ""))]
    shown = [
        f"```text\n{each}\n```" if each.startswith("  ") else " ".join(_escaped(each).split())
        for each in paragraphs
    ]
    return "\n\n".join(shown) + "\n"


def _code(text: str) -> str:
    """Return code for a cell, in which a bar would end it."""
    if "|" not in text:
        return f"`{text}`"
    escaped = _escaped(text).replace("\\*", "*").replace("|", "&#124;")
    return f"<code>{escaped}</code>"


def _cell(text: str) -> str:
    return " ".join(_escaped(text).replace("|", "\\|").split())


def _escaped(text: str) -> str:
    return (
        text.replace("<", "&lt;").replace("*", "\\*").replace("$", "&#36;").replace("~", "&#126;")
    )
