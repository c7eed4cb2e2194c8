"""Times what reports do on a large store: whole processes from their start to their end.

    python experiments/speed/make_store.py big.db         # 100,000 runs, 5,000,000 curve rows
    python experiments/speed/report_speed.py big.db       # about two minutes
    python experiments/speed/report_speed.py big.db --only list --rounds 1

Every command prints what people read, into a pipe; its peak memory is the process's own. The store
is only read, and in memory after the first round, which is not counted. Targets are for a store of
that size.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from whole_process import ProcessError


@dataclass(frozen=True)
class Asked:
    """A command, and the most seconds that it is to take; 0 for no target."""

    words: tuple[str, ...]
    seconds: float = 0.0


_PROGRAM = Path(sys.executable).with_name("nncli")

CONDITION = "act=relu and val_accuracy>0.95 and dead_frac<0.1"
COMMANDS = {
    "list": Asked(("report",), 1.0),
    "one run": Asked(("report", "RUN"), 1.0),
    "by": Asked(("report", "--by", "act,opt"), 3.0),
    "where": Asked(("report", "--where", CONDITION), 1.5),
    "best": Asked(("report", "--best", "10")),
    "info": Asked(("db", "info")),
    "check": Asked(("db", "check"), 30.0),
}

MEMORY = 500
"""MiB that no command is to take."""


@dataclass(frozen=True)
class Measured:
    """What a process took."""

    seconds: float
    peak_bytes: int


def main() -> int:
    """Measure and print."""
    given = _options()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    runs, curve_rows = _size_of(given.store)
    rounds: dict[str, list[Measured]] = {name: [] for name in given.only}
    left_out: dict[str, str] = {}
    for number in range(-1, given.rounds):  # the first is the warm-up
        for name in [each for each in given.only if each not in left_out]:
            words = [str(runs // 2) if word == "RUN" else word for word in COMMANDS[name].words]
            try:
                found = _measure([*words, "--db", str(given.store)])
            except ProcessError as error:
                left_out[name] = str(error)
                continue
            if number >= 0:
                rounds[name].append(found)
    print(f"{runs:,} runs, {curve_rows:,} curve rows; medians of {given.rounds} rounds")
    print(f"Load average at the start (should be near 0): {load}")
    for name, reason in left_out.items():
        print(f"Left out: {name}: {reason}")
    print("\n| command | seconds | slowest round | target | peak, MiB | target |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, all_rounds in rounds.items():
        if name not in left_out:
            print(f"| {' | '.join(_cells(COMMANDS[name], all_rounds))} |")
    if given.json:
        values = {name: [vars(each) for each in found] for name, found in rounds.items()}
        given.json.write_text(json.dumps({"load": load, **values}, indent=2) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path, help="as make_store.py writes it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", choices=COMMANDS, help="may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measurements")
    given = parser.parse_args()
    given.only = given.only or list(COMMANDS)
    return given


def _size_of(store: Path) -> tuple[int, int]:
    """Runs and curve rows of the store, asked in another process so that this one stays small."""
    command = [str(_PROGRAM), "db", "info", "--db", str(store), "--json"]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    rows = {table["name"]: table["rows"] for table in json.loads(told)["tables"]}
    return rows["runs"], rows["epochs"]


def _measure(words: list[str]) -> Measured:
    """Run a command of the nncli that this Python has. Raises ProcessError if it fails."""
    with tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(_PROGRAM), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdout
        with process.stdout as output:
            while output.read(1 << 16):
                pass
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            said = errors.read().strip().splitlines() or [f"exit code {process.returncode}"]
            raise ProcessError(said[-1])
    return Measured(seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def _cells(asked: Asked, rounds: list[Measured]) -> list[str]:
    seconds = [each.seconds for each in rounds]
    peak = max(each.peak_bytes for each in rounds) / 2**20
    target = f"< {asked.seconds:g} s" if asked.seconds else ""
    words = " ".join(f"'{word}'" if " " in word else word for word in asked.words)
    return [
        f"nncli {words}",
        f"{median(seconds):.2f}",
        f"{max(seconds):.2f}",
        target,
        f"{peak:.0f}",
        f"< {MEMORY}",
    ]


if __name__ == "__main__":
    sys.exit(main())
