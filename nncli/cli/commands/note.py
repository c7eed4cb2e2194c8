"""``nncli note``: what somebody has to say of a run."""

from __future__ import annotations

from typing import Annotated

import typer

from nncli.cli.help import Command, examples
from nncli.cli.output import print_json, print_line, print_note
from nncli.cli.shared_options import database_option, json_option, run_argument
from nncli.environment import database_name
from nncli.errors import UsageError

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    'nncli note 12 "the rate was too high"',
    "nncli note 12",
    "nncli note last --clear",
)


@app.command(cls=Command, epilog=EXAMPLES)
def note(
    run: Annotated[str, run_argument()],
    text: Annotated[
        str | None,
        typer.Argument(help="the note, in the place of the former one", metavar="[TEXT]"),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="take the note away")] = False,
    db: Annotated[str | None, database_option()] = None,
    as_json: Annotated[bool, json_option()] = False,
) -> None:
    """Write a note on a run, or show the one that it has."""
    from nncli.store.care import CareStore

    if clear and text is not None:
        raise UsageError("--clear takes the note away: give it, or a new TEXT, not both")
    with CareStore(database_name(db)) as store:
        found = store.find_run(run)
        shown = found.note
        if clear or text is not None:
            store.set_note(found.id, text)
            shown = store.get_run(found.id).note
    if as_json:
        print_json({"run": found.id, "uuid": found.uuid, "note": shown})
    elif shown is not None:
        print_line(shown)
    else:
        print_note(f"run {found.id} has no note" + (" any more" if clear else ""))
