"""Which experiments are meant: names, paths, or all that fit the time that there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nncli.errors import UsageError
from nncli.experimenting.catalogue import Experiment, experiments, find_experiment

#: The word for all that ship.
ALL = "all"


@dataclass(frozen=True)
class Chosen:
    """Experiments to run, and those that were left out, by name, with what is to be said of them.

    ``skips`` says whether an experiment without its data is passed over: where all are meant.
    """

    experiments: tuple[Experiment, ...]
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    skips: bool = False


def choose(words: Sequence[str], *, quick: bool = False, long: bool = False) -> Chosen:
    """Return the experiments that some words mean, each once.

    ``all`` are the shipped ones, but for long ones, which ``long`` adds, and, where the ``quick``
    form is asked for, those without one. Raises UsageError for a word that means none.
    """
    if not words:
        raise UsageError(
            "nncli experiment run needs a name: expected one of nncli experiment list, a TOML file "
            "or all"
        )
    if ALL not in words:
        return Chosen(tuple(dict.fromkeys(map(find_experiment, words))))
    named = tuple(find_experiment(word) for word in words if word != ALL)
    shipped = [each for each in experiments().values() if each not in named]
    too_long = [each for each in shipped if each.is_long and not long]
    rest = [each for each in shipped if each not in too_long]
    without = [each for each in rest if quick and not each.has_quick]
    chosen = (*named, *(each for each in rest if each not in without))
    left_out = tuple(each.name for each in shipped if each not in chosen)
    notes = []
    if too_long:
        notes.append(f"left out, as they take long (--long adds them): {_names(too_long)}")
    if without:
        notes.append(f"left out, as they have no quick form: {_names(without)}")
    return Chosen(chosen, tuple(notes), left_out, skips=True)


def _names(some: Sequence[Experiment]) -> str:
    return ", ".join(each.name for each in some)
