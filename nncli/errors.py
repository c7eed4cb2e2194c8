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


class RunGone(StoreError):
    """A run that is being trained was deleted from the database."""


#: Names that other tools use, and ours.
OTHER_NAMES = {
    "learning_rate": "lr",
    "activation": "act",
    "optimizer": "opt",
    "hidden_layer_sizes": "hidden",
    "layers": "hidden",
    "initializer": "init",
    "batch": "batch_size",
    "l2": "weight_decay",
    "patience": "early_stop",
    "random_state": "seed",
    "sigma": "sigmoid",
    "logistic": "sigmoid",
    "linear": "identity",
    "glorot": "xavier",
    "kaiming": "he",
    "nll": "cross_entropy",
    "bce": "binary_cross_entropy",
    "categorical_cross_entropy": "cross_entropy",
}


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the option nearest to ``word``, or an empty string."""
    names = list(options)
    plain = word.strip("-").replace("-", "_").lower()
    dashes = "--" if word.startswith("--") else ""
    ours = dashes + OTHER_NAMES.get(plain, "").replace("_", "-" if dashes else "_")
    if ours in names:
        return f" (did you mean '{ours}'?)"
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return f" (did you mean '{near[0]}'?)" if near else ""


def unknown_choice(what: str, word: str, options: Iterable[str]) -> UsageError:
    """Build the error for a name that is not in a closed list."""
    names = sorted(options)
    return UsageError(
        f"unknown {what} '{word}': choose one of {', '.join(names)}{did_you_mean(word, names)}"
    )
