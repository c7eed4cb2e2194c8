"""``nncli serve`` as a process: it tells its address, answers, and ends when it is asked to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from live_runs import Trained

pytest.importorskip("uvicorn")

from nncli.cli.app import load_command
from nncli.errors import UsageError
from nncli.serving import server

#: The command by itself, with its errors as the program shows them.
PROGRAM = (
    "import sys; from nncli.cli.app import load_command; from nncli.cli.failures import guarded; "
    "sys.exit(guarded(lambda: load_command('serve').main(sys.argv[1:], 'nncli serve', "
    "standalone_mode=False), path='nncli serve', as_json='--json' in sys.argv))"
)


def start(*args: str, folder: Path) -> subprocess.Popen[str]:
    env = {name: value for name, value in os.environ.items() if name != "NNCLI_DB"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *args],
        cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.fixture
def serving(path: Path, trained: Trained) -> Iterator[subprocess.Popen[str]]:
    trained.run()
    process = start("--port", "0", "--json", folder=path.parent)
    yield process
    if process.poll() is None:
        process.kill()
    process.wait(20)
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped(
    serving: subprocess.Popen[str], ending: signal.Signals
) -> None:
    assert serving.stdout is not None
    told = json.loads(serving.stdout.readline())
    assert told["database"] == "results.db"
    with urlopen(told["url"], timeout=20) as answer:
        assert b"<title>Runs in results.db</title>" in answer.read()
    # With a reader of events, who would never go away by itself.
    with urlopen(f"{told['url']}events", timeout=20) as events:
        assert events.readline() == b"event: runs\n"
        serving.send_signal(ending)
        code = serving.wait(20)
    assert code == (0 if ending == signal.SIGINT else -ending)
    assert serving.stderr is not None
    assert serving.stderr.read() == ""


def failing(*args: str, folder: Path) -> tuple[int, str]:
    process = start(*args, folder=folder)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def test_a_missing_database(tmp_path: Path) -> None:
    code, said = failing("--port", "0", folder=tmp_path)
    assert code == 4
    assert "no database" in said
    assert not list(tmp_path.iterdir())


def test_a_port_in_use_names_a_free_one(path: Path, trained: Trained) -> None:
    trained.run()
    with server.bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        code, said = failing("--port", str(port), folder=path.parent)
    assert code == 2
    assert f"port {port} of 127.0.0.1 is in use" in said
    assert "nncli serve --port " in said
    assert "Traceback" not in said


def test_the_free_port_is_free() -> None:
    with server.bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        free = server.next_free("127.0.0.1", port)
    assert free != port
    server.bind("127.0.0.1", free).close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", ""])
def test_only_this_machine_is_served(host: str) -> None:
    with pytest.raises(UsageError, match="this machine alone"):
        server.check_host(host)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--port", "x"], "--port is 'x'"),
        (["--port", "65536"], "expected at most 65535"),
        (["--limit", "0"], "--limit is '0'"),
        (["--host", "0.0.0.0"], "this machine alone"),
    ],
)
def test_options_that_make_no_sense(args: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        load_command("serve").main(args, "nncli serve", standalone_mode=False)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    for name in ("nncli.serving.server", "nncli.serving.app"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import nncli.serving

    monkeypatch.delattr(nncli.serving, "server", raising=False)
    with pytest.raises(UsageError, match=r"pip install 'nncli\[serve\]'"):
        load_command("serve").main([], "nncli serve", standalone_mode=False)


def test_addresses() -> None:
    with server.bind("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert server.address(listening, "127.0.0.1") == f"http://127.0.0.1:{port}/"
        assert server.address(listening, "::1") == f"http://[::1]:{port}/"
