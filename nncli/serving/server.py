"""From an address to a server that runs until Ctrl-C."""

from __future__ import annotations

import errno
import os
import socket

import uvicorn

from nncli.errors import UsageError
from nncli.serving.app import make_app
from nncli.serving.watched import WatchedStore

#: Addresses that only this machine can reach.
LOCAL = ("127.0.0.1", "localhost", "::1")

#: Ports tried in search of a free one.
TRIED = 50


def check_host(host: str) -> str:
    """Return a host of this machine. Raises UsageError for any other."""
    if host not in LOCAL:
        raise UsageError(
            f"--host is {host!r}: the page is served on this machine alone, on "
            f"{', '.join(LOCAL)}; from another one: ssh -L 8765:127.0.0.1:8765 MACHINE"
        )
    return host


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 is any that is free.

    Raises UsageError for a port that is in use, naming a free one, and for one that is not ours.
    """
    try:
        return _listening(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            free = next_free(host, port)
            raise UsageError(
                f"port {port} of {host} is in use, perhaps by another nncli serve: "
                f"nncli serve --port {free} is free"
            ) from None
        reason = (error.strerror or str(error)).lower()
        raise UsageError(
            f"cannot listen on port {port} of {host} ({reason}): choose one from 1024 to 65535"
        ) from None


def next_free(host: str, port: int) -> int:
    """Return the next port after ``port`` that is free, or any that is."""
    for candidate in (*range(port + 1, min(port + TRIED, 65536)), 0):
        try:
            with _listening(host, candidate) as found:
                return int(found.getsockname()[1])
        except OSError:
            continue
    return 0


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share a port
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(64)
    except OSError:
        found.close()
        raise
    return found


def address(listening: socket.socket, host: str) -> str:
    """Return the URL of the page."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listening.getsockname()[1]}/"


def make_server(store: WatchedStore, *, limit: int) -> uvicorn.Server:
    """Return a server of the page; its streams of events end when it is to end."""
    app = make_app(store, limit=limit, ending=lambda: server.should_exit)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=3,
        )
    )
    return server


def serve(store: WatchedStore, listening: socket.socket, *, limit: int) -> None:
    """Answer until Ctrl-C or SIGTERM."""
    try:
        make_server(store, limit=limit).run(sockets=[listening])
    except KeyboardInterrupt:
        pass  # uvicorn has ended in order, and says once more by which signal
    finally:
        listening.close()
