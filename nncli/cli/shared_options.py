"""Options that several commands have, declared once."""

from __future__ import annotations

import os
import shlex
from typing import Any

import typer

from nncli.cli.completion import complete_file
from nncli.environment import DEFAULT_DATABASE, database_name


def database_option(panel: str | None = None) -> Any:
    """Return the option ``--db``."""
    return typer.Option(
        help=f"database, a file or URL [default: $NNCLI_DB, else {DEFAULT_DATABASE}]",
        metavar="DB",
        rich_help_panel=panel,
        autocompletion=complete_file,
        show_default=False,
    )


def run_argument() -> Any:
    """Return the argument that names a stored run."""
    return typer.Argument(
        help="an id, a name, the start of a uuid, or last", metavar="RUN", show_default=False
    )


def json_option(panel: str | None = None) -> Any:
    """Return the flag ``--json``."""
    return typer.Option("--json", help="print one JSON object", rich_help_panel=panel)


def database_shown(given: str | None) -> str | None:
    """Return what ``--db`` named as a word for a shell, without a password; None for nothing."""
    if given is None:
        return None
    from nncli.store.target import parse_target

    return shlex.quote(parse_target(given).shown)


def absolute_database(given: str | None) -> str:
    """Return what ``--db`` or ``NNCLI_DB`` names so that another folder changes nothing of it."""
    name = database_name(given)
    return name if "://" in name else os.path.abspath(name)
