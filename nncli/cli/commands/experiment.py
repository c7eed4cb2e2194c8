"""``nncli experiment``: the experiments that ship with nncli, run and judged."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nncli.cli.completion import complete_file
from nncli.cli.help import Command, Group, examples
from nncli.cli.output import print_json, print_note
from nncli.cli.shared_options import database_option, json_option
from nncli.cli.stopping import StopRequest
from nncli.errors import UsageError, unknown_choice
from nncli.options import whole

if TYPE_CHECKING:
    from nncli.cli.experiment_view import Quiet
    from nncli.experimenting.choosing import Chosen
    from nncli.experimenting.running import Outcome, Setting


class Experiments(Group):
    """The group of the commands, with our words for one that is not there."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that ``args`` begin with."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            raise unknown_choice("command of nncli experiment", args[0], self.commands)
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Experiments,
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog=examples(
        "nncli experiment list",
        "nncli experiment show xor",
        "nncli experiment run xor",
        "nncli experiment run all --quick --html experiments.html",
    ),
)

#: Endings that a file of one's own, or a folder on the way to it, has.
_OF_FILES = (".toml", "/")


@app.callback()
def experiments_group() -> None:
    """Run the experiments that nncli ships, and judge what they claim.

    Each is a sweep with claims on what it shows, in a TOML file; nncli experiment run FILE does the
    same with one of your own.
    """


def complete_experiment(incomplete: str) -> list[str]:
    """Return the names of experiments that begin so, all, and TOML files."""
    from nncli.experimenting.catalogue import experiments
    from nncli.experimenting.choosing import ALL

    names = [name for name in (ALL, *experiments()) if name.startswith(incomplete)]
    return names + [each for each in complete_file(incomplete) if each.endswith(_OF_FILES)]


Database = Annotated[str | None, database_option()]
Json = Annotated[bool, json_option()]


@app.command(
    "list",
    cls=Command,
    epilog=examples("nncli experiment list", "nncli experiment list --json"),
)
def list_experiments(db: Database = None, as_json: Json = False) -> None:
    """List the experiments: what each is about, its runs, and whether it was run here."""
    from nncli.cli.experiment_list import list_lines, list_records

    records = list_records(db)
    if as_json:
        print_json(records)
        return
    _print(list_lines(records))


@app.command(
    cls=Command, epilog=examples("nncli experiment show xor", "nncli experiment show mine.toml")
)
def show(
    name: Annotated[
        str,
        typer.Argument(
            help="name of an experiment, or a TOML file",
            metavar="NAME",
            show_default=False,
            autocompletion=complete_experiment,
        ),
    ],
    as_json: Json = False,
) -> None:
    """Show an experiment: its text, what it claims, and what it will run."""
    from nncli.cli.experiment_text import show_lines, show_record
    from nncli.experimenting.catalogue import find_experiment
    from nncli.experimenting.checking import checked

    experiment = find_experiment(name)
    checked(experiment)
    if as_json:
        print_json(show_record(experiment))
        return
    _print(show_lines(experiment))


