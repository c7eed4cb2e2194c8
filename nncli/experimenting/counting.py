"""How many claims were supported, refuted or undecided, and whether that was expected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from nncli.claims.declaration import REFUTED, SUPPORTED, UNDECIDED

if TYPE_CHECKING:
    from nncli.judging import Verdict


@dataclass(frozen=True)
class Count:
    """Claims by what they came to. ``opposite`` are those that came out against expectation."""

    supported: int = 0
    refuted: int = 0
    refuted_as_expected: int = 0
    undecided: int = 0
    opposite: int = 0

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Count:
        """Count some verdicts."""
        listed = list(verdicts)
        words = [each.verdict for each in listed]
        return cls(
            supported=words.count(SUPPORTED),
            refuted=words.count(REFUTED),
            refuted_as_expected=sum(
                each.verdict == REFUTED and each.claim.expected == REFUTED for each in listed
            ),
            undecided=words.count(UNDECIDED),
            opposite=sum(each.is_opposite for each in listed),
        )

    @property
    def text(self) -> str:
        """Return the counts in words: ``42 supported, 3 refuted (2 as expected), 5 undecided``."""
        surprising = self.opposite - (self.refuted - self.refuted_as_expected)
        against = f" ({surprising} against what was expected)" if surprising else ""
        parts = [f"{self.supported} supported{against}"]
        if self.refuted:
            as_expected = self.refuted_as_expected
            how = f"{as_expected} " if as_expected < self.refuted else ""
            parts.append(
                f"{self.refuted} refuted" + (f" ({how}as expected)" if as_expected else "")
            )
        if self.undecided:
            parts.append(f"{self.undecided} undecided")
        return ", ".join(parts)

    def to_json(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)
