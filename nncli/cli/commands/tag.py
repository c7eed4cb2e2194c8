"""``nncli tag``: tags put on runs and taken from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from nncli.cli import selecting
from nncli.cli.help import Command, examples
from nncli.cli.output import print_json, print_line, print_note
from nncli.cli.shared_options import database_option, json_option
from nncli.environment import database_name
from nncli.errors import UsageError
from nncli.report.text import aligned, plural

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "nncli tag 3-5 night",
    "nncli tag 3-5 12 +night -old",
    "nncli tag @old old --remove",
    "nncli tag last +best --where 'val_accuracy>0.98'",
    "nncli tag",
)


class TagCommand(Command):
    """A command for which ``-old`` is no option, but a tag to take away."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Parse the options, and take words such as ``-old`` for arguments."""
        known = {name for each in self.get_params(ctx) for name in each.opts}
        taken = [w for w in args if re.fullmatch(r"-[^-].*", w, re.DOTALL) and w not in known]
        rest = [word for word in args if word not in taken]
        if "--" not in rest:
            rest.append("--")
        return super().parse_args(ctx, [*rest, *taken])


@dataclass(frozen=True)
class Wanted:
    """What the words of a command ask for."""

    runs: tuple[str, ...]
    add: tuple[str, ...]
    drop: tuple[str, ...]


@app.command(cls=TagCommand, epilog=EXAMPLES)
def tag(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="runs as nncli report takes them (12, 15-20, @tag, sweep:3, last), then one tag; "
            "or runs, and tags with + to put on and - to take away",
            metavar="[RUNS]... [TAG | +TAG -TAG ...]",
            show_default=False,
        ),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="take the tag away")] = False,
    where: Annotated[str | None, selecting.where_option()] = None,
    since: Annotated[str | None, selecting.since_option()] = None,
    status: Annotated[list[str] | None, selecting.status_option()] = None,
    db: Annotated[str | None, database_option()] = None,
    as_json: Annotated[bool, json_option()] = False,
) -> None:
    """Put tags on runs or take them away; without arguments, list all tags.

    All runs are changed, or none. A tag that a run has already stays as it is.
    """
    from nncli.store.care import CareStore

    is_limited = bool(where or since or status)
    if not words and not is_limited:
        _list(database_name(db), as_json=as_json)
        return
    wanted = read_words(words or [], remove=remove)
    if not (wanted.runs or is_limited):
        raise UsageError(
            f"nncli tag needs the runs for {', '.join(wanted.add + wanted.drop)}: ids such as 12 "
            "or 15-20, @tag, sweep:3, or --where"
        )
    database = database_name(db)
    table = selecting.select_runs(
        database, ("run",), wanted.runs, where, since, status or (), only_trained=False
    )
    ids = list(table["run"])
    with CareStore(database) as store:
        added, taken = store.change_tags(ids, wanted.add, wanted.drop) if ids else (0, 0)
    if as_json:
        print_json({"runs": ids, "added": added, "removed": taken})
    elif not ids:
        print_note("no run matches: nothing was changed")
    else:
        parts = [(wanted.add, added, "put on"), (wanted.drop, taken, "taken from")]
        said = [f"{', '.join(t)} {verb} {plural(n, 'run')}" if len(t) == 1 else
                f"{', '.join(t)} {verb} runs {n} times" for t, n, verb in parts if t]  # fmt: skip
        print_line(f"{'; '.join(said)}, of {len(ids)}")


def read_words(words: list[str], *, remove: bool) -> Wanted:
    """Tell runs from tags. Raises UsageError where a tag is missing or empty.

    With a word that begins with ``+`` or ``-`` such words are the tags; else the last word is.
    """
    signed = [word for word in words if word[:1] in ("+", "-")]
    if signed:
        if remove:
            raise UsageError(f"--remove and {signed[0]}: give RUNS -TAG, or RUNS TAG --remove")
        runs = tuple(word for word in words if word not in signed)
        add = tuple(word[1:] for word in signed if word[0] == "+")
        drop = tuple(word[1:] for word in signed if word[0] == "-")
    else:
        if not words:
            raise UsageError("nncli tag needs a tag: expected one, such as night, +night or -night")
        runs, last = tuple(words[:-1]), (words[-1],)
        add, drop = ((), last) if remove else (last, ())
    if not all(word.strip() for word in add + drop):
        raise UsageError("a tag is empty: expected a word, such as night, +night or -night")
    if both := set(add) & set(drop):
        raise UsageError(f"+{min(both)} and -{min(both)}: put the tag on, or take it away")
    return Wanted(runs, add, drop)


def _list(database: str, *, as_json: bool) -> None:
    from nncli.store.care import CareStore

    with CareStore(database) as store:
        found = store.tags()
    if as_json:
        print_json({"tags": found})
    elif not found:
        print_note("no run has a tag: nncli tag last TAG")
    else:
        for line in aligned([["tag", "runs"], *([t, f"{n:,}"] for t, n in found.items())],
                            right=True):  # fmt: skip
            print_line(line)
