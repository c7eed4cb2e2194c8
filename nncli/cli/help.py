"""How help looks: plain text in sections, fit to any width, since it must be there at once.

Typer's own boxes need Rich's Markdown, which alone takes longer to load than all else of a help.
"""

from __future__ import annotations

import shutil
from typing import Any

from typer.core import TyperCommand, TyperGroup

from nncli.cli.lean import take_as_given

#: Help is not set wider than this: longer lines read badly.
WIDEST = 100


def examples(*lines: str) -> str:
    """Return the epilog of a command's help that shows how it is used."""
    return "\n".join(["Examples:", *(f"  {line}" for line in lines)])


def terminal_width() -> int:
    """Return the columns of the terminal, as ``COLUMNS`` or the terminal itself has them."""
    return shutil.get_terminal_size().columns


class _PlainHelp:
    """What commands and groups of commands have in common."""

    epilog: str | None

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """Parse ``args`` for the width that the terminal has now."""
        extra.setdefault("terminal_width", min(terminal_width(), WIDEST))
        return super().make_context(info_name, args, parent=parent, **extra)  # type: ignore[misc]

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the arguments and options; they are texts and flags, which need no conversion."""
        parameters = super().get_params(ctx)  # type: ignore[misc]
        take_as_given(parameters)
        return parameters  # type: ignore[no-any-return]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, if there are any, and the options section by section."""
        if isinstance(self, TyperGroup):
            self.format_commands(ctx, formatter)
        write_sections(self, ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples as they are: to be copied, they must not be wrapped."""
        if self.epilog:
            formatter.write(f"\n{self.epilog}\n")


class Command(_PlainHelp, TyperCommand):
    """A command whose options stand in sections by their ``rich_help_panel``."""


class Group(_PlainHelp, TyperGroup):
    """A group of commands whose help looks as that of a :class:`Command`."""


def write_sections(command: Any, ctx: Any, formatter: Any) -> None:
    """Write the parameters of ``command`` in the order of their sections' first appearance."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is None:
            continue
        default = "Options"
        if parameter.param_type_name == "argument":
            default, record = "Arguments", (record[0].partition(" <")[0], record[1])
        sections.setdefault(parameter.rich_help_panel or default, []).append(record)
    widest = min(26, formatter.width // 3)
    for title, records in sections.items():
        with formatter.section(title):
            formatter.write_dl(records, col_max=widest)
