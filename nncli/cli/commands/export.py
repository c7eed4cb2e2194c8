"""``nncli export``: the network of a run, written for other programs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from nncli.cli.completion import complete_choice, complete_file
from nncli.cli.help import Command, examples
from nncli.cli.output import print_json, print_line, print_note
from nncli.cli.shared_options import database_option, json_option, run_argument
from nncli.errors import UsageError

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "nncli export last",
    "nncli export 12 -o digits.onnx --opset 20",
    "nncli export iris-best -o iris.pt --epoch last",
    "nncli export last --format json -o - | head -5",
)


def _formats() -> list[str]:
    from nncli.exporting.export import FORMATS

    return list(FORMATS)


@app.command(cls=Command, epilog=EXAMPLES)
def export(
    run: Annotated[str, run_argument()],
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="onnx, safetensors, torch or json [default: by the ending of -o, else onnx]",
            metavar="FORMAT",
            show_default=False,
            autocompletion=complete_choice(_formats),
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="write to this file, - for standard output [default: run_ID with the ending]",
            metavar="FILE",
            show_default=False,
            autocompletion=complete_file,
        ),
    ] = None,
    epoch: Annotated[
        str | None,
        typer.Option(
            help="weights of the best or the last epoch [default: best, else last]",
            metavar="best|last",
            show_default=False,
            autocompletion=complete_choice(lambda: ("best", "last")),
        ),
    ] = None,
    opset: Annotated[
        int | None,
        typer.Option(
            help="version of ONNX's operators, from 13 on [default: 17]",
            metavar="N",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="replace a file that is there")] = False,
    db: Annotated[str | None, database_option()] = None,
    as_json: Annotated[bool, json_option()] = False,
) -> None:
    """Write the network of a run for other programs, with its preprocessing.

    onnx is one graph from raw values to predictions, for ONNX Runtime in any language; torch is a
    PyTorch module in a file of its own and its state dict; json says everything in plain numbers;
    safetensors holds the weights by name. None of them needs nncli to be used.
    """
    from nncli.exporting.export import export as make

    piped = output == "-"
    if piped and as_json:
        raise UsageError("--json and -o - both want standard output: name a file by -o")
    found = make(run, None if piped else output, form, epoch=epoch, opset=opset, db=db)
    size = _size(found.size)
    told = (
        f"run {found.source.run.id}, {found.source.weights} weights (epoch {found.source.epoch}), "
        f"as {found.form}"
    )
    if piped:
        if len(found.files) > 1:
            raise UsageError(
                f"--format {found.form} writes two files, and standard output takes one: name one "
                "by -o, and the other is written beside it"
            )
        (content,) = found.files.values()
        _to_standard_output(content, is_text=found.form == "json")
        print_note(f"{told}: {size}")
        return
    found.write(force=force)
    if as_json:
        print_json(found.to_json())
        return
    print_line(f"{told}: {' and '.join(map(str, found.files))}, {size}; load: {found.load}")


def _to_standard_output(content: bytes, *, is_text: bool) -> None:
    """Write bytes; not to a terminal, unless they are text."""
    if sys.stdout.isatty() and not is_text:
        raise UsageError("-o - writes bytes, and standard output is a terminal: add > FILE")
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _size(size: int) -> str:
    """Return a number of bytes for people."""
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= limit:
            return f"{size / limit:.3g} {unit}"
    return f"{size} bytes"
