"""Tables drawn in plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.report.grid import FILLER, Column, Style, grid, width_of
from nncli.report.text import visible

COLUMNS = [
    Column("run", ["12", "9"], right=True),
    Column("name", ["a name that is much longer than a cell may be", "-"], right=False, rank=9),
    Column("status", ["completed", "diverged"], right=False),
    Column("act", ["relu", "tanh"], right=False, rank=1),
    Column("val_accuracy:best", ["0.9800", "nan"], right=True, bold=(0,)),
    Column("created", ["2026-03-01 09:30", "-"], right=False, rank=FILLER),
]


def drawn(width: int | None, **style: str) -> str:
    return "\n".join(grid(COLUMNS, Style(width, **style))[0])  # type: ignore[arg-type]


def test_everything_fits_without_a_width() -> None:
    assert drawn(None) == (
        "run  name                                           status     act   val_accuracy  "
        "created\n"
        "                                                                            :best\n"
        " 12  a name that is much longer than a cell may be  completed  relu        0.9800  "
        "2026-03-01 09:30\n"
        "  9  -                                              diverged   tanh           nan  -"
    )


def test_long_cells_are_cut_before_columns_go() -> None:
    assert drawn(64) == (
        "run  name                          status     act   val_accuracy\n"
        "                                                           :best\n"
        " 12  a name that ...a cell may be  completed  relu        0.9800\n"
        "  9  -                             diverged   tanh           nan"
    )


def test_cells_are_cut_no_more_than_the_room_asks_for() -> None:
    """The room that columns leave, or that was there, goes to the cells that were cut."""
    error = "ValueError: a long sentence that says what went wrong, and where"
    columns = [
        Column("run", ["12"], right=True),
        Column("error", [error], right=False),
        Column("note", ["n" * 200], right=False, rank=1),
    ]
    assert grid(columns[:2], Style(80))[0][1] == f" 12  {error}"
    for width in range(40, 120):
        for count in (2, 3):
            lines, missed = grid(columns[:count], Style(width))
            assert not missed
            full = count == 2 and width >= 5 + len(error)
            assert width_of(lines[1]) == (5 + len(error) if full else width)


def test_a_verdict_is_never_cut() -> None:
    columns = [
        Column("act", ["x*sigmoid(1.702*x)"], right=False),
        Column("effect", ["0.1234"], right=True, rank=2),
        Column("test", ["exact permutation"], right=False, rank=3),
        Column("verdict", ["no difference shown"], right=False),
    ]
    for width in range(35, 70):
        lines, missed = grid(columns, Style(width))
        assert lines[1].endswith("  no difference shown")
        assert missed == ("effect", "test")[-len(missed) :] * bool(missed)


def test_columns_go_by_their_rank_and_are_told_unless_they_only_fill_room() -> None:
    lines, missed = grid(COLUMNS, Style(40))
    assert lines == [
        "run  status     act       val_",
        "                      accuracy",
        "                         :best",
        " 12  completed  relu    0.9800",
        "  9  diverged   tanh       nan",
    ]
    assert missed == ("name",)
    lines, missed = grid(COLUMNS, Style(5))
    assert "status" in lines[0]  # of rank 0
    assert missed == ("name", "act")


def test_colours_change_no_width() -> None:
    plain, _ = grid(COLUMNS, Style(80))
    colored, _ = grid(COLUMNS, Style(80, colored=True))
    assert "\x1b[31mdiverged\x1b[0m" in colored[3]
    assert "\x1b[1m0.9800\x1b[0m" in colored[2]
    for code in ("0", "1", "31", "32"):
        colored = [line.replace(f"\x1b[{code}m", "") for line in colored]
    assert colored == plain


def test_wide_characters_take_two_columns() -> None:
    lines, _ = grid([Column("a", ["日本", "x"], False), Column("b", ["1", "2"], False)], Style(80))
    assert lines == ["a     b", "日本  1", "x     2"]
    assert width_of("é") == width_of("e\u0301") == 1


def test_what_the_place_cannot_show_is_spelled_out() -> None:
    columns = [Column("a", ["é", "x"], False), Column("b", ["1", "2"], False)]
    lines, _ = grid(columns, Style(80, encoding="ascii"))
    assert lines == ["a     b", "\\xe9  1", "x     2"]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=5), st.integers(20, 60))
def test_no_line_is_wider_than_the_place(texts: list[str], width: int) -> None:
    columns = [
        Column("run", ["1"] * len(texts), True),
        Column("name", [visible(text).replace("\n", "\\n") for text in texts], False, rank=1),
    ]
    assert max(map(width_of, grid(columns, Style(width))[0])) <= width


@pytest.mark.parametrize("width", [1, 10, 40, 80, 160, None])
def test_nothing_to_draw(width: int | None) -> None:
    assert grid([], Style(width)) == ([], ())
