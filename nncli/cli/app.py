"""The program itself: its commands by name, each loaded when it is used."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
import typer.main

from nncli.cli.failures import Interrupted, ReaderGone, guarded
from nncli.cli.help import Command, Group, examples
from nncli.cli.lean import lean
from nncli.errors import unknown_choice

#: Every command with its line in ``nncli --help``; its code is ``nncli.cli.commands.<name>``,
#: with ``_`` for ``-``.
COMMANDS = {
    "train": "Train one network and store the run.",
    "sweep": "Train many networks, every combination of the options, and store all runs.",
    "report": "Find runs, and show, compare or draw them. Nothing is trained.",
    "experiment": "Run the experiments that nncli ships, and judge what they claim.",
    "serve": "Show the runs as a page in the browser, live while others train.",
    "sql": "Query the database in SQL, read-only.",
    "predict": "Apply the network of a run to a file, as CSV.",
    "export": "Write the network of a run for other programs, with its preprocessing.",
    "gradcheck": "Prove gradients by numeric derivatives.",
    "inspect": "Look into a network: its layers and weights, its map at a row.",
    "lr-find": "Find a learning rate by raising it until training breaks.",
    "tag": "Put tags on runs or take them away; without arguments, list all tags.",
    "note": "Write a note on a run, or show the one that it has.",
    "rm": "Delete runs with their curves, layer statistics, models and tags, for good.",
    "db": "Look after the database: see what is in it, check, compact, merge, back up, prune.",
}


class LazyCommand(Command):
    """Stands for a command until it is used: only then is its module imported."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """Parse ``args`` by the real command, which the context then runs."""
        return load_command(str(self.name)).make_context(info_name, args, parent=parent, **extra)


class Program(Group):
    """The group of all commands; whatever goes wrong in one becomes a message and an exit code."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, line in COMMANDS.items():
            self.add_command(LazyCommand(name, help=line, rich_markup_mode=None))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that ``args`` begin with."""
        name = args[0]
        if name not in self.commands and not name.startswith("-") and not ctx.resilient_parsing:
            raise unknown_choice("command", name, self.commands)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGone from error  # Typer would end with an exit code of its own
        except KeyboardInterrupt as error:
            raise Interrupted("interrupted") from error

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run, and leave the process with the exit code."""
        given = list(sys.argv[1:] if args is None else args)

        def body() -> Any:
            return super(Program, self).main(
                given, "nncli", complete_var, standalone_mode=False, **extra
            )

        if not standalone_mode:
            return body()
        command = next((word for word in given if word in COMMANDS), None)
        path = f"nncli {command}" if command else "nncli"
        return sys.exit(guarded(body, path=path, as_json="--json" in given))


def load_command(name: str) -> Any:
    """Import the module of a command and return the command."""
    module = import_module(f"nncli.cli.commands.{name.replace('-', '_')}")
    command = typer.main.get_command(module.app)
    command.name = name
    return command


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"nncli {version('nncli')}")
        raise typer.Exit


app = typer.Typer(
    name="nncli",
    cls=Program,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "nncli train",
        "nncli train iris --act tanh --opt sgd --lr 0.1",
        "nncli sweep digits --opt sgd,adam --lr log:1e-4:1e-1:7 --seeds 5",
        "nncli report last",
        "nncli report --by act,opt --vs best",
        "nncli predict last new.csv",
        "nncli train --help",
    ),
)


@app.callback()
def program(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="show the version and exit"
    ),
) -> None:
    """Honest experiments on small neural networks, every run stored in results.db.

    Exit codes: 0 done, 1 a run failed or diverged, 2 usage, 3 data, 4 database, 130 interrupted.
    NNCLI_DB names the database, NNCLI_DEBUG=1 shows the traceback of a fault, NO_COLOR is
    honoured.
    """


def _show_warning(message: Warning | str, *place: object, **more: object) -> None:
    """Say a library's warning in one line, without the line of code that gave it."""
    print(f"warning: {message}", file=sys.stderr)


def main() -> None:
    """Run the command line of this process."""
    warnings.showwarning = _show_warning
    app_command = typer.main.get_command(app)
    with lean():
        app_command.main()
