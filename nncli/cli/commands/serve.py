"""``nncli serve``: the report as a page in the browser that follows the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nncli.cli.help import Command, examples
from nncli.cli.output import print_json, print_line, print_note
from nncli.cli.shared_options import database_option, json_option
from nncli.environment import database_name
from nncli.errors import UsageError
from nncli.options import whole

if TYPE_CHECKING:
    from types import ModuleType

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "nncli serve",
    "nncli serve --open",
    "nncli serve --db night.db --port 9000",
)

PORT, LIMIT = "8765", "1000"


@app.command(cls=Command, epilog=EXAMPLES)
def serve(
    port: Annotated[
        str,
        typer.Option(
            help=f"port to listen on; 0 for any that is free [default: {PORT}]",
            metavar="N",
            show_default=False,
        ),
    ] = PORT,
    host: Annotated[
        str,
        typer.Option(
            help="address of this machine: 127.0.0.1, localhost or ::1 [default: 127.0.0.1]",
            metavar="HOST",
            show_default=False,
        ),
    ] = "127.0.0.1",
    limit: Annotated[
        str,
        typer.Option(
            help=f"the latest runs to show [default: {LIMIT}]", metavar="N", show_default=False
        ),
    ] = LIMIT,
    open_browser: Annotated[
        bool, typer.Option("--open", help="open the page in a browser")
    ] = False,
    db: Annotated[str | None, database_option()] = None,
    as_json: Annotated[bool, json_option()] = False,
) -> None:
    """Show the runs as a page in the browser, live while others train.

    The page is read-only, and reaches no further than this machine. Ctrl-C ends it.
    """
    server = _server()
    name = server.check_host(host)
    number, most = _number("--port", port, 0, 65535), _number("--limit", limit, 1, 100_000)
    from nncli.serving.watched import WatchedStore

    with WatchedStore(database_name(db)) as store:
        store.mark()  # a database that is missing or not ours is told now
        listening = server.bind(name, number)
        url = server.address(listening, name)
        if as_json:
            print_json({"url": url, "database": store.shown})
        else:
            print_line(url)
            print_note(f"{store.shown} as a page; Ctrl-C ends it")
        _flush()
        if open_browser:
            _open(url)
        server.serve(store, listening, limit=most)


def _server() -> ModuleType:
    try:
        from nncli.serving import server
    except ImportError as error:
        if error.name not in ("starlette", "uvicorn", "anyio"):
            raise
        raise UsageError(
            f"nncli serve needs {error.name}, which is not installed: pip install 'nncli[serve]'"
        ) from None
    return server


def _number(flag: str, text: str, least: int, most: int) -> int:
    try:
        found = whole(least)(text)
    except ValueError as error:
        raise UsageError(f"{flag} is {text!r}: {error}") from None
    if found > most:
        raise UsageError(f"{flag} is {text!r}: expected at most {most}")
    return int(found)


def _flush() -> None:
    import sys

    sys.stdout.flush()  # whoever reads the address through a pipe waits for it


def _open(url: str) -> None:
    import webbrowser

    if not webbrowser.open(url):
        print_note(f"no browser could be opened: open {url} in one")
