"""The fields of a report: every name in ``--where``, ``--sort``, ``--columns`` and ``--by``.

There are five sorts, each derived from where it is declared: columns of ``runs``, options of the
stored spec, what is computed of it (``depth`` and ``width``, the number of hidden layers and the
width of the widest, both 0 without any), metrics (``val_accuracy``, with ``:best``, ``:last``,
``:min`` or ``:max``), and statistics of the layers at the last logged epoch (``dead_frac``, with
``:max``, ``:min`` or ``:mean``). A name that is both a column of ``runs`` and an option is the
column: ``epochs`` are those that were trained.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import BigInteger, Boolean, Double, Integer

from nncli.errors import UsageError, did_you_mean, unknown_choice
from nncli.metrics import COSTS, CURVE_METRICS, METRICS, STATISTICS, TEST_METRICS
from nncli.store.nonfinite import EPOCH_FLAGGED, LAYER_FLAGGED, RUN_FLAGGED
from nncli.store.schema import runs
from nncli.store.views import SPEC_FIELDS

LAYER_STATISTICS = ("max", "min", "mean")
"""Over the layers of the last logged epoch; the largest where nothing is said."""


@dataclass(frozen=True)
class Field:
    """A field and where its value is.

    ``kind`` is ``text``, ``number``, ``whole``, ``flag``, ``mixed`` (a whole number or a text) or
    ``tags``. ``source`` is ``runs``, ``spec``, ``shape`` (computed of the spec's hidden layers),
    ``epochs`` or ``layer_stats``, and ``column`` what it is called there; of the last two
    ``statistic`` is taken over the rows of a run. What is ``flipped`` is one minus the column: the
    error of an accuracy.
    """

    label: str
    kind: str
    source: str
    column: str
    statistic: str | None = None
    flipped: bool = False

    @property
    def flagged(self) -> tuple[str, ...]:
        """Return the columns that share the flags of this one, none if it is always finite."""
        shared = {"runs": RUN_FLAGGED, "epochs": EPOCH_FLAGGED, "layer_stats": LAYER_FLAGGED}
        found = shared.get(self.source, ())
        return found if self.column in found else ()


#: Names of columns of ``runs`` that differ from the column's own.
_OTHERWISE = {"run": "id", "sweep": "sweep_id"}
_COLUMNS = (
    *("run", "uuid", "name", "status", "task", "data", "seed", "sweep"),
    *("created", "started", "finished", "epochs", "epochs_planned", "updates", "parameters"),
    *("best_epoch", "note", "error", "host", "cpu", "threads", "dtype", "nncli_version"),
    *("git_commit", "git_dirty", "seconds_data", "seconds_compile", "seconds_train"),
    *("seconds_total", "samples_per_second", "spec_hash", "data_hash", "parent", "heartbeat"),
    "pid",
)
_KINDS = {BigInteger: "whole", Integer: "whole", Double: "number", Boolean: "flag"}

#: Options that the SQL view leaves out, and those whose kind is narrower than there.
_OPTIONS = SPEC_FIELDS | {
    "columns": "text",
    "drop": "text",
    "no_header": "flag",
    "log_every": "whole",
    "diagnose": "flag",
    "save": "text",
    "early_stop": "whole",
    "batch_size": "mixed",
}


#: What the widths of the hidden layers come to.
SHAPE = ("depth", "width")


def _column(name: str) -> Field:
    column = _OTHERWISE.get(name, name)
    return Field(name, _KINDS.get(type(runs.c[column].type), "text"), "runs", column)


def _measure(name: str, statistic: str | None) -> Field:
    """Return a metric; the error is stored as the accuracy that it is one minus."""
    split, _, measure = name.partition("_")
    flipped = measure == "error"
    column = f"{split}_accuracy" if flipped else name
    if statistic in ("min", "max"):
        inner = {"min": "max", "max": "min"}[statistic] if flipped else statistic
        return Field(name, "number", "epochs", column, inner, flipped)
    prefix = "best_" if statistic == "best" else ""
    return Field(name, "number", "runs", prefix + column, None, flipped)


def _fields() -> dict[str, Field]:
    found = {name: _column(name) for name in _COLUMNS}
    found["tags"] = Field("tags", "tags", "tags", "tag")
    for name, kind in _OPTIONS.items():
        found.setdefault(name, Field(name, kind, "spec", name))
    found |= {name: Field(name, "whole", "shape", name) for name in SHAPE}
    found |= {name: _measure(name, "best") for name in CURVE_METRICS}
    found |= {f"best_{name}": _measure(name, "best") for name in CURVE_METRICS}
    found |= {name: _measure(name, None) for name in TEST_METRICS}
    for name in LAYER_FLAGGED:
        found[name] = Field(name, "number", "layer_stats", name, LAYER_STATISTICS[0])
    assert set(COSTS) <= found.keys()
    return found


FIELDS = _fields()
"""Every field by name, metrics and statistics as they are without a statistic."""


def check_field(text: str) -> Field:
    """Return the field that a name with or without a statistic means, labelled as it was given.

    Raises UsageError for an unknown one, naming the nearest.
    """
    name, mark, statistic = text.strip().replace("-", "_").partition(":")
    if name not in FIELDS:
        raise UsageError(
            f"unknown field '{text}'{did_you_mean(name, FIELDS)}: expected an option such as lr, a "
            "metric such as val_accuracy, a statistic of layers such as dead_frac, or one of "
            f"{', '.join(_COLUMNS[:12])}; a text with other signs than letters stands in quotes"
        )
    found = FIELDS[name]
    if mark and name in CURVE_METRICS:
        if statistic not in STATISTICS:
            raise unknown_choice("statistic", statistic, STATISTICS)
        found = _measure(name, statistic)
    elif mark and found.source == "layer_stats":
        if statistic not in LAYER_STATISTICS:
            raise unknown_choice("statistic", statistic, LAYER_STATISTICS)
        found = replace(found, statistic=statistic)
    elif mark:
        what = "metric" if name in METRICS else "field"
        raise UsageError(
            f"{what} '{text}': {name} has one value a run, and no statistic: write {name}"
        )
    return replace(found, label=text)
