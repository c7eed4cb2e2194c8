"""What the care of a store tells, as lines of text."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from nncli.report.text import aligned, plural, visible

if TYPE_CHECKING:
    from nncli.store.care import Compacted, Info, Merged, Verdict, Weight


def size(count: float | None) -> str:
    """Return bytes as people read them: ``0 B``, ``12 KiB``, ``1.4 GiB``."""
    if count is None:
        return "-"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.3g} {unit}"
        count /= 1024
    raise AssertionError


def info_lines(info: Info) -> list[str]:
    """Return what is in a database."""
    lines = [f"{info.database}: {info.kind}, schema {info.schema}, {size(info.bytes)}"]
    if info.log_bytes is not None:
        lines.append(
            f"log {size(info.log_bytes)}, free inside {size(info.free_bytes)}, "
            f"free on the disk {size(info.disk_free)}"
        )
    rows = [["table", "rows", "size"]]
    rows += [[each.name, f"{each.rows:,}", size(each.bytes)] for each in info.tables]
    lines += ["", *aligned(rows, right=True), ""]
    if not info.statuses:
        return [*lines, "no runs yet"]
    lines += aligned(
        [["status", "runs"], *([s, f"{n:,}"] for s, n in info.statuses.items())], right=True
    )
    return [*lines, "", f"oldest  {_time(info.oldest)}", f"newest  {_time(info.newest)}"]


def _time(text: str | None) -> str:
    return f"{(text or '')[:19].replace('T', ' ')} UTC"


def fitted(text: str, width: int, indent: str = "  ") -> list[str]:
    """Return a text in lines of at most ``width`` characters, all but the first indented."""
    return textwrap.wrap(
        visible(text), max(width, 40), subsequent_indent=indent, break_on_hyphens=False
    )


def verdict_lines(verdict: Verdict, width: int) -> list[str]:
    """Return a check, and some of what is wrong below it."""
    word = "ok" if verdict.passed else "WRONG"
    below = [*verdict.examples]
    if verdict.wrong > len(verdict.examples):
        below.append(f"and {verdict.wrong - len(verdict.examples):,} more")
    below += [f"note: {each}" for each in verdict.notes]
    lines = fitted(f"{word:<6} {verdict.name:<12} {verdict.what}", width, " " * 20)
    for each in below:
        lines += fitted(f"       {each}", width, " " * 9)
    return lines


def weight_text(weight: Weight) -> str:
    """Return what belongs to runs, in words."""
    parts = [f"{weight.curve_rows:,} curve rows"]
    if weight.layer_rows:
        parts.append(f"{weight.layer_rows:,} rows of layer statistics")
    parts.append(f"{plural(weight.models, 'model')} of {size(weight.model_bytes)}")
    return ", ".join(parts)


def compacted_text(database: str, compacted: Compacted) -> str:
    """Return what compacting has gained."""
    gained = compacted.before - compacted.after
    return (
        f"{database}: {size(compacted.before)} before, {size(compacted.after)} now: "
        f"{size(max(gained, 0))} gained in {compacted.seconds:.1f} s"
    )


def merged_lines(merged: Merged, other: str, database: str, *, dry_run: bool) -> list[str]:
    """Return what merging has brought, and what was left where it is."""
    verb = "would bring" if dry_run else "brought"
    counts = [plural(merged.added, "new run"), plural(merged.updated, "newer run")]
    more = {"sweep": merged.sweeps, "gradient check": merged.gradchecks}
    if not dry_run:
        more |= {"curve row": merged.curve_rows, "model": merged.models, "trial": merged.trials}
    counts += [plural(number, noun) for noun, number in more.items() if number]
    lines = [f"{other} {verb} into {database}: {', '.join(counts)}"]
    if merged.unchanged:
        lines.append(f"{plural(merged.unchanged, 'run')} were there already")
    if merged.running:
        lines.append(
            f"left out: {plural(merged.running, 'run')} still being trained there: merge again "
            "when they have ended"
        )
    if merged.busy:
        lines.append(f"left alone: {plural(merged.busy, 'run')} being trained here")
    if merged.contested:
        lines.append(
            f"left out: {plural(merged.contested, 'trial')} whose number has other options here; "
            "their runs are here"
        )
    return lines
