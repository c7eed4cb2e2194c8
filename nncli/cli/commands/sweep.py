"""``nncli sweep``: many runs from one line, resumable, on every core."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nncli.cli.completion import complete_choice
from nncli.cli.help import Command, examples
from nncli.cli.output import print_error, print_line
from nncli.cli.shared_options import absolute_database, database_option, database_shown
from nncli.cli.spec_options import with_spec_options
from nncli.cli.stopping import StopRequest
from nncli.cli.sweep_text import preview_lines, result_lines
from nncli.cli.sweep_view import Quiet, sweep_view
from nncli.errors import UsageError
from nncli.options import flag_of
from nncli.sweeps.request import Request, read_request
from nncli.sweeps.search.guides import SAMPLERS

if TYPE_CHECKING:
    from nncli.sweeps.events import Done
    from nncli.sweeps.starting import Prepared, Wish

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "nncli sweep digits --act relu,tanh --opt sgd,adam --lr log:1e-4:1e-1:7 --seeds 5",
    'nncli sweep houses.csv --target price --hidden "32|64|64,64" --jobs 2',
    "nncli sweep digits --lr loguniform:1e-4:1e-1 --sampler tpe --trials 50 --pruner hyperband",
    "nncli sweep study.toml --dry-run",
    "nncli sweep --resume last",
)

SWEEP = "Sweep"
HOW = "Execution"
OUTPUT = "Output"

#: Runs above which a sweep asks before it begins.
ASKED_ABOVE = 100_000

Text = str | None


@app.command(cls=Command, epilog=EXAMPLES)
@with_spec_options
def sweep(
    *,
    seeds: Annotated[
        Text,
        typer.Option(
            help="repeat each trial with so many seeds, or with those of a list",
            metavar="N|LIST",
            rich_help_panel=SWEEP,
        ),
    ] = None,
    sampler: Annotated[
        Text,
        typer.Option(
            help=f"how trials are chosen: {', '.join(SAMPLERS)} (default: grid, "
            "or random with --trials)",
            metavar="NAME",
            rich_help_panel=SWEEP,
            autocompletion=complete_choice(lambda: SAMPLERS),
        ),
    ] = None,
    trials: Annotated[
        Text,
        typer.Option(help="trials that a sampler draws", metavar="N", rich_help_panel=SWEEP),
    ] = None,
    sampler_seed: Annotated[
        Text,
        typer.Option(help="seed of the sampler (default: 0)", metavar="N", rich_help_panel=SWEEP),
    ] = None,
    pruner: Annotated[
        Text,
        typer.Option(
            help="give up bad trials: median, halving, hyperband, or wilcoxon over seeds",
            metavar="NAME",
            rich_help_panel=SWEEP,
            autocompletion=complete_choice(lambda: PRUNER_NAMES),
        ),
    ] = None,
    objective: Annotated[
        list[str] | None,
        typer.Option(
            help="what is sought, such as val_accuracy or parameters:min; repeat it for a Pareto "
            "front (default: val_loss)",
            metavar="METRIC",
            rich_help_panel=SWEEP,
        ),
    ] = None,
    constraint: Annotated[
        list[str] | None,
        typer.Option(
            help="only trials for which this holds, such as 'lr*batch_size<1'; may be repeated",
            metavar="EXPRESSION",
            rich_help_panel=SWEEP,
        ),
    ] = None,
    name: Annotated[
        Text, typer.Option(help="name of the sweep", metavar="NAME", rich_help_panel=SWEEP)
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            help="tag of the runs that it trains; may be repeated",
            metavar="TAG",
            rich_help_panel=SWEEP,
        ),
    ] = None,
    note: Annotated[
        Text, typer.Option(help="note to keep with it", metavar="TEXT", rich_help_panel=SWEEP)
    ] = None,
    db: Annotated[Text, database_option(HOW)] = None,
    jobs: Annotated[
        Text,
        typer.Option(
            "--jobs",
            "-j",
            help="runs at a time (default: one a core)",
            metavar="N",
            rich_help_panel=HOW,
        ),
    ] = None,
    dask: Annotated[
        Text,
        typer.Option(
            help="train on a Dask cluster, or on one of this machine's cores: local",
            metavar="ADDRESS|local",
            rich_help_panel=HOW,
        ),
    ] = None,
    resume: Annotated[
        Text,
        typer.Option(
            help="go on with a stored sweep: an id, a name, the start of a uuid, or last",
            metavar="SWEEP",
            rich_help_panel=HOW,
        ),
    ] = None,
    rerun: Annotated[
        bool,
        typer.Option("--rerun", help="do all runs again, whatever is there", rich_help_panel=HOW),
    ] = False,
    fail_fast: Annotated[
        bool,
        typer.Option("--fail-fast", help="stop when a run fails or diverges", rich_help_panel=HOW),
    ] = False,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", "-y", help="do not ask before a very large sweep", rich_help_panel=HOW
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="print the trials and about how long, train nothing",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="print a JSON line an event", rich_help_panel=OUTPUT)
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="print the id of the sweep only", rich_help_panel=OUTPUT
        ),
    ] = False,
    **given: Any,
) -> int:
    """Train many networks, every combination of the options, and store all runs.

    Options are those of nncli train, each with a list (relu,tanh; with | where commas belong to a
    value: "64|64,32"), a range of values (lin:0:0.5:6, log:1e-4:1e-1:7, 16..64..16) or, for a
    sampler, a distribution (uniform:a:b, loguniform:a:b, int:a:b, choice:a,b). DATA may be a TOML
    file that holds all this.

    Started again, a sweep does only what is missing. Ctrl-C keeps what is done.
    """
    axes = {option: value for option, value in given.items() if value is not None}
    settings = {
        "seeds": seeds,
        "sampler": sampler,
        "trials": trials,
        "sampler_seed": sampler_seed,
        "pruner": pruner,
        "objective": objective,
        "constraints": constraint,
        "name": name,
        "tag": tag,
        "note": note,
        "jobs": jobs,
        "fail_fast": fail_fast or None,
    }
    found = {option: value for option, value in settings.items() if value is not None}
    with sweep_view(quiet=quiet, as_json=as_json) as show:
        prepared, wish = _prepare(axes, found, resume, db, rerun, show)
        wish = replace(wish, dask=dask, rerun=rerun)
        for note in prepared.notes:
            show.say(note)
        if dry_run:
            done = None
        else:
            _ask(prepared, yes)
            done = _carry_out(prepared, wish, show)
    if done is None:
        for line in preview_lines(prepared, wish, as_json=as_json):
            print_line(line)
        return 0
    return _tell(done, prepared, wish, as_json=as_json, quiet=quiet)


PRUNER_NAMES = ("median", "halving", "hyperband", "wilcoxon")


def _prepare(
    axes: dict[str, Any],
    settings: dict[str, Any],
    resume: str | None,
    db: str | None,
    rerun: bool,
    show: Quiet,
) -> tuple[Prepared, Wish]:
    """Return the sweep that is asked for, checked, and how it is to be carried out."""
    if resume is not None:
        return _resumed(resume, axes, settings, db, rerun, show)
    request = read_request(axes, settings)
    from nncli.sweeps.starting import Prepared

    if request.definition.about is not None:
        from nncli.judging import check_about

        check_about(request.definition.about)
    return Prepared(request.definition, show.loading), _wish(request, db)


def _resumed(
    resume: str,
    axes: dict[str, Any],
    settings: dict[str, Any],
    db: str | None,
    rerun: bool,
    show: Quiet,
) -> tuple[Prepared, Wish]:
    """Return a stored sweep, perhaps with more trials."""
    if rerun:
        raise UsageError(
            f"--rerun with --resume {resume}: to go on is not to do it again; leave one out"
        )
    refused = [each for each in [*axes, *settings] if each not in ("jobs", "trials", "fail_fast")]
    if refused:
        shown = "DATA" if refused[0] == "data" else flag_of(refused[0])
        raise UsageError(
            f"{shown} with --resume {resume}: a sweep goes on as it began, only --trials, --jobs "
            "and --fail-fast may be given; leave it out, or start another sweep"
        )
    from nncli.sweeps.starting import Prepared, check_same_data, stored_sweep

    row, definition, folder = stored_sweep(resume, db)
    request = read_request({}, settings, definition)
    if folder.is_dir() and not folder.samefile("."):
        db = absolute_database(db)
        os.chdir(folder)  # files are named as they were seen from there
    prepared = Prepared(request.definition, show.loading)
    check_same_data(prepared, row)
    return prepared, replace(_wish(request, db), sweep=row.id)


def _wish(request: Request, db: str | None) -> Wish:
    from nncli.experiment import Labels
    from nncli.sweeps.starting import Wish

    labels = Labels(request.name, request.tags, request.note)
    return Wish(db=db, jobs=request.jobs, fail_fast=request.fail_fast, labels=labels)


def _ask(prepared: Prepared, yes: bool) -> None:
    """Raise UsageError, or ask at a terminal, before a sweep that may be a slip of the keyboard."""
    runs = prepared.runs
    if yes or (runs is not None and runs <= ASKED_ABOVE):
        return
    how_many = f"more than {ASKED_ABOVE:,} runs" if runs is None else f"{runs:,} runs"
    if not sys.stdin.isatty():
        raise UsageError(
            f"the sweep has {how_many}: add --yes if that is meant, or give fewer values, or draw "
            "some with --sampler random --trials 1000"
        )
    typer.confirm(f"The sweep has {how_many}. Begin?", abort=True, err=True)


def _carry_out(prepared: Prepared, wish: Wish, show: Quiet) -> Done:
    from nncli.sweeps.starting import carry_out

    with StopRequest(show.say, "stopping and storing the runs; once more to abort") as stop:
        return carry_out(prepared, wish, observe=show.sweep, stop=stop)


def _tell(done: Done, prepared: Prepared, wish: Wish, *, as_json: bool, quiet: bool) -> int:
    """Print how a sweep ended; return the exit code."""
    if quiet and not as_json:
        print_line(str(done.sweep))
    elif not as_json:
        for line in result_lines(done, prepared, wish, database_shown(wish.db)):
            print_line(line)
    counts = done.counts
    errors = counts.failed - counts.diverged
    if errors:
        print_error(f"{errors} of {counts.ended} runs failed: nncli report shows why")
    if done.stopped and not (wish.fail_fast and counts.failed):
        return 130
    nothing = counts.ended and not done.whole
    return 1 if errors or nothing or done.stopped else 0
