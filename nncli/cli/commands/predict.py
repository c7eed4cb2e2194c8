"""``nncli predict``: the network of a run applied to a file, as CSV."""

from __future__ import annotations

import contextlib
import csv
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from nncli.cli.completion import complete_file
from nncli.cli.help import Command, examples
from nncli.cli.output import print_note
from nncli.cli.shared_options import database_option, run_argument
from nncli.errors import UsageError

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "nncli predict 12 new.csv",
    "nncli predict last new.csv -o predictions.csv",
    "nncli predict iris-best new.csv | head",
)


@app.command(cls=Command, epilog=EXAMPLES)
def predict(
    run: Annotated[str, run_argument()],
    file: Annotated[
        str,
        typer.Argument(
            help="a file with the columns that the run was trained on",
            metavar="FILE",
            show_default=False,
            autocompletion=complete_file,
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="write to this file [default: standard output]",
            metavar="OUT",
            autocompletion=complete_file,
        ),
    ] = None,
    db: Annotated[str | None, database_option()] = None,
) -> None:
    """Apply the network of a run to a file, as CSV.

    A row of the output belongs to a row of FILE: the predicted class or value and, for a
    classification, the probability of every class. If FILE has the target column as well, the
    metric is told on standard error.
    """
    from nncli import experiment

    found = experiment.predict(run, file, db=db)
    with opened(output) as stream:
        write_csv(stream, found.columns, found.rows)
    for note in found.notes:
        print_note(note)


def write_csv(stream: TextIO, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a header and rows; numbers with as many digits as tell them apart."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)


@contextlib.contextmanager
def opened(path: str | None) -> Iterator[TextIO]:
    """Open a file to be there whole or not at all, or give standard output."""
    if path is None:
        yield sys.stdout
        return
    target = Path(path).expanduser()
    if target.is_dir():
        raise UsageError(f"--output {path} is a folder: expected a file to write")
    special = target.exists() and not target.is_file()  # /dev/stdout, a named pipe
    try:
        if special:
            with target.open("w", encoding="utf-8", newline="") as stream:
                yield stream
            return
        with _beside(target) as stream:
            yield stream
    except FileNotFoundError:
        raise UsageError(f"--output {path}: there is no folder {target.parent}") from None
    except PermissionError:
        raise UsageError(
            f"--output {path} cannot be written: expected a folder you may write"
        ) from None


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[TextIO]:
    """Write to a file beside ``target`` that takes its place at the end."""
    number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as stream:
            yield stream
        os.chmod(name, target.stat().st_mode if target.exists() else 0o666 & ~_umask())
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
