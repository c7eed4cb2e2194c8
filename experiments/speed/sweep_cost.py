"""What a sweep costs beside its training: start, coordinator, second core, disk and memory.

    python experiments/speed/sweep_cost.py                      # all parts, about ten minutes
    python experiments/speed/sweep_cost.py --only start
    python experiments/speed/sweep_cost.py --quick              # fewer trials, one round

Every sweep is a whole process with a new database, after a small one that has filled the caches.

- throughput: 10,000 runs of XOR with 500 epochs, two at a time: seconds and size of the database.
- start: from the start of the process to the line of the first run that has ended.
- coordinator: the processor time of the thread that coordinates two runs at a time
  (coordinating.py): its own, which is what a run costs whatever it brings; and all of it, with the
  networks and the rows of the curves that it stores.
- overhead: what a run takes in a sweep with `--jobs 1` beyond its bare training in one thread of
  one process (bare_training.py). The start-up is the time of a sweep with one trial, less that
  trial's training. Wall time hides what the coordinator does on another core while a run trains;
  the processor's seconds, of all threads, do not.
- cores: `--jobs 1` against `--jobs 2`, without the start-up. The ceiling is what the machine gives:
  bare training of all runs in one process, against half of them in each of two at once.
- memory: the peak of sweeps of 1,000 and of 10,000 trials.

Other programs on the machine falsify all but the memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from whole_process import Measured, ProcessError, sweep


@dataclass(frozen=True)
class Work:
    """A sweep over log-spaced learning rates."""

    data: str
    hidden: str
    epochs: int
    rates: str  #: lowest:highest

    def sweep_options(self, trials: int) -> list[str]:
        rates = f"log:{self.rates}:{trials}" if trials > 1 else self.rates.split(":")[0]
        return [*self._options(), "--lr", rates]

    def command(self, program: str, trials: int) -> list[str]:
        """Return the command of a program beside this one that does so many trials."""
        more = ["--rates", self.rates, "--trials", str(trials)]
        path = str(Path(__file__).with_name(program))
        return [sys.executable, path, *self._options(), *more]

    def _options(self) -> list[str]:
        return [self.data, "--hidden", self.hidden, "--epochs", str(self.epochs)]


XOR = Work("xor", "4", 500, "1e-3:1")
TINY = Work("xor", "4", 10, "1e-3:1")
DIGITS = Work("digits", "64", 30, "1e-4:1e-1")
LONG = Work("digits", "64", 100, "1e-4:1e-1")
CASES = ((DIGITS, 400), (XOR, 2000), (TINY, 2000))


@dataclass
class Bench:
    """Runs what the parts ask for, and keeps what they found."""

    folder: Path
    rounds: int
    quick: bool
    lines: list[list[str]] = field(default_factory=list)
    values: dict[str, float] = field(default_factory=dict)
    databases: int = 0

    def sweep(self, work: Work, trials: int, jobs: int) -> Measured:
        """Measure a sweep into a new database, the latest of `database`."""
        self.databases += 1
        found = sweep(work.sweep_options(trials), self.database, jobs)
        print(f"{work.data}, {trials} trials of {work.epochs} epochs, --jobs {jobs}: "
              f"{found.seconds:.2f} s", file=sys.stderr)  # fmt: skip
        return found

    @property
    def database(self) -> Path:
        """The database of the latest sweep."""
        return self.folder / f"{self.databases}.db"

    def note(self, what: str, value: float, unit: str, most: float = 0, least: float = 0) -> None:
        """Keep a figure, with the most or the least that it is to be."""
        self.values[what] = value
        target = f"<= {most:g}" if most else f">= {least:g}" if least else ""
        met = (value <= most) if most else value >= least
        self.lines.append(
            [what, f"{value:,.2f} {unit}".strip(), target, ("yes" if met else "NO") * bool(target)]
        )

    def cases(self) -> list[tuple[Work, int]]:
        """Return what coordinating is measured on, and how many trials of it."""
        return [(work, self.number(trials)) for work, trials in CASES]

    def number(self, trials: int) -> int:
        """Return how many trials to do for so many in a whole measurement."""
        return max(8, trials // 10) if self.quick else trials


def measure_throughput(bench: Bench) -> None:
    trials = bench.number(10_000)
    bench.sweep(XOR, 2, 2)
    found = bench.sweep(XOR, trials, 2)
    files = bench.folder.glob(f"{bench.database.name}*")
    size = sum(file.stat().st_size for file in files)
    what = f"{trials:,} runs of XOR, 500 epochs"
    bench.note(what, found.seconds, "s", most=60 * trials / 10_000)
    bench.note(f"{what}: database", size / 2**20, "MiB")
    bench.note(f"{what}: database a run", size / 2**10 / trials, "KiB")


def measure_start(bench: Bench) -> None:
    for work in (DIGITS, XOR):
        bench.sweep(work, 2, 2)
        seconds = [bench.sweep(work, 64, 2).first_run_seconds for _ in range(bench.rounds)]
        bench.note(f"start to the first run of {work.data}", median(seconds), "s", most=1.5)


def measure_coordinator(bench: Bench) -> None:
    for work, trials in bench.cases():
        own, whole = [], []
        for _ in range(bench.rounds):
            own.append(coordinating(work, trials, "--bare"))
            whole.append(coordinating(work, trials))
        what = f"coordinating a run of {work.data}, {work.epochs} epochs"
        bench.note(f"{what}: the coordinator's own", median(own), "ms", most=1)
        bench.note(f"{what}: with network and curve", median(whole), "ms")


def measure_overhead(bench: Bench) -> None:
    for work, trials in bench.cases():
        wall, processor = [], []
        bench.sweep(work, 2, 1)
        for _ in range(bench.rounds):
            [one], [all_] = bare(work, 1), bare(work, trials)
            short, long = bench.sweep(work, 1, 1), bench.sweep(work, trials, 1)
            start_up = short.seconds - one["seconds"]
            wall.append((long.seconds - start_up - all_["seconds"]) / trials)
            start_up = short.processor_seconds - one["processor_seconds"]
            used = long.processor_seconds - start_up - all_["processor_seconds"]
            processor.append(used / trials)
        what = f"overhead a run, {work.data} {work.epochs} epochs"
        bench.note(what, 1000 * median(wall), "ms")
        bench.note(f"{what}: processor", 1000 * median(processor), "ms")
        bench.note(f"{what}: its bare training", 1000 * all_["seconds"] / trials, "ms")


def measure_cores(bench: Bench) -> None:
    trials, ratios, ceilings = bench.number(64), [], []
    bench.sweep(LONG, 2, 2)
    for _ in range(bench.rounds):
        [one], [all_] = bare(LONG, 1), bare(LONG, trials)
        halves = bare(LONG, trials // 2, processes=2)
        ceilings.append(all_["seconds"] / max(each["seconds"] for each in halves))
        start_up = bench.sweep(LONG, 1, 1).seconds - one["seconds"]
        single, double = (bench.sweep(LONG, trials, jobs).seconds - start_up for jobs in (1, 2))
        ratios.append(single / double)
    what = f"--jobs 2 against --jobs 1, {trials} runs of digits, {LONG.epochs} epochs"
    bench.note(what, median(ratios), "times", least=1.9)
    bench.note("two bare processes against one", median(ceilings), "times")
    bench.note("share of what the machine gives", median(ratios) / median(ceilings), "")


def measure_memory(bench: Bench) -> None:
    numbers = [bench.number(trials) for trials in (1_000, 10_000)]
    few, many = (bench.sweep(TINY, trials, 2).peak_bytes / 2**20 for trials in numbers)
    bench.note(f"peak memory, {numbers[0]:,} trials", few, "MiB")
    bench.note(f"peak memory, {numbers[1]:,} trials", many, "MiB")
    bench.note(
        "peak memory, growth a trial", 1024 * (many - few) / (numbers[1] - numbers[0]), "KiB"
    )


PARTS: dict[str, Callable[[Bench], None]] = {
    "throughput": measure_throughput,
    "start": measure_start,
    "coordinator": measure_coordinator,
    "overhead": measure_overhead,
    "cores": measure_cores,
    "memory": measure_memory,
}


def bare(work: Work, trials: int, processes: int = 1) -> list[dict[str, Any]]:
    """Train bare in processes that begin at one moment; return what each took."""
    running = [
        subprocess.Popen(
            work.command("bare_training.py", trials),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for each in running:
        assert each.stdout
        if not each.stdout.readline():
            raise ProcessError(f"bare_training.py ended with exit code {each.wait()}")
    for each in running:
        assert each.stdin
        each.stdin.write("\n")
        each.stdin.flush()
    return [json.loads(each.communicate()[0]) for each in running]


def coordinating(work: Work, trials: int, *more: str) -> float:
    """Return the milliseconds a run that the coordinating thread takes, of its own process."""
    command = [*work.command("coordinating.py", trials), *more]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise ProcessError(f"coordinating.py ended with exit code {done.returncode}")
    return float(json.loads(done.stdout)["milliseconds"])


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=PARTS, help="may be repeated")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a tenth of the trials, one round")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    given = parser.parse_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), 1 if given.quick else given.rounds, given.quick)
        try:
            for name in given.only or PARTS:
                PARTS[name](bench)
        except ProcessError as error:
            sys.exit(str(error))
    print(f"Load average at the start (should be near 0): {load}; medians of {bench.rounds}\n")
    for cells in [["what", "measured", "target", "met"], ["---"] * 4, *bench.lines]:
        print(f"| {' | '.join(cells)} |")
    if given.json:
        given.json.write_text(json.dumps({"load": load, **bench.values}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