@app.command(
    cls=Command,
    epilog=examples(
        "nncli experiment run xor",
        "nncli experiment run xor depth --quick",
        "nncli experiment run all --html experiments.html",
        "nncli experiment run mine.toml --db mine.db",
    ),
)
def run(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="names of experiments, TOML files, or all",
            metavar="NAME...",
            show_default=False,
            autocompletion=complete_experiment,
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="the short form of each: fewer runs, fewer epochs")
    ] = False,
    long: Annotated[
        bool, typer.Option("--long", help="with all: also those that take long")
    ] = False,
    html: Annotated[
        str | None,
        typer.Option(
            help="write a web page: text, curves and verdicts of each",
            metavar="FILE",
            autocompletion=complete_file,
        ),
    ] = None,
    jobs: Annotated[
        str | None,
        typer.Option("--jobs", "-j", help="runs at a time (default: one a core)", metavar="N"),
    ] = None,
    db: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="print a JSON line an event")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="print the counts of the verdicts only")
    ] = False,
) -> int:
    """Run experiments and judge what they claim.

    Runs that are stored are not done again, so that what was stopped goes on. Where data are
    missing, all leaves out what needs them. The exit code is 1 if a claim came out against what is
    expected of it, or if runs failed; a claim that is left undecided is no failure.
    """
    from nncli.cli.experiment_view import experiment_view
    from nncli.experimenting.choosing import choose
    from nncli.experimenting.running import Setting

    began = time.perf_counter()
    chosen = choose(names or (), quick=quick, long=long)
    setting = Setting(db=db, jobs=_jobs(jobs), quick=quick, skip=chosen.skips)
    if html:
        _check_place(html, names or (), db)
    with experiment_view(quiet=quiet, as_json=as_json) as view:
        outcomes, stopped = _carry_out(chosen, setting, view)
    from nncli.cli.experiment_text import result_lines, summary_record

    seconds = time.perf_counter() - began
    if as_json:
        print_json(summary_record(outcomes, chosen.left_out, seconds, stopped=stopped))
    else:
        _print(result_lines(outcomes, seconds, quiet=quiet, db=db))
    if html:
        _write_page(html, outcomes, db)
    return _exit_code(outcomes, stopped=stopped)


def _print(lines: Iterable[str]) -> None:
    """Write lines that are fit for a terminal, and may hold colours, to standard output."""
    for line in lines:
        sys.stdout.write(line + "\n")


def _jobs(given: str | None) -> int | None:
    if given is None:
        return None
    try:
        return int(whole(1)(given))
    except ValueError as error:
        raise UsageError(f"--jobs is {given!r}: {error}") from None


def _carry_out(chosen: Chosen, setting: Setting, view: Quiet) -> tuple[list[Outcome], bool]:
    """Run what was chosen; return what came of it, and whether it was stopped."""
    from nncli.experimenting.running import run as run_all

    for note in chosen.notes:
        view.say(note)
    with StopRequest(view.say, "stopping and storing the runs; once more to abort") as stop:
        outcomes = run_all(
            chosen.experiments, setting, observe=view.show, loading=view.loading, stop=stop
        )
        return outcomes, stop()


def _check_place(html: str, names: Sequence[str], db: str | None) -> None:
    """Raise UsageError for a page that cannot be written, or would be over what is not to go."""
    from nncli.environment import database_name
    from nncli.store.own_files import check_not_own

    if not (folder := Path(html).parent).is_dir():
        raise UsageError(f"--html {html}: there is no folder {folder}; make it, or name another")
    if Path(html).is_dir():
        raise UsageError(f"--html {html} is a folder: name a file in it, such as {html}/all.html")
    if not os.access(html if Path(html).exists() else folder, os.W_OK):
        raise UsageError(f"--html {html} cannot be written: name a file in another folder")
    if Path(html).resolve() in [Path(each).resolve() for each in names]:
        raise UsageError(f"--html {html} is the experiment itself: name another file to write")
    check_not_own(html, database_name(db))


def _write_page(html: str, outcomes: list[Outcome], db: str | None) -> None:
    from nncli.cli.reporting.writing import write_file
    from nncli.experimenting.pages import page_of
    from nncli.report.page import page
    from nncli.report.text import count, plural

    ran = [each for each in outcomes if each.sweep is not None]
    if not ran:
        print_note(f"{html} is not written: no experiment was run")
        return
    text = page(page_of(ran, db))
    write_file(html, [text])
    size = count(len(text.encode()))
    print_note(f"wrote {html}: {plural(len(ran), 'experiment')}, {size} bytes")


def _exit_code(outcomes: list[Outcome], *, stopped: bool) -> int:
    if stopped:
        return 130
    failed = any(outcome.errors for outcome in outcomes)
    return int(failed or any(v.is_opposite for each in outcomes for v in each.verdicts))
