"""What a coordinator takes at a time: the engine has work while a turn is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.sweeps.pace import AHEAD, GATHER, MOST_AHEAD, can_wait, room

SLOTS = st.integers(1, 64)
RATE = st.floats(0, 1e5)


@given(slots=SLOTS, busy=st.integers(0, 1000), rate=RATE)
def test_what_is_claimed_fills_what_is_ahead(slots: int, busy: int, rate: float) -> None:
    runs = room(slots, busy, rate)
    ahead = room(slots, 0, rate)
    assert 2 * slots <= ahead <= max(2 * slots, MOST_AHEAD, AHEAD * rate)
    assert runs in (0, ahead - busy)
    assert runs > 0 or busy > ahead // 2, "half of it is done, and nothing is claimed"
    assert runs == 0 or runs >= ahead // 2, "a turn for a few runs"


@given(slots=SLOTS, data=st.data(), rate=RATE)
def test_who_goes_on_can_claim(slots: int, data: st.DataObject, rate: float) -> None:
    busy = data.draw(st.integers(0, room(slots, 0, rate)))
    ended = data.draw(st.integers(0, busy))
    if can_wait(slots, busy, ended, rate, claims=True):
        assert ended < busy, "nothing is left to wait for"
        assert rate * GATHER >= 1, "nothing ends in the time"
    elif busy > slots and rate * GATHER >= 1:
        assert room(slots, busy - ended, rate) > 0


@pytest.mark.parametrize("slots", [1, 2, 8])
@pytest.mark.parametrize("rate", [100.0, 400.0])  # fallen since 200 were claimed, or not
def test_it_waits_until_there_is_room(slots: int, rate: float) -> None:
    ended = next(each for each in range(200) if not can_wait(slots, 200, each, rate, claims=True))
    assert room(slots, 200 - ended, rate) > 0
    assert room(slots, 200 - ended + 1, rate) == 0


@given(slots=SLOTS, ahead=st.integers(2, 400), rate=st.floats(1 / GATHER, 1e5))
def test_without_further_runs_half_is_gathered(slots: int, ahead: int, rate: float) -> None:
    busy = slots + ahead
    assert can_wait(slots, busy, (ahead - 1) // 2, rate, claims=False)
    assert not can_wait(slots, busy, (ahead + 1) // 2, rate, claims=False)


def test_the_first_run_is_told_of_at_once() -> None:
    assert not can_wait(2, 4, 0, 0.0, claims=True)
    assert not can_wait(2, 4, 1, 0.5 / GATHER, claims=True)


def test_nobody_waits_for_runs_that_are_all_being_trained() -> None:
    assert not can_wait(2, 2, 0, 1000.0, claims=True)
