"""``nncli lr-find``: the learning-rate range test, with a suggestion."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from nncli.cli.help import Command, examples
from nncli.cli.output import can_draw, console, is_colored, print_json, print_line
from nncli.cli.progress import COMPILING, observer
from nncli.cli.settings import combine
from nncli.cli.shared_options import json_option
from nncli.cli.spec_options import with_spec_options
from nncli.cli.stopping import StopRequest
from nncli.errors import UsageError
from nncli.options import Reader, flag_of, positive, whole

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "nncli lr-find",
    "nncli lr-find iris --hidden 16 --act tanh --opt sgd",
    "nncli lr-find mnist --highest 1 --updates 500 --repeats 5",
    "nncli lr-find houses.csv --target price --json",
)

TEST = "Range test"

#: A test of more updates or repeats than this is a mistake in typing.
MOST_UPDATES, MOST_REPEATS = 1_000_000, 1000


@app.command("lr-find", cls=Command, epilog=EXAMPLES)
@with_spec_options
def lr_find(
    *,
    lowest: Annotated[
        str,
        typer.Option(
            help="rate to start from [default: 1e-6]",
            metavar="RATE",
            rich_help_panel=TEST,
            show_default=False,
        ),
    ] = "1e-6",
    highest: Annotated[
        str,
        typer.Option(
            help="rate to end at [default: 10]",
            metavar="RATE",
            rich_help_panel=TEST,
            show_default=False,
        ),
    ] = "10",
    updates: Annotated[
        str,
        typer.Option(
            help="updates from one to the other [default: 300]",
            metavar="N",
            rich_help_panel=TEST,
            show_default=False,
        ),
    ] = "300",
    repeats: Annotated[
        str,
        typer.Option(
            help="times, each with other weights [default: 3]",
            metavar="N",
            rich_help_panel=TEST,
            show_default=False,
        ),
    ] = "3",
    as_json: Annotated[bool, json_option(TEST)] = False,
    **given: Any,
) -> int:
    """Find a learning rate by raising it until training breaks.

    From fresh weights the rate rises exponentially from update to update, until the smoothed loss
    is four times its best. A tenth of that rate is suggested, or, where training never diverges,
    the rate at which the loss falls fastest: the median of the repeats. It is a guess to start
    from.

    Options are those of nncli train. The network, the data, the optimizer and the mini-batches
    count; schedule, warm-up, epochs and early stopping do not. No run is stored.
    """
    flags = {option: value for option, value in given.items() if value is not None}
    if "lr" in flags:
        raise UsageError("--lr means nothing here, since all rates are tried: leave it out")
    numbers = {
        "lowest": _read("lowest", lowest, _rate),
        "highest": _read("highest", highest, _rate),
        "updates": _read("updates", updates, whole(10, MOST_UPDATES)),
        "repeats": _read("repeats", repeats, whole(1, MOST_REPEATS)),
    }
    spec = combine(flags).spec

    from nncli import experiment
    from nncli.kernels.assemble import is_compiled
    from nncli.lr_find import check_has_rate, range_test
    from nncli.trainer import parts_of

    check_has_rate(spec.opt)
    with observer(quiet=False, as_json=as_json) as show:
        plan = experiment.plan(spec, progress=show.loading)
        for note in plan.notes:
            show.say(note)
        if not is_compiled(parts_of(plan.spec, plan.model, plan.dataset)):
            show.loading(COMPILING, None)
        stop = StopRequest(show.say)

        def observe(share: float) -> None:
            stop.check()
            show.loading("raising the rate", share)

        with stop:
            test = range_test(plan.spec, plan.dataset, plan.model, observe=observe, **numbers)
            stop.check()
    command = train_command(flags)
    if as_json:
        rate = test.suggestion
        next_step = None if rate is None else f"{command} --lr {rate:g}"
        print_json({**test.to_json(), "next": next_step})
        return 0

    from nncli.cli.lr_find_view import lines, picture

    shown = picture(
        test, console().width, colored=is_colored(sys.stdout), unicode=can_draw(sys.stdout)
    )
    for line in shown:
        sys.stdout.write(line + "\n")
    for line in lines(test, command):
        print_line(line)
    return 0


def train_command(flags: Mapping[str, Any]) -> str:
    """Return ``nncli train`` with the options that were given."""
    words = [str(flags["data"])] if "data" in flags else []
    for option, value in flags.items():
        if option != "data":
            words += [flag_of(option)] if value is True else [flag_of(option), str(value)]
    return shlex.join(["nncli", "train", *words])


def _rate(value: Any) -> float:
    """Read a learning rate that float32 can hold with room to spare."""
    rate = positive(value)
    if not 1e-30 <= rate <= 1e6:
        raise ValueError("expected a rate from 1e-30 to 1e6")
    return rate


def _read(option: str, given: str, read: Reader) -> Any:
    try:
        return read(given)
    except ValueError as error:
        raise UsageError(f"{flag_of(option)} is {given!r}: {error}") from None
