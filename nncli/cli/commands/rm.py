"""``nncli rm``: runs deleted, with all that belongs to them."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from nncli.cli import selecting
from nncli.cli.care_text import fitted, weight_text
from nncli.cli.help import Command, examples
from nncli.cli.output import console, print_json, print_line, print_note
from nncli.cli.shared_options import database_option, json_option
from nncli.environment import database_name
from nncli.errors import StoreError, UsageError
from nncli.report.text import plural

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "nncli rm 12 15-20",
    "nncli rm @night --where 'status=failed' --dry-run",
    "nncli rm --status failed --since 2d --yes",
)


@app.command(cls=Command, epilog=EXAMPLES)
def rm(
    runs: Annotated[list[str] | None, selecting.runs_argument()] = None,
    where: Annotated[str | None, selecting.where_option()] = None,
    since: Annotated[str | None, selecting.since_option()] = None,
    status: Annotated[list[str] | None, selecting.status_option()] = None,
    yes: Annotated[bool, selecting.yes_option()] = False,
    dry_run: Annotated[bool, selecting.dry_run_option()] = False,
    force: Annotated[
        bool, typer.Option("--force", help="also runs that are being trained")
    ] = False,
    db: Annotated[str | None, database_option()] = None,
    as_json: Annotated[bool, json_option()] = False,
) -> int:
    """Delete runs with their curves, layer statistics, models and tags, for good.

    It asks before it does so, and shows what would go. A sweep whose run is deleted misses it and
    trains it again when it is resumed; gradient checks stay. The file keeps its size until nncli db
    compact; what is deleted can be had back from a backup alone. The exit code is 1 if you say no.
    """
    from nncli.store.care import CareStore

    if not (runs or where or since or status):
        raise UsageError(
            "nncli rm needs the runs to delete: ids such as 12 or 15-20, @tag, sweep:3, or --where"
        )
    database = database_name(db)
    found = selecting.select_runs(
        database, selecting.NAMING, runs or (), where, since, status or ()
    )
    ids = list(found["run"])
    with CareStore(database) as store:
        running = store.running(ids)
        if running and not force and not dry_run:
            raise StoreError(
                f"run {running[0]} is being trained: nothing was deleted; stop it first, leave it "
                "out with --where 'status!=running', or delete it nevertheless with --force"
            )
        weight = store.weigh(ids)
        if not as_json:
            width = console(sys.stderr).width
            text = f"{plural(len(ids), 'run')} in {store.shown}"
            if ids:
                text += f", with {weight_text(weight)}:"
            for line in [*fitted(text, width), *selecting.named_lines(found, width)]:
                print_note(line)
        told = {"database": store.shown, "dry_run": dry_run, **asdict(weight), "runs": ids}
        if dry_run or not ids:
            if as_json:
                print_json(told | {"deleted": 0})
            return 0
        question = f"delete {plural(len(ids), 'run')} for good?"
        if not selecting.is_confirmed(question, yes=yes, as_json=as_json):
            print_note("nothing was deleted")
            return 1
        deleted = store.delete_runs(ids, force=force, tell=selecting.counting("deleted"))
        if as_json:
            print_json(told | {"deleted": deleted})
        else:
            print_line(f"deleted {plural(deleted, 'run')}")
    return 0
