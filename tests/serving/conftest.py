"""Stores to serve, and servers on them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_runs import Trained

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.db"


@pytest.fixture
def trained(path: Path) -> Iterator[Trained]:
    """A process that trains: it writes runs into the store."""
    with Trained(path) as writer:
        yield writer


@pytest.fixture
def address(path: Path, trained: Trained) -> Iterator[str]:
    """The address of a server on the store, which has one run."""
    from nncli.serving.server import address as address_of
    from nncli.serving.server import bind, make_server
    from nncli.serving.watched import WatchedStore

    trained.run()
    with bind("127.0.0.1", 0) as listening, WatchedStore(path) as store:
        server = make_server(store, limit=100)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield address_of(listening, "127.0.0.1")
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
