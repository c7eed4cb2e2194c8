"""A plan and a result in words: what is said before, instead of and after a training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nncli.report.layers import diagnosis_lines
from nncli.report.text import aligned, count, duration, measure
from nncli.spec import Spec

if TYPE_CHECKING:
    from nncli.planning import Plan
    from nncli.recorder import Result

#: Who chose the value of an option that was left open.
CHOSEN_BY = {
    "task": "by the target",
    "loss": "by the task",
    "out_act": "by task and loss",
    "init": "by the activation",
    "threads": "by the size of the network",
}


def network_line(plan: Plan) -> str:
    """Return the network in one line, its loss at the end."""
    shapes = [shape for _, shape, _, _ in plan.layers]
    widths = "-".join(str(width) for width in (shapes[0][0], *(shape[1] for shape in shapes)))
    activations = ", ".join(dict.fromkeys(layer[3] for layer in plan.layers))
    what = f"{widths}, {activations}: {plan.parameters:,} parameters"
    norm = f", bn {','.join(plan.spec.bn)}" if plan.spec.bn else ""
    return f"network: {what}{norm}, init {initializers(plan)}, loss {plan.spec.loss}"


def initializers(plan: Plan) -> str:
    """Return what the weights are drawn by: under ``auto`` the choice of each layer."""
    if plan.spec.init != "auto":
        return plan.spec.init
    return ", ".join(dict.fromkeys(layer.choice.part.initializer for layer in plan.model.layers))


def plan_lines(plan: Plan, asked: Spec, origins: Mapping[str, str]) -> list[str]:
    """Return the resolved spec as a table, with where each value came from, and the layers."""
    rows = [["option", "value", "decided"]]
    for name, value in plan.spec.to_json().items():
        if value is None and getattr(asked, name) is None:
            continue
        rows.append([name, _shown(value), _decided(name, plan.spec, asked, origins)])
    layers = [["layer", "shape", "activation", "parameters"]]
    for name, shape, parameters, activation in plan.layers:
        layers.append([name, " x ".join(map(str, shape)), activation, f"{parameters:,}"])
    layers.append(["all", "", "", f"{plan.parameters:,}"])
    return [*aligned(rows), "", *aligned(layers), "", "nothing was trained (--dry-run)"]


def _decided(name: str, resolved: Spec, asked: Spec, origins: Mapping[str, str]) -> str:
    if name in origins:
        return origins[name]
    if getattr(asked, name) != getattr(resolved, name):
        return CHOSEN_BY.get(name, f"by --opt {resolved.opt}")
    return "default"


def _shown(value: Any) -> str:
    return "yes" if value is True else "no" if value is False else str(value)


def result_lines(result: Result, database: str | None) -> list[str]:
    """Return the end of a run: its status, metrics, times and what to do next.

    ``database`` is what ``--db`` named, since the next commands need it too.
    """
    epochs = f"{result.epochs} epoch{'' if result.epochs == 1 else 's'}"
    lines = [f"run {result.run} {status_words(result.status)} after {epochs}"]
    lines += metric_lines(result.metrics, result.best)
    lines += diagnosis_lines(result.diagnosis, result.status)
    lines.append(seconds_line(result.seconds, result.samples_per_second))
    return [*lines, *next_steps(result, database)]


def status_words(status: str) -> str:
    """Return a status as it stands in a sentence."""
    return "stopped early" if status == "early_stopped" else status


def metric_lines(metrics: Mapping[str, Any], best: Mapping[str, Any]) -> list[str]:
    """Return the metrics of the last epoch and of the best one as a small table."""
    if not metrics:
        return []
    best_epoch = best.get("epoch")
    rows = [["", "last", "best" if best_epoch is None else f"epoch {best_epoch} (best)"]]
    for name, value in metrics.items():
        if name.startswith("test_"):  # measured once, with the best weights
            rows.append([f"  {name}", "", measure(name, value)])
        else:
            rows.append([f"  {name}", measure(name, value), measure(name, best.get(name))])
    return aligned(rows, right=True)


def seconds_line(seconds: Mapping[str, float | None], speed: float | None) -> str:
    """Return where the time went."""
    total = duration(seconds.get("total"))
    parts = [
        f"{name} {duration(seconds[name])}"
        for name in ("data", "compile", "train")
        if seconds.get(name) is not None
    ]
    rate = f", {count(speed)} samples/s" if speed else ""
    return f"time: {total} ({', '.join(parts)}){rate}"


def next_steps(result: Result, database: str | None) -> list[str]:
    """Return the commands that make sense after a run."""
    option = f" --db {database}" if database else ""
    steps = [f"nncli report {result.run}{option}"]
    if result.status == "interrupted":
        steps.insert(0, f"nncli train --resume {result.run}{option}")
    elif result.spec.save != "none" and result.status != "diverged":
        steps.append(f"nncli predict {result.run} FILE{option}")
    return [f"next: {steps[0]}", *(f"      {step}" for step in steps[1:])]
