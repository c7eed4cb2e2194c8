"""The experiments that ship with nncli, and those in files of people's own.

An experiment is a sweep file with ``[experiment]``. Its name is that of the file; the published
results stand in a folder of their own, as ``published/NAME``. Files are read by
``importlib.resources``, so that they are found in an installed package as in a checkout.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from nncli.errors import UsageError, did_you_mean
from nncli.sweeps.request import Request, request_of
from nncli.sweeps.space.about import About
from nncli.sweeps.space.document import Document, read_text

#: The packages with shipped files, and what stands before the names of theirs.
SHIPPED = {"nncli.experiments": "", "nncli.experiments.published": "published/"}

_ENDING = ".toml"


@dataclass(frozen=True)
class Experiment:
    """An experiment: its name, what its file holds, and by what word the command line finds it."""

    name: str
    text: str
    word: str

    @property
    def place(self) -> str:
        """How messages call its file."""
        return self.word if self.word.endswith(_ENDING) else f"{self.word}{_ENDING}"

    @functools.cached_property
    def document(self) -> Document:
        """What the file says. Raises UsageError for what cannot be read."""
        return read_text(self.text, self.place)

    @property
    def about(self) -> About:
        """The experiment in words."""
        return self.document.about or About(title=self.name)

    @property
    def is_long(self) -> bool:
        """Whether it takes more than some minutes."""
        return self.about.long

    @property
    def has_quick(self) -> bool:
        """Whether there is a short form of it."""
        return self.document.has_quick

    def sweep_name(self, *, quick: bool) -> str:
        """Return the name that its sweep has in a database."""
        return f"{self.name}-quick" if quick else self.name

    def request(self, *, quick: bool = False) -> Request:
        """Return the sweep of the experiment, or of its short form, named after it.

        Raises UsageError for a file that cannot be read, and one without a short form.
        """
        if quick and not self.has_quick:
            own = ", or add a table [quick]" if self.word.endswith(_ENDING) else ""
            raise UsageError(f"{self.word} has no short form: leave out --quick{own}")
        document = read_text(self.text, self.place, quick=True) if quick else self.document
        return request_of(document, {"name": self.sweep_name(quick=quick)})


@functools.cache
def experiments() -> dict[str, Experiment]:
    """Return the shipped experiments by name, those of published results last."""
    found = {}
    for package, before in SHIPPED.items():
        for entry in sorted(_files_of(package), key=lambda each: each.name):
            text = entry.read_text(encoding="utf-8")
            if "[experiment]" in text:
                name = before + entry.name.removesuffix(_ENDING)
                found[name] = Experiment(name, text, name)
    return found


def find_experiment(word: str) -> Experiment:
    """Return the experiment that a name or a path of a TOML file means.

    Raises UsageError for what is neither, with the nearest name.
    """
    if word.endswith(_ENDING):
        return _of_path(word)
    shipped = experiments()
    ends = [name for name in shipped if name == word or name.endswith(f"/{word}")]
    if word in shipped or len(ends) == 1:
        return shipped.get(word) or shipped[ends[0]]
    near = did_you_mean(word.lower(), [name for name in (*shipped, "all") if name != word])
    raise UsageError(
        f"unknown experiment '{word}'{near}: expected a name of nncli experiment list, or a TOML "
        "file with [experiment]"
    )


def _files_of(package: str) -> Iterator[Traversable]:
    return (each for each in files(package).iterdir() if each.name.endswith(_ENDING))


def _of_path(word: str) -> Experiment:
    try:
        text = Path(word).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"{word} cannot be read ({reason}): expected a TOML file with [experiment], or a name "
            "of nncli experiment list"
        ) from None
    found = Experiment(Path(word).stem, text, word)
    if found.document.about is None:
        raise UsageError(
            f"{word} is no experiment: it has neither [experiment] nor [[claim]]; run it with "
            f'nncli sweep {word}, or add [experiment] with title = "..."'
        )
    return found
