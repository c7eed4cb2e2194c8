"""The files of an SQLite database: whether they may be rewritten, and whether there is room."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select

from nncli.errors import StoreError, UsageError
from nncli.store import queries
from nncli.store.process import Process
from nncli.store.schema import runs, sweep_processes
from nncli.store.target import Target

#: Bytes that are left free on a disk beyond what is needed, for whatever else is written.
SPARE = 2**20


def file_of(target: Target, what: str, instead: str) -> Path:
    """Return the file of a target; UsageError for a server, which has its own ways."""
    if target.path is None:
        raise UsageError(f"{target.shown} is a server: {what} is for SQLite files; {instead}")
    return target.path


def check_idle(connection: Connection, shown: str, now: datetime) -> None:
    """Raise StoreError while a run is being trained or a sweep worked on."""
    gone = queries.vanished(connection, now)
    running = select(runs.c.id, runs.c.pid, runs.c.host).where(runs.c.status == "running")
    busy = [
        f"run {run_id} is being trained by process {pid} on {host}"
        for run_id, pid, host in connection.execute(running)
        if run_id not in gone
    ]
    columns = [sweep_processes.c[name] for name in ("host", "pid", "pid_started", "pid_space")]
    open_ones = select(sweep_processes.c.sweep_id, sweep_processes.c.heartbeat, *columns)
    for sweep_id, heartbeat, *who in connection.execute(
        open_ones.where(sweep_processes.c.ended.is_(None))
    ):
        if queries.is_there(Process(*who), heartbeat, now):
            busy.append(f"process {who[1]} on {who[0]} works on sweep {sweep_id}")
    if busy:
        more = f" (and {len(busy) - 1} more)" if len(busy) > 1 else ""
        raise StoreError(
            f"{shown} is being written: {busy[0]}{more}; compacting needs the file for itself: "
            "wait until they have ended, or stop them"
        )


def check_room(needs: dict[Path, int], what: str) -> None:
    """Raise StoreError unless the disks of some folders have room for so many bytes each."""
    disks: dict[int, tuple[Path, int]] = {}
    for folder, size in needs.items():
        place, sum_ = disks.get(os.stat(folder).st_dev, (folder, 0))
        disks[os.stat(folder).st_dev] = place, sum_ + size
    for folder, size in disks.values():
        free = shutil.disk_usage(folder).free
        if free < size + SPARE:
            raise StoreError(
                f"not enough disk for {what}: it needs {_mebibytes(size + SPARE)} in {folder}, "
                f"which has {_mebibytes(free)} free; free some space and start again"
            )


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"


def temporary_folder() -> Path:
    """Return the folder in which SQLite keeps its temporary files, by its own rules."""
    named = [os.environ.get("SQLITE_TMPDIR"), os.environ.get("TMPDIR")]
    for each in [*filter(None, named), "/var/tmp", "/usr/tmp", "/tmp"]:
        if os.path.isdir(each) and os.access(each, os.W_OK | os.X_OK):
            return Path(each)
    return Path.cwd()
