"""Numbers, times and names as people read them."""

from __future__ import annotations

import math


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with ``digits`` significant digits; ``-`` for what was not measured."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    text = f"{value:.{digits}g}"
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if mark else text


def measure(name: str, value: float | None) -> str:
    """Return a metric by its name: shares with four decimals, so that they compare at a glance."""
    if value is not None and math.isfinite(value) and name.endswith("accuracy"):
        return f"{value:.4f}"
    return number(value)


def count(value: float) -> str:
    """Return a count in few characters: ``950``, ``12.3k``, ``1.2M``."""
    if not math.isfinite(value):
        return "-"
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.{3 if value < 1000 * limit else 4}g}{unit}"
    return f"{value:.0f}"


def plural(number: int, noun: str) -> str:
    """Return a count with its noun: ``1 run``, ``2 runs``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration(seconds: float | None) -> str:
    """Return a time such as ``0.81 s``, ``12 s``, ``3:05`` or ``2:15:00``."""
    if seconds is None or not math.isfinite(seconds):
        return "-"
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def visible(text: str) -> str:
    """Return ``text`` with all control characters but line ends spelled out.

    Names and notes come from other people's data and databases: they must not steer the terminal.
    """
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def shortened(text: str, width: int) -> str:
    """Return ``text`` in at most ``width`` characters, with ``...`` where its middle was cut."""
    if len(text) <= width:
        return text
    if width <= 3:
        return text[:width]
    head = (width - 3) // 2
    return text[:head] + "..." + text[len(text) - (width - 3 - head) :]


def aligned(rows: list[list[str]], *, right: bool = False) -> list[str]:
    """Return rows of cells as lines in columns; with ``right`` all but the first end together."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if right and index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
