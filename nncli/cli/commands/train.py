"""``nncli train``: one network on one data set, stored as a run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nncli.cli.completion import complete_file
from nncli.cli.help import Command, examples
from nncli.cli.output import print_error, print_json, print_line
from nncli.cli.progress import Silent, observer
from nncli.cli.run_text import network_line, plan_lines, result_lines
from nncli.cli.settings import Settings, combine, labels_in, read_config
from nncli.cli.shared_options import database_option, database_shown, json_option
from nncli.cli.spec_options import with_spec_options
from nncli.cli.stopping import StopRequest
from nncli.errors import UsageError
from nncli.options import flag_of, whole

if TYPE_CHECKING:
    from nncli.planning import Plan
    from nncli.recorder import Result

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "nncli train",
    "nncli train iris --hidden none --opt sgd --lr 0.1 --epochs 200",
    "nncli train houses.csv --target price --drop id --val 0.25",
    "nncli train mnist --hidden 256,128 --act relu,tanh --tag night",
    "nncli train --config spec.toml --seed 3",
    "nncli train --from 12 --opt sgd --lr 0.05",
    "nncli train --resume 12 --epochs 100",
    "for act in relu tanh; do nncli train --act $act --tag night --if-missing & done; wait",
)

RUN = "Run"
OUTPUT = "Output"

#: What a run that did not do its work makes the exit code.
EXIT_CODES = {"diverged": 1, "failed": 1, "interrupted": 130}

Text = str | None


@app.command(cls=Command, epilog=EXAMPLES)
@with_spec_options
def train(
    *,
    name: Annotated[
        Text, typer.Option(help="name of the run", metavar="NAME", rich_help_panel=RUN)
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(help="tag of the run; may be repeated", metavar="TAG", rich_help_panel=RUN),
    ] = None,
    note: Annotated[
        Text, typer.Option(help="note to keep with the run", metavar="TEXT", rich_help_panel=RUN)
    ] = None,
    db: Annotated[Text, database_option(RUN)] = None,
    config: Annotated[
        Text,
        typer.Option(
            help="options from a TOML file; flags beat it",
            metavar="FILE.toml",
            rich_help_panel=RUN,
            autocompletion=complete_file,
        ),
    ] = None,
    from_run: Annotated[
        Text,
        typer.Option(
            "--from",
            help="options from a stored run; file and flags beat it",
            metavar="RUN",
            rich_help_panel=RUN,
        ),
    ] = None,
    resume: Annotated[
        Text,
        typer.Option(
            help="go on with a run, by --epochs to a new total",
            metavar="RUN",
            rich_help_panel=RUN,
        ),
    ] = None,
    if_missing: Annotated[
        bool,
        typer.Option(
            "--if-missing",
            help="train nothing if a completed run of this spec on these data is stored",
            rich_help_panel=RUN,
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="print the resolved spec, train nothing", rich_help_panel=OUTPUT
        ),
    ] = False,
    as_json: Annotated[bool, json_option(OUTPUT)] = False,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="print the id of the run only", rich_help_panel=OUTPUT),
    ] = False,
    **given: Any,
) -> int:
    """Train one network and store the run.

    DATA is the name of a built-in set, a file (CSV, TSV, Parquet, NPZ) or a folder of IDX files.
    What is left open, such as the task, the loss and the learning rate, is chosen to fit and said
    aloud.

    Ctrl-C stores the run as interrupted. RUN is an id, a name, the start of a uuid, or last.
    """
    flags = {option: value for option, value in given.items() if value is not None}
    if resume is not None:
        others = {"name": name, "tag": tag, "note": note, "config": config, "from": from_run}
        unfit = [option for option, value in others.items() if value is not None]
        flagged = {"dry_run": dry_run, "if_missing": if_missing}
        unfit += [option for option, is_on in flagged.items() if is_on]
        _check_resume(resume, [*flags, *unfit])
        go_on = partial(_resume, resume, db, _total_epochs(flags.get("epochs")))
        return _run(go_on, db, as_json=as_json, quiet=quiet)

    values = read_config(config) if config is not None else {}
    stored = labels_in(values, config or "")
    db = db if db is not None else stored.get("db")
    settings, parent = _settings(flags, values, config, from_run, db)
    if dry_run:
        return _dry_run(settings, as_json=as_json, quiet=quiet)
    labels = {
        "name": name if name is not None else stored.get("name"),
        "tags": tuple(tag or stored["tag"]),
        "note": note if note is not None else stored.get("note"),
    }
    begin = partial(_train, settings, db, labels, parent, if_missing)
    return _run(begin, db, as_json=as_json, quiet=quiet)


def _settings(
    flags: dict[str, Any],
    values: dict[str, Any],
    config: str | None,
    from_run: str | None,
    db: str | None,
) -> tuple[Settings, str | None]:
    """Return the settings, and the uuid of the run that they start from."""
    start = parent = None
    if from_run is not None:
        from nncli import experiment

        start, parent = experiment.spec_of(from_run, db=db)
    settings = combine(
        flags, config=values, config_path=config or "", start=start, start_from=from_run or ""
    )
    return settings, parent


def _train(
    settings: Settings,
    db: str | None,
    labels: dict[str, Any],
    parent: str | None,
    if_missing: bool,
    show: Silent,
    stop: StopRequest,
) -> Result:
    from nncli import experiment

    plan = experiment.plan(settings.spec, progress=show.loading)
    found = experiment.completed(plan, db=db) if if_missing else None
    if found is not None:
        show.say(f"run {found.run} has this spec and these data: nothing is trained")
        return found
    _announce(show, plan)
    with stop:
        return experiment.train(
            plan,
            db=db,
            labels=experiment.Labels(**labels),
            observe=show,
            stop=stop,
            parent=parent,
        )


def _resume(
    run: str, db: str | None, epochs: int | None, show: Silent, stop: StopRequest
) -> Result:
    from nncli import experiment

    with stop:
        return experiment.resume(
            run,
            db=db,
            epochs=epochs,
            observe=show,
            stop=stop,
            announce=partial(_announce, show),
            progress=show.loading,
        )


def _announce(show: Silent, plan: Plan) -> None:
    """Say what is about to be trained."""
    for line in (*plan.notes, network_line(plan)):
        show.say(line)


def _run(
    start: Callable[[Silent, StopRequest], Result], db: str | None, *, as_json: bool, quiet: bool
) -> int:
    """Train under an observer and print how it ended; returns the exit code."""
    with observer(quiet=quiet, as_json=as_json) as show:
        result = start(show, StopRequest(show.say))
    if as_json:
        print_json(result.to_json())
    elif quiet:
        print_line(str(result.run))
    else:
        for line in result_lines(result, database_shown(db)):
            print_line(line)
    if result.status in ("diverged", "failed"):
        print_error(f"run {result.run} {result.status}: {result.message}")
    return EXIT_CODES.get(result.status, 0)


def _dry_run(settings: Settings, *, as_json: bool, quiet: bool) -> int:
    from nncli import experiment

    with observer(quiet=quiet, as_json=as_json) as show:
        plan = experiment.plan(settings.spec, progress=show.loading)
        for note in plan.notes:
            show.say(note)
    if as_json:
        print_json(plan.spec.to_json())
    else:
        for line in plan_lines(plan, settings.spec, settings.origins):
            print_line(line)
    return 0


def _check_resume(run: str, options: list[str]) -> None:
    """Raise UsageError if more than the number of epochs is to change in a run that goes on."""
    refused = [option for option in options if option != "epochs"]
    if not refused:
        return
    shown = "DATA" if refused[0] == "data" else flag_of(refused[0])
    raise UsageError(
        f"{shown} with --resume {run}: a resumed run keeps all its options but --epochs; to train "
        f"anew with changes: nncli train --from {run} ..."
    )


def _total_epochs(value: Any) -> int | None:
    if value is None:
        return None
    try:
        return int(whole(1)(value))
    except ValueError as error:
        raise UsageError(f"--epochs is {value!r}: {error}") from None
