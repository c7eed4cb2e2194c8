"""The answers to a browser: the page, the events that keep it up to date, and curves on demand."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import PurePath
from typing import Any

import anyio
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from nncli.errors import NncliError
from nncli.metrics import CURVE_METRICS
from nncli.report.page import PageData, page
from nncli.report.page.curves import pack_curves
from nncli.report.page.gathering import curves_for_page
from nncli.serving.feed import Feed
from nncli.serving.guarding import Guard
from nncli.serving.watched import WatchedStore
from nncli.tables import Table

#: Seconds between two looks into the database, and between two looks whether to end.
POLL, TICK = 1.0, 0.25

#: Seconds after which a line is sent though there is nothing new, so that a dead connection shows.
ALIVE = 15.0

#: Curves of one request, and values in its answer.
MOST_CURVES, MOST_VALUES = 100, 400_000

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M1 2c2 8 5 11 14 11" '
    'fill="none" stroke="#2369bd" stroke-width="2.4" stroke-linecap="round"/></svg>'
)


def make_app(
    store: WatchedStore, *, limit: int, ending: Callable[[], bool] = lambda: False
) -> Guard:
    """Return the app on a store; it shows the latest ``limit`` runs.

    Streams of events end when ``ending`` says so.
    """

    async def show_page(request: Request) -> Response:
        # What the page may do stands in the page itself; that none may frame it must stand here.
        rules = {"Content-Security-Policy": "frame-ancestors 'none'"}
        return HTMLResponse(await run_sync(partial(live_page, store.shown)), headers=rules)

    async def stream(request: Request) -> Response:
        told = events(Feed(store, limit), ending)
        return StreamingResponse(told, media_type="text/event-stream")

    async def curves(request: Request) -> Response:
        try:
            runs = read_runs(request.query_params.get("runs", ""))
            return _json(await run_sync(partial(packed_curves, store, runs)))
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        except NncliError as error:
            return _json({"error": str(error)}, 503)

    async def icon(request: Request) -> Response:
        return Response(ICON, media_type="image/svg+xml")

    routes = [
        Route("/", show_page),
        Route("/events", stream),
        Route("/curves", curves),
        Route("/favicon.ico", icon),
    ]
    return Guard(Starlette(routes=routes))


def live_page(database: str) -> str:
    """Return the page without runs: they come as events, the first of which has all."""
    empty = Table({"run": []})
    curves = Table({name: [] for name in ("run", "epoch", "updates", "seconds")})
    name = database if "://" in database else PurePath(database).name
    return page(PageData(f"Runs in {name}", database, empty, curves), live=True)


def packed_curves(store: WatchedStore, runs: list[int]) -> dict[str, Any]:
    """Return the curves of some runs as the page takes them."""
    return pack_curves(curves_for_page(store, runs, CURVE_METRICS), budget=MOST_VALUES)


def read_runs(text: str) -> list[int]:
    """Read ids such as ``3,5,8``. Raises ValueError for anything else, and for too many."""
    parts = text.split(",")
    if not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):
        raise ValueError(f"runs is {text[:40]!r}: expected ids such as 3,5,8")
    if len(parts) > MOST_CURVES:
        raise ValueError(f"{len(parts)} runs were asked for: expected at most {MOST_CURVES}")
    return [int(part) for part in parts]


async def events(feed: Feed, ending: Callable[[], bool]) -> AsyncIterator[str]:
    """Yield server-sent events: ``runs`` with what is new, ``trouble`` while none can be read."""
    quiet = 0.0
    while True:
        began = anyio.current_time()
        try:
            news = await run_sync(feed.news)
            if news is not None:
                quiet = 0.0
                yield event("runs", news)
        except NncliError as error:
            yield event("trouble", {"text": str(error)})
        # A look that takes long is taken less often: others want the machine too.
        wait = max(POLL, 5 * (anyio.current_time() - began))
        for _ in range(round(wait / TICK)):
            if ending():
                return
            await anyio.sleep(TICK)
        quiet += wait
        if quiet >= ALIVE:
            quiet = 0.0
            yield ": nothing new\n\n"


def event(name: str, value: Any) -> str:
    """Return a server-sent event; JSON in one line holds no line end that could begin another."""
    return f"event: {name}\ndata: {json.dumps(value, separators=(',', ':'), allow_nan=False)}\n\n"


def _json(value: Any, status: int = 200) -> Response:
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Response(text, status_code=status, media_type="application/json")
