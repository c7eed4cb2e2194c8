"""``nncli report``: finds runs, and shows, compares and draws them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nncli.cli.completion import complete_choice, complete_file
from nncli.cli.help import Command, examples
from nncli.cli.shared_options import database_option, json_option
from nncli.environment import database_name

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "nncli report",
    "nncli report 12 15-20 @night sweep:3",
    'nncli report --where "act=relu and val_accuracy>0.95" --since 2d',
    "nncli report sweep:last --best 5",
    "nncli report sweep:last --by act,opt --vs act=relu,opt=sgd",
    "nncli report --diff 12 15",
    "nncli report --claims sweep:last",
    'nncli report sweep:last --by opt --target "val_accuracy>=0.97"',
    "nncli report 12 15 --curves --x seconds",
    "nncli report sweep:last --heat lr,opt",
    "nncli report sweep:last --by act --format latex -o table.tex",
    "nncli report --html runs.html",
    "nncli report --follow",
)

FIND = "Which runs"
COMPARE = "Tables"
TARGETS = "Optimizers"
DRAW = "Pictures"
OUTPUT = "Output"

Text = str | None


def _text(help: str, metavar: str, panel: str, *names: str, **more: Any) -> Any:
    return typer.Option(
        *names, help=help, metavar=metavar, rich_help_panel=panel, show_default=False, **more
    )


def _flag(name: str, help: str, panel: str) -> Any:
    return typer.Option(name, help=help, rich_help_panel=panel, show_default=False)


def _formats() -> tuple[str, ...]:
    from nncli.report.formats import FORMATS

    return FORMATS


@app.command(cls=Command, epilog=EXAMPLES)
def report(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            help="ids, ranges of them, names, starts of uuids, @TAG, sweep:ID, last; one alone is "
            "shown in full; with --claims sweep:ID or a TOML file",
            metavar="RUN",
            show_default=False,
        ),
    ] = None,
    where: Annotated[
        Text,
        _text('only runs for which this holds: "lr<0.1 and act=relu"', "CONDITION", FIND),
    ] = None,
    since: Annotated[Text, _text("only runs since then: 2d, 90m, 2026-03-01", "TIME", FIND)] = None,
    status: Annotated[
        list[str] | None,
        _text("only runs that ended so, or go on: completed, failed, ...", "NAME,...", FIND),
    ] = None,
    sort: Annotated[
        Text, _text("in the order of a field, largest first with - before it", "FIELD", FIND)
    ] = None,
    limit: Annotated[
        Text,
        _text("the most rows (default: 20 runs, all where RUN is given)", "N|all", FIND),
    ] = None,
    best: Annotated[Text, _text("the N best by the metric", "N", FIND)] = None,
    metric: Annotated[
        Text,
        _text(
            "what is compared: val_loss is its value at the best epoch, val_loss:last, "
            "val_loss:min and :max are others (default: val_accuracy, or what there is)",
            "METRIC",
            COMPARE,
        ),
    ] = None,
    columns: Annotated[
        Text, _text("these columns (default: those that differ)", "FIELD,...", COMPARE)
    ] = None,
    by: Annotated[
        Text,
        _text("a row a group, over seeds: mean, deviation, interval", "FIELD,...", COMPARE),
    ] = None,
    vs: Annotated[
        Text,
        _text(
            "test each group against one (or the best), paired by seed",
            "FIELD=VALUE|best",
            COMPARE,
        ),
    ] = None,
    diff: Annotated[
        tuple[str, str] | None,
        typer.Option(
            help="what differs between two runs",
            metavar="RUN RUN",
            rich_help_panel=COMPARE,
            show_default=False,
        ),
    ] = None,
    claims: Annotated[
        bool,
        _flag(
            "--claims",
            "the claims of sweeps, of those in the database or of a TOML file: supported, refuted "
            "or undecided",
            COMPARE,
        ),
    ] = False,
    target: Annotated[
        Text,
        _text(
            'what it takes to get there, such as "val_accuracy>=0.97": epochs, updates, seconds',
            "CONDITION",
            TARGETS,
        ),
    ] = None,
    profile: Annotated[
        bool,
        _flag("--profile", "performance profiles over problems, with --target", TARGETS),
    ] = False,
    sensitivity: Annotated[
        bool, _flag("--sensitivity", "the metric against the learning rate", TARGETS)
    ] = False,
    curves: Annotated[bool, _flag("--curves", "curves; with --by, means and bands", DRAW)] = False,
    x: Annotated[Text, _text("what curves run over", "epoch|updates|seconds", DRAW, "--x")] = None,
    log_x: Annotated[bool, _flag("--log-x", "logarithmic x", DRAW)] = False,
    log_y: Annotated[bool, _flag("--log-y", "logarithmic y", DRAW)] = False,
    smooth: Annotated[
        Text, _text("smooth curves by a moving average, 0 to 1", "SHARE", DRAW)
    ] = None,
    heat: Annotated[Text, _text("the metric over two options", "X,Y", DRAW)] = None,
    parallel: Annotated[
        bool, _flag("--parallel", "options and metric as parallel coordinates", DRAW)
    ] = False,
    layers: Annotated[
        bool, _flag("--layers", "what was watched of the layers, over epochs", DRAW)
    ] = False,
    boundary: Annotated[
        bool, _flag("--boundary", "decision boundary of a run with two features", DRAW)
    ] = False,
    confusion: Annotated[
        bool, _flag("--confusion", "confusion matrix of a run that classifies", DRAW)
    ] = False,
    predicted: Annotated[
        bool, _flag("--predicted", "predicted against true values of a regression", DRAW)
    ] = False,
    form: Annotated[
        Text,
        _text(
            "table, md, csv, json, jsonl, latex or parquet (default: as the file ends)",
            "NAME",
            OUTPUT,
            "--format",
            autocompletion=complete_choice(_formats),
        ),
    ] = None,
    output: Annotated[
        Text,
        _text(
            "write to a file",
            "FILE",
            OUTPUT,
            "--output",
            "-o",
            autocompletion=complete_file,
        ),
    ] = None,
    as_json: Annotated[bool, json_option(OUTPUT)] = False,
    html: Annotated[
        Text, _text("write all of it as one web page", "FILE", OUTPUT, autocompletion=complete_file)
    ] = None,
    plot: Annotated[
        Text,
        _text("draw it into a .png, .svg or .pdf", "FILE", OUTPUT, autocompletion=complete_file),
    ] = None,
    follow: Annotated[bool, _flag("--follow", "go on showing runs as they train", OUTPUT)] = False,
    db: Annotated[Text, database_option(OUTPUT)] = None,
) -> int:
    """Find runs, and show, compare or draw them. Nothing is trained.

    Without options the latest runs are listed, with the columns in which they differ; what is
    common to all stands above. One RUN alone is shown in full.

    Fields are the options of nncli train, what is stored of a run (run, name, status, tags, seed,
    sweep, created, epochs, parameters, ...), and metrics, such as val_loss:min; a metric alone is
    that of the best epoch.
    """
    from nncli.cli.reporting.request import read_request
    from nncli.cli.reporting.show import carry_out

    given = {
        "runs": runs,
        "where": where,
        "since": since,
        "status": status,
        "sort": sort,
        "limit": limit,
        "best": best,
        "columns": columns,
        "metric": metric,
        "by": by,
        "vs": vs,
        "diff": diff,
        "claims": claims,
        "target": target,
        "profile": profile,
        "sensitivity": sensitivity,
        "curves": curves,
        "heat": heat,
        "parallel": parallel,
        "layers": layers,
        "boundary": boundary,
        "confusion": confusion,
        "predicted": predicted,
        "x": x,
        "log_x": log_x,
        "log_y": log_y,
        "smooth": smooth,
        "html": html,
        "plot": plot,
        "format": form,
        "output": output,
        "as_json": as_json,
        "follow": follow,
    }
    return carry_out(read_request(given, database_name(db)))
