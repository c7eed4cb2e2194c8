"""``nncli gradcheck``: every gradient against numeric derivatives, or one expression's graph."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nncli.cli.help import Command, examples
from nncli.cli.output import console, print_error, print_json, print_line, print_note
from nncli.cli.settings import combine
from nncli.cli.shared_options import database_option, json_option
from nncli.cli.spec_options import with_spec_options
from nncli.errors import UsageError

if TYPE_CHECKING:
    from nncli.proving import Proof

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "nncli gradcheck",
    "nncli gradcheck iris --hidden 16,8 --act tanh,relu --bn before",
    "nncli gradcheck --from last",
    "nncli gradcheck mnist --hidden 256,128 --fast",
    'nncli gradcheck --expr "((a+b)*c)**2" --at a=2,b=-1,c=3',
)

CHECK = "Check"

#: Failed checks that are listed; the others are counted.
MOST_LISTED = 20


@app.command(cls=Command, epilog=EXAMPLES)
@with_spec_options
def gradcheck(
    *,
    fast: Annotated[
        bool,
        typer.Option(
            "--fast", help="along random directions only, for large networks", rich_help_panel=CHECK
        ),
    ] = False,
    from_run: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="check the network of a stored run, with its weights",
            metavar="RUN",
            rich_help_panel=CHECK,
        ),
    ] = None,
    expr: Annotated[
        str | None,
        typer.Option(
            help="walk an expression's graph from back to front",
            metavar="TEXT",
            rich_help_panel=CHECK,
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            help="values of its names, such as a=2,b=-1", metavar="A=1,...", rich_help_panel=CHECK
        ),
    ] = None,
    db: Annotated[str | None, database_option(CHECK)] = None,
    as_json: Annotated[bool, json_option(CHECK)] = False,
    **given: Any,
) -> int:
    """Prove gradients by numeric derivatives.

    Without options the whole catalogue is checked: every kernel alone, and every activation with
    every loss, with and without Batch Normalization, in networks of one to three hidden layers.
    With options of nncli train, the network that they describe, on its data; with --from, a
    trained one. With --expr, the chain rule on the graph of an expression.

    The exit code is 1 if anything fails. The result is stored in the database.
    """
    flags = {option: value for option, value in given.items() if value is not None}
    if expr is not None or at is not None:
        return _expression(expr, at, flags, as_json=as_json)
    if from_run is not None and flags:
        raise UsageError(
            f"--from {from_run} checks the run as it is: leave the other options out, or "
            f"check nncli train's options without --from"
        )
    from nncli import proving
    from nncli.cli.gradcheck_view import Board

    with Board(sys.stderr, quiet=as_json) as board:
        if from_run is not None:
            proof = proving.prove_run(
                from_run, db=db, fast=fast, observe=board, announce=board.announce
            )
        elif flags:
            spec = combine(flags).spec
            proof = proving.prove_options(spec, fast=fast, observe=board, announce=board.announce)
        elif fast:
            raise UsageError(
                "--fast is for a large network: name one, such as nncli gradcheck mnist --fast"
            )
        else:
            proof = proving.prove_catalogue(observe=board)
    number = proving.record(proof, db=db)
    if as_json:
        print_json(proof.to_json())
    else:
        _show(proof, number)
    return 0 if proof.passed else 1


def _show(proof: Proof, number: int) -> None:
    from nncli.cli.gradcheck_view import table
    from nncli.gradcheck.check import COMPLEX_TOLERANCE
    from nncli.gradcheck.differences import TOLERANCE
    from nncli.report.text import duration

    screen = console()
    screen.print(table(proof.checks, screen.width))
    print_line()
    print_line(
        f"tolerance {TOLERANCE:.0e}; cstep is a complex step (tolerance {COMPLEX_TOLERANCE:.0e}), "
        "dp/dx the Jacobian"
    )
    worst, entries = proof.worst, sum(each.entries for each in proof.checks)
    print_line(f"largest relative error {worst.max_relative_error:.1e} in {worst.name}")
    if worst.worst is not None:
        print_line(f"  {worst.worst}")
    kinks = sum(each.kinks for each in proof.checks)
    if kinks:
        print_line(f"{kinks} derivatives stand at a kink and do not exist")
    for check in proof.failed[:MOST_LISTED]:
        print_error(f"{check.name}: {check.worst}")
    if len(proof.failed) > MOST_LISTED:
        print_error(f"and {len(proof.failed) - MOST_LISTED} more")
    passed = len(proof.checks) - len(proof.failed)
    print_line(
        f"{passed} of {len(proof.checks)} checks passed, {entries:,} derivatives in "
        f"{duration(proof.seconds)} (stored as gradient check {number})"
    )


def _expression(expr: str | None, at: str | None, flags: dict[str, Any], *, as_json: bool) -> int:
    from nncli.gradcheck import graph, graph_text

    if expr is None:
        raise UsageError("--at gives values to the names of an expression: add --expr TEXT")
    if flags:
        raise UsageError("--expr checks an expression alone: leave the options of train out")
    traced = graph.trace(expr, graph.parse_at(at) if at is not None else {})
    if as_json:
        print_json(traced.to_json())
    else:
        for line in graph_text.lines(traced, console().width):
            print_line(line)
    if not traced.passed:
        print_note("an adjoint differs from its numeric derivative")
    return 0 if traced.passed else 1
