"""One run as text: how it ended, what was asked for, where it ran, its network and its curve."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from nncli.options import default_of
from nncli.report.layers import diagnosis_lines, figure_lines
from nncli.report.summaries import METRICS, SPLITS, RunDetail, RunSummary
from nncli.report.text import aligned, count, duration, measure, number, visible
from nncli.spec import Spec, former_defaults
from nncli.tables import Table

PICTURE_HEIGHT = 14
WIDEST_PICTURE = 100

#: What is drawn, as far as it was measured.
DRAWN = tuple(f"{split}_{metric}" for metric in METRICS for split in SPLITS[:2])


def detail_lines(
    detail: RunDetail, width: int, *, colored: bool, unicode: bool = True
) -> list[str]:
    """Return the lines that show a run in ``width`` characters."""
    run = detail.summary
    differs, others = changed_options(run)
    blocks = [
        _heading(run),
        _pairs(_labels(detail), width),
        _metrics(run),
        _section("differs from the defaults", _pairs(_values(differs), width)),
        _section("defaults and choices of nncli", _flowing(_values(others), width)),
        _section("network", _layers(detail)),
        figure_lines(detail.statistics),
        diagnosis_lines(detail.diagnosis, run.status, width),
        _section("environment", _pairs(_values(detail.environment), width)),
    ]
    measured = [name for name in DRAWN if name in detail.curve]
    if measured:
        from nncli.report.pictures.curves import curves

        blocks.append(
            curves(
                Table({"run": [run.run] * len(detail.curve["epoch"]), **detail.curve}),
                {run.run: f"run {run.run}"},
                measured,
                width=min(width, WIDEST_PICTURE),
                height=PICTURE_HEIGHT,
                colored=colored,
                unicode=unicode,
            )
        )
    filled = [block for block in blocks if block]
    return [line for block in filled for line in (*block, "")][:-1]


def changed_options(run: RunSummary) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split the spec of a run into what was asked for beside the defaults, and the rest."""
    defaults = Spec(**{each.name: default_of(each) for each in fields(Spec)}).to_json()
    open_names = {*run.left_open, *former_defaults(run.spec)}
    differs = {
        name: value
        for name, value in run.spec.items()
        if name not in open_names and value != defaults.get(name)
    }
    others = {n: v for n, v in run.spec.items() if n not in differs and v is not None}
    return differs, others


def _heading(run: RunSummary) -> list[str]:
    planned = run.epochs_planned
    whole = planned in (None, run.epochs)
    epochs = f"{run.epochs} epochs" if whole else f"{run.epochs} of {planned} epochs"
    name = f" ({visible(run.name)})" if run.name else ""
    return [f"run {run.run}{name}: {run.status.replace('_', ' ')}, {epochs}"]


def _labels(detail: RunDetail) -> Iterable[tuple[str, str]]:
    run = detail.summary
    speed = run.samples_per_second
    rows = [
        ("data", f"{run.data} ({run.task})"),
        ("error", detail.error or ""),
        ("note", detail.note or ""),
        ("tags", ", ".join(run.tags)),
        ("uuid", run.uuid),
        ("created", _clock(run.created)),
        ("finished", _clock(run.finished)),
        ("time", ", ".join(f"{name} {duration(value)}" for name, value in run.seconds.items())),
        ("speed", f"{count(speed)} samples/s" if speed else ""),
    ]
    return [(name, value) for name, value in rows if value]


def _metrics(run: RunSummary) -> list[str]:
    if not run.last and not run.test:
        return []
    best = "best" if run.best_epoch is None else f"epoch {run.best_epoch} (best)"
    rows = [["", "last", best]]
    rows += [
        [name, measure(name, value), measure(name, run.best.get(name))]
        for name, value in run.last.items()
    ]
    rows += [[name, "", measure(name, value)] for name, value in run.test.items()]
    return aligned(rows, right=True)


def _layers(detail: RunDetail) -> list[str]:
    parameters = detail.summary.parameters
    if not detail.layers:
        return [f"  {parameters:,} parameters"] if parameters else []
    rows = [["layer", "shape", "activation", "parameters"]]
    for layer in detail.layers:
        shape = f"{layer.fan_in}x{layer.fan_out}"
        rows.append([str(layer.number), shape, layer.activation, f"{layer.parameters:,}"])
    if parameters:
        rows.append(["all", "", "", f"{parameters:,}"])
    return aligned(rows)


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"{title}:", *lines] if lines else []


def _values(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, _value(value)) for name, value in values.items()]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value, 6) if isinstance(value, float) else str(value)


def _pairs(rows: Iterable[tuple[str, str]], width: int) -> list[str]:
    """Return names and values in two columns, the values wrapped."""
    listed = [(visible(name), visible(value)) for name, value in rows]
    room = max((len(name) for name, _ in listed), default=0) + 4
    lines = []
    for name, value in listed:
        parts = textwrap.wrap(value, max(width - room, 16), break_on_hyphens=False) or [""]
        lines.append(f"  {name.ljust(room - 4)}  {parts[0]}")
        lines += [" " * room + part for part in parts[1:]]
    return lines


def _flowing(rows: Iterable[tuple[str, str]], width: int) -> list[str]:
    """Return names and values one after the other, as text."""
    text = ", ".join(f"{visible(name)}\0{visible(value)}" for name, value in rows)
    wrapped = textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ")
    return [line.replace("\0", " ") for line in wrapped]


def _clock(time: str | None) -> str:
    return f"{time[:19].replace('T', ' ')} UTC" if time else ""
