"""What the shell offers for an unfinished word: names of data sets, choices and files."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable

from nncli.data import BUILTINS

Completer = Callable[[str], list[str]]


def complete_data(incomplete: str) -> list[str]:
    """Return the data sets and the files that begin so."""
    return [name for name in BUILTINS if name.startswith(incomplete)] + complete_file(incomplete)


def complete_file(incomplete: str) -> list[str]:
    """Return the files and folders that begin so; folders end with a slash."""
    expanded = os.path.expanduser(incomplete)
    found = sorted(glob.glob(glob.escape(expanded) + "*"))
    kept = incomplete[: len(incomplete) - len(os.path.basename(incomplete))]
    names = [os.path.basename(path) + ("/" if os.path.isdir(path) else "") for path in found]
    return [kept + name for name in names]


def complete_choice(names: Callable[[], Iterable[str]]) -> Completer:
    """Return the completion of one name out of a list, or of the last of several with commas."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [before + comma + name for name in names() if name.startswith(last)]

    return complete
