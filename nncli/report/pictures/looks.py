"""How pictures of characters look: their size, colours that differ, and shades from low to high.

Colours are those of the 256 that terminals have, of middle brightness, so that they can be read on
a light and on a dark ground. Without colours series differ by their markers and cells by shades.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

#: Colours of series, in the order in which they are given out; they differ also for people who
#: confuse red and green (after Okabe & Ito 2008).
SERIES = (33, 208, 36, 175, 178, 74, 166, 103)
#: The same, dimmed, for what lies behind: raw values and bands.
FAINT = (67, 137, 65, 96, 101, 66, 95, 60)
#: What is drawn behind all others.
GREY = 244

#: Markers of series without colours; the first draws with dots of an eighth of a character.
MARKERS = ("braille", "•", "x", "+", "o", "▪", "◊", "¤")
ASCII_MARKERS = ("*", "o", "+", "x", "#", "@", "%", "&")
FAINT_MARKER, ASCII_FAINT_MARKER = "·", "."

#: From low to high, dark blue over green to yellow: brightness rises all the way.
RAMP = (17, 18, 24, 30, 36, 72, 77, 113, 149, 185, 221, 227)
#: On the grounds of ``RAMP`` from this place on black text has more contrast than white.
BRIGHT_FROM = 3
#: The lightest is no blank, which stands for nothing; none can be taken for a part of a number.
SHADES = ("·", "░", "▒", "▓", "█")
ASCII_SHADES = ("'", ":", "=", "&", "#", "@")

BLACK, WHITE = 16, 231
RESET = "\x1b[0m"

Step = TypeVar("Step")

TO_ASCII = str.maketrans("┌┐└┘─│┤├┬┴┼", "++++-|+++++")


@dataclass(frozen=True)
class Look:
    """The size of a picture in characters, and what the terminal can show."""

    width: int
    height: int
    colored: bool
    unicode: bool

    def series_color(self, place: int) -> int | None:
        """Return the colour of a series; None without colours."""
        return SERIES[place % len(SERIES)] if self.colored else None

    def faint_color(self, place: int) -> int | None:
        """Return the colour of what lies behind a series."""
        return FAINT[place % len(FAINT)] if self.colored else None

    def marker(self, place: int) -> str:
        """Return the marker of a series: with colours the finest for all."""
        if self.colored and self.unicode:
            return MARKERS[0]
        markers = MARKERS if self.unicode else ASCII_MARKERS
        return markers[place % len(markers)]

    @property
    def faint_marker(self) -> str:
        """Return the marker of what lies behind the series."""
        if self.colored and self.unicode:
            return MARKERS[0]
        return FAINT_MARKER if self.unicode else ASCII_FAINT_MARKER

    @property
    def shades(self) -> Sequence[str]:
        """Return characters from light to dark."""
        return SHADES if self.unicode else ASCII_SHADES

    def shade(self, share: float) -> str:
        """Return the character for a share from 0 to 1."""
        return pick(self.shades, share)

    def paint(
        self,
        text: str,
        color: int | None = None,
        *,
        ground: int | None = None,
        bold: bool = False,
    ) -> str:
        """Return ``text`` in a colour on a ground, or as it is where there are no colours."""
        if not self.colored or (color is None and ground is None and not bold):
            return text
        codes = ["1"] if bold else []
        codes += [f"38;5;{color}"] if color is not None else []
        codes += [f"48;5;{ground}"] if ground is not None else []
        return f"\x1b[{';'.join(codes)}m{text}{RESET}"

    def on_ramp(self, text: str, share: float, *, bold: bool = False) -> str:
        """Return ``text`` on the ground that stands for a share from 0 to 1."""
        ground = pick(RAMP, share)
        ink = BLACK if RAMP.index(ground) >= BRIGHT_FROM else WHITE
        return self.paint(text, ink, ground=ground, bold=bold)


def pick(scale: Sequence[Step], share: float) -> Step:
    """Return the step of a scale at a share from 0 to 1."""
    return scale[min(len(scale) - 1, max(0, int(share * len(scale))))]
