"""From a request to what is shown: asks the store, and writes text, files or pictures."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from nncli.cli.output import PIPE_WIDTH, can_draw, is_colored, print_note
from nncli.cli.reporting.request import Request
from nncli.cli.reporting.view import Canvas, View, document_of
from nncli.cli.reporting.writing import check_places, put
from nncli.errors import StoreError, UsageError
from nncli.report.formats import DATA, SINGLE, pieces

if TYPE_CHECKING:
    from nncli.report.grid import Style
    from nncli.store.finding import ReportStore


def carry_out(request: Request) -> int:
    """Show what is asked for; return the exit code."""
    from nncli.store.finding import ReportStore

    check_places(request)
    if request.follow:
        from nncli.cli.reporting.follow import follow

        return follow(request)
    with ReportStore(request.database) as store:
        if request.html:
            from nncli.cli.reporting.page import write_page

            return write_page(store, request)
        if request.asks_for_detail and _show_detail(store, request):
            return 0
        views = views_of(store, request)
    return _show(views, request)


def views_of(store: ReportStore, request: Request) -> list[View]:
    """Return the views that are asked for; the list of runs where there is none."""
    from nncli.cli.reporting.views import make_view

    return [make_view(name, store, request) for name in request.views or ("runs",)]


def _show(views: list[View], request: Request) -> int:
    """Write the views; return the exit code."""
    for view in views:
        if view.nothing:
            print_note(view.nothing)
    if request.plot:
        return _plot(views, request.plot)
    shown = [view for view in views if not view.nothing]
    if request.form in DATA:  # a program is given an empty table where there is nothing
        document = document_of(views)
        for note in document.notes if request.form in SINGLE else ():
            print_note(note)
        put(pieces(document, request.form), request)
        return 0
    if request.form != "table":
        if shown:
            put(pieces(document_of(shown), request.form), request)
        return 0
    if shown:
        canvas = canvas_of(request)
        texts = [_as_text(view, canvas, request) for view in shown]
        put(["\n".join(texts)], request)
    return 0


def _as_text(view: View, canvas: Canvas, request: Request) -> str:
    """Return a view for people: its tables, and its picture in place of what is drawn."""
    from nncli.report.formats import terminal

    style = style_of(request, canvas)
    document = document_of([view])
    if view.draw is None:
        return terminal.write(document, style)
    tables = {name: table for name, table in view.tables.items() if name not in view.drawn}
    text = terminal.write(replace(document, tables=tables, notes=()), style)
    text += "\n" if tables else ""
    text += "".join(line + "\n" for line in view.draw(canvas))
    return text + terminal.write(replace(document, title="", tables={}), style)


def canvas_of(request: Request) -> Canvas:
    """Return what the place of the output can show; a file takes all characters, no colours."""
    if request.output:
        return Canvas(PIPE_WIDTH, colored=False, unicode=True)
    return Canvas(screen_width(), is_colored(sys.stdout), can_draw(sys.stdout))


def style_of(request: Request, canvas: Canvas) -> Style:
    """Return how tables are drawn on a canvas."""
    from nncli.report.grid import Style

    encoding = "utf-8" if request.output else sys.stdout.encoding or "utf-8"
    return Style(canvas.width, canvas.colored, encoding)


def screen_width() -> int:
    """Return the columns of the terminal; a pipe has more."""
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        return shutil.get_terminal_size().columns
    return PIPE_WIDTH


def _show_detail(store: ReportStore, request: Request) -> bool:
    """Show a run in full, if the reference means one run; say whether it does."""
    reference = request.runs[0]
    if reference.startswith("@") or reference.startswith("sweep:"):
        return False
    from nncli.report.detail import detail_lines
    from nncli.report.read import one_run
    from nncli.report.records import detail_record

    try:
        detail = one_run(store, reference)
    except StoreError:
        from nncli.store.finding import Query

        # A range, or a name that several runs share; what means nothing is refused in there.
        if store.find(Query(fields=("run",), runs=request.runs, limit=1)).total:
            return False
        raise
    if request.form == "json":
        from nncli.report.formats.json_text import line_of, record

        put([line_of(record(detail_record(detail))) + "\n"], request)
        return True
    canvas = canvas_of(request)
    lines = detail_lines(detail, canvas.width, colored=canvas.colored, unicode=canvas.unicode)
    put([line + "\n" for line in lines], request)
    return True


def _plot(views: list[View], path: str) -> int:
    """Draw the only view into a file."""
    view = views[0]
    if view.nothing:
        return 0
    if view.figure is None:
        raise UsageError(
            "--plot draws curves, groups and what else has a figure: add --curves, --by FIELD, "
            "--heat X,Y, --sensitivity, --layers, --boundary, --confusion or --predicted"
        )
    from nncli.report.figures import save

    figure = view.figure
    notes = save(figure.kind, path, *figure.content, **figure.options)
    for note in (*view.notes, *notes):
        print_note(note)
    print_note(f"wrote {path}")
    return 0
