"""Claims judged on stored runs.

``sources`` finds the sweeps that have claims, ``checking`` refuses claims over fields that there
are not, ``reading`` reads what they measure of all runs at once (``regions`` out of stored
weights), ``sampling`` makes samples of it by pairing runs, ``progress`` says what a sweep lacks,
and ``verdicts`` joins these with the rules of :mod:`nncli.claims`. ``tables`` and ``text`` show
what came of it.
"""

from __future__ import annotations

from nncli.judging.checking import check_about, check_claims
from nncli.judging.tables import verdict_table
from nncli.judging.text import verdict_lines
from nncli.judging.verdicts import Verdict, judge

__all__ = ["Verdict", "check_about", "check_claims", "judge", "verdict_lines", "verdict_table"]
