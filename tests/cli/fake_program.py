"""The program in a process of its own, with a training that lasts until it is asked to stop.

Its first argument is ``obedient``, ``stubborn`` for a training that does not stop when asked, or
``brief`` for one that is over at once.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from cli_fakes import FakeExperiment

import nncli
from nncli.cli import main


def until_stopped(stop: Any) -> None:
    if KIND == "brief":
        return
    print("TRAINING", file=sys.stderr, flush=True)
    deadline = time.monotonic() + 30  # a test that fails must end too
    while not stop() and time.monotonic() < deadline:
        time.sleep(0.01)
    if KIND == "stubborn":
        while time.monotonic() < deadline:
            time.sleep(0.01)


if __name__ == "__main__":
    KIND = sys.argv.pop(1)
    fake: Any = FakeExperiment(during=until_stopped)
    sys.modules["nncli.experiment"] = fake
    vars(nncli)["experiment"] = fake
    main()
