"""What recording costs: training on digits with and without the database, in turn.

Prints the median training time of both, and the share by which a recorded run takes longer. Both do
the same epochs; the recorded one creates its run, writes a row an epoch and finishes.

    python experiments/speed/recording.py --epochs 300 --rounds 9
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from nncli import experiment, runner
from nncli.spec import Spec


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--save", default="none", help="weights to keep: best, last or none")
    given = parser.parse_args()
    spec = Spec.read({"data": "digits", "epochs": given.epochs, "save": given.save})
    plan = experiment.plan(spec)
    bare: list[float] = []
    recorded: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        database = str(Path(folder) / "results.db")
        experiment.train(plan, db=database)  # compiles, and creates the database
        for _ in range(given.rounds):
            began = time.perf_counter()
            for _event in runner.run(plan.spec, plan.dataset):
                pass
            middle = time.perf_counter()
            experiment.train(plan, db=database)
            recorded.append(time.perf_counter() - middle)
            bare.append(middle - began)
    one, other = statistics.median(bare), statistics.median(recorded)
    print(f"{given.epochs} epochs on digits, medians of {given.rounds} rounds in turn")
    print(f"without database  {1000 * one:8.1f} ms")
    print(f"with database     {1000 * other:8.1f} ms")
    print(f"recording costs   {100 * (other / one - 1):8.1f} %")


if __name__ == "__main__":
    main()
