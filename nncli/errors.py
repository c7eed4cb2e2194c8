"""The errors a user can cause, each with the exit code that the command line returns for it.

Library code raises them with a message of three parts: what was got, what was expected, and the
next step. Only the command line formats them; nobody else catches and prints.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class NncliError(Exception):
    """A run or a check failed in a way that the message explains."""

    exit_code = 1


class UsageError(NncliError):
    """An option or argument is wrong."""

    exit_code = 2


class DataError(NncliError):
    """A data set cannot be read or does not fit the task."""

    exit_code = 3


class StoreError(NncliError):
    """The experiment database cannot be opened, read or written, or a run is not in it."""

    exit_code = 4


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the option nearest to ``word``, or an empty string."""
    near = difflib.get_close_matches(word, list(options), n=1, cutoff=0.5)
    return f" (did you mean '{near[0]}'?)" if near else ""


def unknown_choice(what: str, word: str, options: Iterable[str]) -> UsageError:
    """Build the error for a name that is not in a closed list."""
    names = sorted(options)
    return UsageError(
        f"unknown {what} '{word}': choose one of {', '.join(names)}{did_you_mean(word, names)}"
    )
