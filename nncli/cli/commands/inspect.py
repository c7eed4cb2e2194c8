"""``nncli inspect``: what stands in a network, and what it does around one row."""

from __future__ import annotations

from typing import Annotated

import typer

from nncli.cli.help import Command, examples
from nncli.cli.output import console, print_error, print_json, print_line
from nncli.cli.progress import observer
from nncli.cli.shared_options import database_option, json_option, run_argument
from nncli.errors import UsageError

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "nncli inspect last",
    "nncli inspect 12 --linear-map 0",
    "nncli inspect 12 --jacobian -1 --json",
)


@app.command(cls=Command, epilog=EXAMPLES)
def inspect(
    run: Annotated[str, run_argument()],
    linear_map: Annotated[
        str | None,
        typer.Option(
            help="the affine map at a row of the data, and the linear regions of all rows",
            metavar="ROW",
        ),
    ] = None,
    jacobian: Annotated[
        str | None,
        typer.Option(help="derivatives of all outputs by all inputs at a row", metavar="ROW"),
    ] = None,
    db: Annotated[str | None, database_option()] = None,
    as_json: Annotated[bool, json_option()] = False,
) -> int:
    """Look into a network: its layers and weights, its map at a row.

    Shown are the best weights, or the last ones where no others were kept. ROW is the place of a
    row in the data set, from 0; -1 is the last one.

    --linear-map takes a network whose hidden activations are straight between their kinks, such as
    relu: around a row it is z = W_eff x + b_eff, exactly. x are the inputs as the network gets
    them, scaled, and z the sums of the output layer. --jacobian is dp/dx, of the outputs after
    their activation. The exit code is 1 if either disagrees with the forward pass.
    """
    from nncli import inspecting
    from nncli.cli.inspect_view import lines

    rows = {
        "linear_map": _row("--linear-map", linear_map),
        "jacobian": _row("--jacobian", jacobian),
    }
    with observer(quiet=False, as_json=as_json) as show:
        found = inspecting.inspect_run(run, db=db, progress=show.loading, **rows)
    if as_json:
        print_json(found.to_json())
    else:
        for line in lines(found, console().width):
            print_line(line)
    if not found.passed:
        print_error("the figures above disagree with the forward pass: they mean nothing")
    return 0 if found.passed else 1


def _row(option: str, given: str | None) -> int | None:
    try:
        return None if given is None else int(given)
    except ValueError:
        raise UsageError(
            f"{option} is {given!r}: expected the number of a row, such as 0, or -1 for the last"
        ) from None
