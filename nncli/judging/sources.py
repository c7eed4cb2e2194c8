"""Which stored sweeps are meant, and with which claims: those of a file, or of the sweep itself."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.claims import Claim
from nncli.errors import StoreError, UsageError
from nncli.judging.progress import on_database
from nncli.options import flag_of
from nncli.sweeps.definition import Definition
from nncli.sweeps.request import request_of
from nncli.sweeps.space.document import read_document

if TYPE_CHECKING:
    from nncli.store import Sweep
    from nncli.store.finding import ReportStore


#: Sweeps with other settings that a message names.
MOST_NAMED = 3


@dataclass(frozen=True)
class Source:
    """A stored sweep and the claims to judge on it; ``quick`` where it is a short form.

    ``title`` may be empty.
    """

    sweep: Sweep
    claims: tuple[Claim, ...]
    title: str
    quick: bool


def sources_of(store: ReportStore, words: Sequence[str]) -> list[Source]:
    """Return what words such as ``study.toml`` and ``sweep:3`` mean; without any, every sweep.

    The claims of a file are those that stand in it now. Of sweeps that were started afresh the
    newest alone is taken where none is named; what is named twice is meant once. Raises UsageError
    for a word of another form and for one without claims, StoreError for a sweep that is not there.
    """
    if not words:
        return _every(store)
    found: dict[tuple[int, tuple[Claim, ...]], Source] = {}
    for word in words:
        source = _of_file(store, word) if word.endswith(".toml") else _named(store, word)
        found.setdefault((source.sweep.id, source.claims), source)
    return list(found.values())


def _every(store: ReportStore) -> list[Source]:
    newest: dict[str, Source] = {}
    for sweep in store.list_sweeps(None):
        source = _stored(sweep)
        if source is not None:
            newest.setdefault(sweep.definition_hash, source)
    return sorted(newest.values(), key=lambda each: each.sweep.id)


def _named(store: ReportStore, word: str) -> Source:
    if not word.startswith("sweep:"):
        raise UsageError(
            f"--claims of '{word}': claims are made on a sweep; expected its TOML file, or "
            "sweep:ID, sweep:NAME or sweep:last"
        )
    sweep = store.find_sweep(word.removeprefix("sweep:"))
    source = _stored(sweep)
    if source is None:
        raise UsageError(
            f"sweep {sweep.id} has no claims: name a file that has, which holds [[claim]]: "
            "nncli report --claims FILE.toml"
        )
    return source


def _stored(sweep: Sweep) -> Source | None:
    definition = Definition.of_stored(sweep.definition)
    about = definition.about if definition is not None else None
    if about is None or not about.claims:
        return None
    return Source(sweep, about.claims, about.title or sweep.name or "", about.quick)


def _of_file(store: ReportStore, path: str) -> Source:
    """Return the newest sweep of a file's definition; of its short form if there is no other."""
    document = read_document(path)
    if document.about is None or not document.about.claims:
        raise UsageError(
            f"{path} has no claims: add a table [[claim]] with lines such as "
            'says = "..." and value = "train_loss:last"'
        )
    forms = [(document, False)]
    if document.has_quick:
        forms.append((read_document(path, quick=True), True))
    sweeps = store.list_sweeps(None)
    others: list[str] = []
    newest: Sweep | None = None
    for form, quick in forms:
        # Without the hash of the data, which need not be there to be reported on.
        asked = request_of(form, {}).definition
        wanted = asked.hash({})
        found: list[Sweep] = []
        for sweep in sweeps:
            definition = Definition.of_stored(sweep.definition)
            if definition is not None and definition.hash({}) == wanted:
                found.append(sweep)
            elif definition is not None and definition.about == form.about:
                others.append(f"sweep {sweep.id} ({_differences(definition, asked)})")
                newest = newest or sweep
        if found:
            sweep = _of_this_place(found, asked)
            return Source(sweep, document.about.claims, document.about.title or path, quick)
    run = on_database(store, f"nncli sweep {shlex.quote(path)}")
    if newest is not None:
        judge = on_database(store, f"nncli report --claims sweep:{newest.id}")
        raise StoreError(
            f"no sweep of {path} in {store.shown} as the file has it, but with other settings: "
            f"{', '.join(others[:MOST_NAMED])}; judge one of them, with {judge}, or run the file "
            f"as it is, with {run}"
        )
    raise StoreError(f"no sweep of {path} in {store.shown}: run it first, with {run}")


def _of_this_place(sweeps: Sequence[Sweep], asked: Definition) -> Sweep:
    """Return the newest of some sweeps; where the data are files here, the newest of this folder.

    Files of one name in two folders make sweeps of one definition.
    """
    names = asked.space.axes.get("data")
    if names is not None and any(Path(str(name)).exists() for name in names.values()):
        for sweep in sweeps:
            if json.loads(sweep.definition).get("folder") == str(Path.cwd()):
                return sweep
    return sweeps[0]


def _differences(definition: Definition, asked: Definition) -> str:
    """Say which options of a sweep are other than those that are asked for."""
    axes, wanted = definition.space.axes, asked.space.axes
    names = [name for name in {**wanted, **axes} if axes.get(name) != wanted.get(name)]
    found = [f"another {flag_of(name)}" for name in names]
    seeds = definition.seeds
    if seeds != asked.seeds:
        first = seeds == tuple(range(len(seeds)))
        found.insert(0, f"--seeds {len(seeds) if first else ','.join(map(str, seeds))}")
    return ", ".join(found) or "searched otherwise"
