"""Calling the commands that look after a store, on a store with runs of all kinds."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from terminal import in_terminal

STORE = Path(__file__).parents[1] / "store"
for folder in (STORE, STORE / "care"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

import care_samples  # noqa: E402  (found by the folder above)
import store_samples  # noqa: E402

fill, add_whole, sound_run = care_samples.fill, care_samples.add_whole, care_samples.sound_run
a_curve = store_samples.a_curve
content_of = care_samples.content_of

DATABASE = "results.db"


def answered(command: Sequence[str], folder: Path, answer: str) -> tuple[int, str]:
    """Return the exit code and all that a command shows in a terminal where it gets an answer."""
    environment = {name: value for name, value in os.environ.items() if name != "NNCLI_DB"}
    return in_terminal(command, folder, environment, answer)
