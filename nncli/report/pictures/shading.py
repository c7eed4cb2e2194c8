"""Values as shades: a scale from the lowest to the highest, and the line that explains it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from nncli.report.pictures.axes import spans
from nncli.report.pictures.looks import RAMP, Look
from nncli.report.text import number


@dataclass(frozen=True)
class Shading:
    """A scale from ``low`` to ``high``, logarithmic where values span much."""

    low: float
    high: float
    log: bool

    @classmethod
    def of(cls, values: Iterable[float], *, log: bool | None = None) -> Shading:
        """Return the scale of finite values; there must be some."""
        listed = list(values)
        low, high = min(listed), max(listed)
        return cls(low, high, spans(low, high) if log is None else log)

    def share(self, value: float) -> float:
        """Return where a value lies, from 0 to 1; in the middle where all values are equal."""
        if self.low == self.high:
            return 0.5
        if self.log:
            low, high = math.log(self.low), math.log(self.high)  # their ratio may overflow
            return (math.log(value) - low) / (high - low)
        return (value - self.low) / (self.high - self.low)


def measured(label: str, value: float, digits: int = 4) -> str:
    """Return the value of a metric: shares with ``digits`` decimals, so that they compare."""
    is_share = label.partition(":")[0].endswith(("accuracy", "error", "frac"))
    return f"{value:.{digits}f}" if is_share and abs(value) < 10 else number(value, digits)


def key_line(scale: Shading, name: str, look: Look) -> str:
    """Return the line that says which shades are low and which high."""
    steps = len(RAMP) if look.colored else len(look.shades)
    shares = [(each + 0.5) / steps for each in range(steps)]
    if look.colored:
        strip = "".join(look.on_ramp(" ", share) for share in shares)
    else:
        strip = "".join(look.shade(share) * 2 for share in shares)
        strip = f"[{strip}]"
    low, high = (measured(name, end) for end in (scale.low, scale.high))
    log = " (logarithmic)" if scale.log else ""
    return f"{low} {strip} {high}{log}"
