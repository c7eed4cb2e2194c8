"""What runs are expected to show: claims as a file states them, and whether samples support them.

``declaration`` says what a claim is, ``values`` what it measures of a run, ``reading`` takes both
out of a TOML file. ``samples`` are numbers in, and ``judging`` is a verdict out: nothing here knows
a store. ``testing`` and ``shares`` are the tests of one claim, which come to ``figures``; the rules
behind them stand in docs/claims.md.
"""

from __future__ import annotations

from nncli.claims.declaration import Claim

__all__ = ["Claim"]
