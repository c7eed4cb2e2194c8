"""``nncli db``: looking after the database."""

from __future__ import annotations

import sys
from dataclasses import asdict, fields
from typing import Annotated, Any

import typer

from nncli.cli import care_text, selecting
from nncli.cli.completion import complete_file
from nncli.cli.help import Command, Group, examples
from nncli.cli.output import console, print_error, print_json, print_line, print_note
from nncli.cli.shared_options import database_option, json_option
from nncli.environment import database_name
from nncli.errors import UsageError, unknown_choice
from nncli.options import option_of
from nncli.report.text import plural


class Care(Group):
    """The group of the commands, with our words for one that is not there."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that ``args`` begin with."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            raise unknown_choice("command of nncli db", args[0], self.commands)
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Care,
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog=examples(
        "nncli db info",
        "nncli db check",
        "nncli db backup night.db",
        "nncli db merge laptop.db",
        "nncli db prune --keep best:3 --dry-run",
    ),
)


@app.callback()
def db_group() -> None:
    """Look after the database: see what is in it, check, compact, merge, back up, prune.

    nncli rm, nncli tag and nncli note change single runs.
    """


Database = Annotated[str | None, database_option()]
Json = Annotated[bool, json_option()]


@app.command(cls=Command, epilog=examples("nncli db info", "nncli db info --db night.db --json"))
def info(db: Database = None, as_json: Json = False) -> None:
    """Tell what is in the database.

    Its schema, the rows and sizes of its tables, runs by status, and what log and disk hold.
    """
    from nncli.store.care import CareStore

    with CareStore(database_name(db)) as store:
        found = store.info()
    if as_json:
        print_json(asdict(found))
        return
    for line in care_text.info_lines(found):
        print_line(line)


@app.command(cls=Command, epilog=examples("nncli db check", "nncli db check --json"))
def check(db: Database = None, as_json: Json = False) -> int:
    """Check that the database is sound.

    The exit code is 1 if it is not. SQLite reads every page. Then what nncli knows is held against
    what is stored: that nothing belongs to a run that is not there, that results are those of the
    curves, that specs have their hashes, that models can be read. Others may write meanwhile. An
    older schema is migrated first, as by every command; nothing else is changed.
    """
    from nncli.store.care import CareStore

    verdicts = []
    with CareStore(database_name(db)) as store:
        for verdict in store.check(_uncounted()):
            verdicts.append(verdict)
            if not as_json:
                for line in care_text.verdict_lines(verdict, console().width):
                    print_line(line)
        shown = store.shown
    wrong = [verdict for verdict in verdicts if not verdict.passed]
    if as_json:
        checks = [{**asdict(each), "passed": each.passed} for each in verdicts]
        print_json({"database": shown, "passed": not wrong, "checks": checks})
    elif wrong:
        print_error(
            f"{shown} is not sound: {', '.join(each.name for each in wrong)}; keep a copy of it, "
            "and restore a backup, or delete the runs that are named: nncli rm"
        )
    else:
        seconds = sum(each.seconds for each in verdicts)
        print_line(f"{shown} is sound: {len(verdicts)} checks in {seconds:.1f} s")
    return 1 if wrong else 0


@app.command(cls=Command, epilog=examples("nncli db compact"))
def compact(db: Database = None, as_json: Json = False) -> None:
    """Give back the space that deleted runs have left.

    SQLite empties its log and writes the whole file anew, which takes as much disk again. It is
    refused while a run is being trained. PostgreSQL does so by itself.
    """
    from nncli.store.care import CareStore

    with CareStore(database_name(db)) as store:
        done = store.compact()
        if as_json:
            gained = {"gained": done.before - done.after}
            print_json({"database": store.shown, **asdict(done), **gained})
        else:
            print_line(care_text.compacted_text(store.shown, done))


@app.command(
    cls=Command, epilog=examples("nncli db merge laptop.db", "nncli db merge old.db --dry-run")
)
def merge(
    other: Annotated[
        str,
        typer.Argument(
            help="an SQLite file of nncli, which is only read",
            metavar="OTHER",
            autocompletion=complete_file,
        ),
    ],
    dry_run: Annotated[bool, selecting.dry_run_option()] = False,
    db: Database = None,
    as_json: Json = False,
) -> None:
    """Bring in the runs of another database.

    With them come their models, their sweeps, and gradient checks. Runs and sweeps are known by
    their uuids: what is here already is not brought again, and a run that went on elsewhere
    replaces its older state here. Ids are given anew. A merge that was broken off is gone on with
    by the same command. OTHER may be of an older version.
    """
    from nncli.store.care import CareStore

    with CareStore(database_name(db)) as store:
        merged = store.merge(other, dry_run=dry_run, tell=selecting.counting("merged"))
        if as_json:
            named = {"database": store.shown, "other": other, "dry_run": dry_run}
            print_json(named | asdict(merged))
            return
        for text in care_text.merged_lines(merged, other, store.shown, dry_run=dry_run):
            for line in care_text.fitted(text, console().width):
                print_line(line)


@app.command(
    cls=Command, epilog=examples("nncli db backup night.db", "nncli db backup night.db --force")
)
def backup(
    file: Annotated[
        str,
        typer.Argument(help="where the copy goes", metavar="FILE", autocompletion=complete_file),
    ],
    force: Annotated[bool, typer.Option("--force", help="replace the file if it is there")] = False,
    db: Database = None,
    as_json: Json = False,
) -> None:
    """Write a copy, also while runs are being trained.

    The copy holds one moment, is read back before it gets its name, and replaces an older one only
    if it is sound. What is no plain file, and the database with its log, are never replaced.
    """
    from nncli.store.care import CareStore

    with CareStore(database_name(db)) as store:
        done = store.backup(file, replace=force)
        if as_json:
            print_json({"database": store.shown, **asdict(done)})
        else:
            print_line(
                f"{done.path}: {plural(done.runs, 'run')}, {care_text.size(done.bytes)}, read back "
                f"and sound, in {done.seconds:.1f} s"
            )


@app.command(
    cls=Command,
    epilog=examples(
        "nncli db prune --keep best:3 --dry-run",
        "nncli db prune --keep best:1 --keep last:5 --by data,act,opt",
        "nncli db prune @night --keep best:3 --metric val_loss --runs --yes",
    ),
)
def prune(
    runs: Annotated[list[str] | None, selecting.runs_argument(" (default: all)")] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            help="what to keep of each group, best:N or last:N; may be repeated", metavar="RULE"
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            help="what best means, NAME[:best|last|min|max] (default: the usual metric of a group)",
            metavar="METRIC",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="the fields that make a group, such as data,act (default: each sweep is one, and "
            "the runs of no sweep on the same data)",
            metavar="FIELDS",
        ),
    ] = None,
    whole_runs: Annotated[
        bool, typer.Option("--runs", help="delete whole runs, not their models alone")
    ] = False,
    tagged: Annotated[bool, typer.Option("--tagged", help="also runs that have a tag")] = False,
    where: Annotated[str | None, selecting.where_option()] = None,
    since: Annotated[str | None, selecting.since_option()] = None,
    status: Annotated[list[str] | None, selecting.status_option()] = None,
    yes: Annotated[bool, selecting.yes_option()] = False,
    dry_run: Annotated[bool, selecting.dry_run_option()] = False,
    db: Database = None,
    as_json: Json = False,
) -> int:
    """Delete the models of all but the best runs.

    Runs with a tag and runs that are being trained are kept. Without --runs only stored models go:
    runs, curves and results stay, but predict, inspect, export and train --resume have nothing to
    begin with. A run that diverged or failed is never among the best; a group in which no run has
    the metric is kept whole.
    """
    from nncli.metrics import read_metric
    from nncli.store.care import CareStore, read_rule
    from nncli.store.care.keeping import (
        candidates_of,
        fields_of,
        group_name,
        kept_runs,
        unranked_groups,
    )

    if not keep:
        raise UsageError("nncli db prune needs --keep: expected best:N or last:N, such as best:3")
    rules = [read_rule(text) for text in keep]
    asked = read_metric(metric) if metric is not None else None
    groups = [name.strip() for name in (by or "").split(",") if name.strip()]
    database = database_name(db)
    wanted = (*fields_of(groups, asked), *selecting.NAMING)
    table = selecting.select_runs(database, wanted, runs or (), where, since, status or ())
    candidates = candidates_of(table, groups, asked, spare_tagged=not tagged)
    kept = kept_runs(candidates, rules)
    whole_groups = [group_name(group, groups) for group in unranked_groups(candidates, rules)]
    places = [place for place, run in enumerate(table["run"]) if run not in kept]
    going = table.take(places)
    ids = list(going["run"])
    with CareStore(database) as store:
        weight = store.weigh(ids)
        if not whole_runs:
            models = store.with_models(ids)
            going = going.take([p for p, run in enumerate(ids) if run in models])
            ids = list(going["run"])
        spared = sum(each.spared for each in candidates)
        told: dict[str, Any] = {
            "database": store.shown,
            "dry_run": dry_run,
            **asdict(weight),
            "runs": ids,
            "kept": len(table) - len(ids),
            "groups_kept_whole": whole_groups,
        }
        what = plural(len(ids), "run") if whole_runs else (
            f"the models of {plural(len(ids), 'run')}, {care_text.size(weight.model_bytes)}"
        )  # fmt: skip
        if not as_json:
            width = console(sys.stderr).width
            text = f"to be deleted: {what}, of {plural(len(table), 'run')} in {store.shown}"
            if whole_runs and ids:
                text += f", with {care_text.weight_text(weight)}"
            for line in [
                *care_text.fitted(text, width),
                *selecting.named_lines(going, width),
            ]:
                print_note(line)
            if spared:
                more = "" if tagged else " (--tagged: tagged ones too)"
                print_note(f"kept in any case: {plural(spared, 'run')}{more}")
            for line in _whole_lines(whole_groups, width):
                print_note(line)
        if dry_run or not ids:
            if as_json:
                print_json(told | {"deleted": 0})
            return 0
        if not selecting.is_confirmed(f"delete {what}, for good?", yes=yes, as_json=as_json):
            print_note("nothing was deleted")
            return 1
        delete = store.delete_runs if whole_runs else store.delete_models
        deleted = delete(ids, tell=selecting.counting("pruned"))
        if as_json:
            print_json(told | {"deleted": deleted})
        else:
            noun = "run" if whole_runs else "model"
            print_line(f"deleted {plural(deleted, noun)}; nncli db compact gives the space back")
    return 0


def _whole_lines(names: list[str], width: int) -> list[str]:
    """Return the lines that name the groups in which no run can be best, a few of them."""
    if not names:
        return []
    more = len(names) - selecting.NAMED
    some = ", ".join(names[: selecting.NAMED]) + (f" and {more:,} more" if more > 0 else "")
    return care_text.fitted(f"kept whole, since no run there has the metric: {some}", width)


def _uncounted() -> list[str]:
    """Return the options that change nothing of what is learned: a spec's hash leaves them out."""
    from nncli.spec import Spec

    return [each.name for each in fields(Spec) if not option_of(each).identity]
