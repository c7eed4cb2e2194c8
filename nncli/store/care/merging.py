"""Merging: what another database holds and this one lacks, found by uuid and brought in.

Sweeps come first, since runs name them, then runs with all that belongs to them, then trials, which
name both, and gradient checks. Ids are given anew. What is there already stays, so that merging
twice is merging once, and one that was broken off is gone on with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nncli.store.care.merge_runs import merge_runs
from nncli.store.care.merge_sweeps import merge_gradchecks, merge_sweeps
from nncli.store.care.merge_trials import merge_trials
from nncli.store.care.pair import Pair
from nncli.store.care.records import Merged
from nncli.store.failures import MissingDatabase


def merge(pair: Pair, tell: Callable[[int, int], None]) -> Merged:
    """Merge all there is; ``tell`` hears how many runs of how many are done."""
    pair = _prepared(pair)
    merged = Merged()
    sweep_ids = merge_sweeps(pair, merged)
    merge_runs(pair, sweep_ids, merged, tell)
    merge_trials(pair, sweep_ids, merged)
    merge_gradchecks(pair, merged)
    return merged


def _prepared(pair: Pair) -> Pair:
    """Make a database that is missing, unless nothing is to be written."""
    if not pair.dry_run:
        with pair.writing():
            return pair
    try:
        with pair.reading():
            return pair
    except MissingDatabase:
        return replace(pair, is_new=True)
