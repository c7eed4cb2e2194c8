"""Which columns a list of runs has: those that tell the runs apart; what is common stands above.

An option that only follows from another one (the betas of Adam, the initializer that goes with an
activation) tells nothing more, and has no column unless it is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from nncli.metrics import Metric
from nncli.options import default_of
from nncli.report.cells import cell
from nncli.report.grid import FILLER
from nncli.report.text import shortened
from nncli.spec import Spec
from nncli.tables import Table

#: Options that are named even where they have their default values.
CORE = ("data", "hidden", "act", "opt", "lr", "epochs")

#: Options that :func:`nncli.resolving.resolve` fills in.
FOLLOWING = (
    *("loss", "out_act", "init", "momentum", "rho", "beta1", "beta2", "eps", "momentum_decay"),
    *("weight_decay", "batch_size", "bn_momentum", "bn_eps"),
)

#: Options that change nothing of what is learned, or that a field of the run says better.
LEFT_OUT = ("threads", "diagnose", "save", "log_every", "seed", "dtype")

#: Fields of a run besides its options, in the order in which they stand.
LABELS = ("run", "name", "status", "tags", "sweep")

#: What fills the room that is left, the most telling first.
EXTRAS = ("val_loss:best", "train_loss:last", "seconds_train", "created", "parameters")

#: What keeps its column longest where there is no room, and what goes first.
FIRST = ("act", "opt", "lr", "hidden", "data", "name", "seed", "batch_size")
LAST = ("epochs", "tags", "sweep")

#: Values longer than this are cut in the line of what is common.
WIDEST_COMMON = 40


def options() -> tuple[str, ...]:
    """Return the options that a list of runs looks at, the telling ones first."""
    names = [each.name for each in fields(Spec)]
    rest = [name for name in names if name not in (*CORE, *LEFT_OUT)]
    return (*CORE[:-1], "batch_size", *(name for name in rest if name != "batch_size"), "seed")


def wanted(metric: Metric) -> tuple[str, ...]:
    """Return the fields to ask the store for, so that a list of runs can be shown."""
    more = ("epochs", "epochs_planned", *EXTRAS)
    return tuple(dict.fromkeys((*LABELS, *options(), metric.label, *more)))


@dataclass(frozen=True)
class Chosen:
    """The columns of a list of runs in order, each with its rank (see :mod:`nncli.report.grid`).

    ``varied`` are the options among them, and ``common`` says in words what all runs share.
    """

    table: Table
    ranks: Mapping[str, int]
    varied: tuple[str, ...]
    common: str


def choose(found: Table, metric: Metric, *, extras: bool) -> Chosen:
    """Choose the columns of the fields :func:`wanted` that are worth a column.

    ``extras`` adds what fills the room of a wide terminal.
    """
    varied = [name for name in options() if name in found.names and differs(found[name])]
    following = _following(found, [name for name in FOLLOWING if name in found.names])
    varied = [name for name in varied if name not in following]
    columns: dict[str, Sequence[Any]] = {"run": found["run"]}
    for name in ("name", "status"):
        if differs(found[name]) or (name == "status" and _troubled(found[name])):
            columns[name] = found[name]
    for name in varied:
        columns[name] = found[name]
    if metric.label in found.names:
        columns[metric.label] = found[metric.label]
    for name in ("sweep", "tags"):
        if differs(found[name]):
            columns[name] = found[name]
    if "epochs" not in columns and differs(epochs := _epochs(found)):
        columns["epochs"] = epochs
    fillers = [name for name in EXTRAS if extras and name in found.names and name not in columns]
    for name in fillers:
        if differs(found[name]) or (len(found) == 1 and found[name][0] is not None):
            columns[name] = found[name]
    stays = ("run", "status", metric.label)
    order = (*FIRST, *(name for name in columns if name not in (*FIRST, *LAST)), *LAST)
    ranks = {name: FILLER * (name in fillers) + 1 + order.index(name) for name in columns}
    ranks |= {name: 0 for name in stays if name in columns}
    return Chosen(Table(columns), ranks, tuple(varied), _common(found, columns, following))


def differs(values: Sequence[Any]) -> bool:
    """Say whether a column has more than one value; NaN is one."""
    return len({repr(value) for value in values}) > 1


def _troubled(statuses: Sequence[Any]) -> bool:
    return any(status not in ("completed", "early_stopped") for status in statuses)


def _stopped(found: Table) -> bool:
    pairs = zip(found["epochs"], found["epochs_planned"], strict=True)
    return any(planned is not None and epochs != planned for epochs, planned in pairs)


def _epochs(found: Table) -> list[Any]:
    """Return the epochs of each run, as ``3/30`` where they are fewer than planned."""
    pairs = list(zip(found["epochs"], found["epochs_planned"], strict=True))
    if not _stopped(found):
        return [epochs for epochs, _ in pairs]
    return [str(e) if p in (None, e) else f"{e}/{p}" for e, p in pairs]


def _common(found: Table, shown: Mapping[str, Any], following: Collection[str]) -> str:
    """Return what all runs share, such as ``data digits, hidden 256, completed``."""
    if not len(found):
        return ""
    defaults = {each.name: default_of(each) for each in fields(Spec)}
    usual = Spec(**defaults).to_json()
    parts = []
    for name in ("name", *options(), "epochs", "tags", "sweep", "status"):
        value = found[name][0]
        if name in (*shown, *following, "task") or differs(found[name]) or value in (None, ()):
            continue
        if name not in (*CORE, "seed") and name in usual and value == usual[name]:
            continue
        text = shortened(cell(name, value), WIDEST_COMMON)
        parts.append(text.replace("_", " ") if name == "status" else f"{name} {text}")
    return ", ".join(parts)


def _following(found: Table, names: Sequence[str]) -> set[str]:
    """Return those of ``names`` that have in every run the value that nncli chooses for it."""
    if not names:
        return set()
    from nncli.errors import UsageError
    from nncli.resolving import resolve

    aside = (*FOLLOWING, "epochs", "seed", "threads")  # on which nothing of this depends
    given = [each.name for each in fields(Spec) if each.name in found.names]
    left = set(names)
    known: dict[str, dict[str, Any]] = {}
    for row in found.pick(given).records():
        asked = {n: v for n, v in row.items() if v is not None and n not in aside}
        key = repr(asked)
        if key not in known:
            try:
                known[key] = resolve(Spec.read(asked), row["task"]).to_json()
            except (UsageError, KeyError):  # of a later version, or of a formula it does not know
                known[key] = {}
        left = {name for name in left if row[name] in (None, known[key].get(name))}
    return left
