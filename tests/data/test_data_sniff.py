"""How text tables are written: delimiter, header, comments, decimal sign."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nncli.data.sniff import sniff
from nncli.errors import DataError

Write = Callable[..., str]


@pytest.mark.parametrize(
    ("text", "delimiter", "width"),
    [
        ("a,b,c\n1,2,3\n4,5,6\n", ",", 3),
        ("a;b\n1,5;2\n3,5;4\n", ";", 2),
        ("a\tb\n1\t2\n", "\t", 2),
        ("a|b|c\n1|2|3\n", "|", 3),
        ("1 2  3\n 4 5 6\n", "\t", 3),
        ('"a, b";c\n1;2\n', ";", 2),
        ('x,"y;z;u"\n1,"2;3;4"\n', ",", 2),
        ("only\n1\n2\n", ",", 1),
    ],
)
def test_delimiter(write: Write, text: str, delimiter: str, width: int) -> None:
    found = sniff(Path(write("t.csv", text)))
    assert (found.delimiter, found.width) == (delimiter, width)


def test_forced_header(write: Write) -> None:
    path = Path(write("t.csv", "a,b\n1,2\n3,4\n"))
    assert sniff(path).names == ("a", "b")
    forced = sniff(path, header=False)
    assert (forced.names, forced.start) == (None, 0)
    known = sniff(Path(write("u.csv", "1,2\n3,4\n5,6\n")), expected=["2", "1"])
    assert known.names == ("1", "2")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("|1x3 Cross validator\n25, a, x.\n30, b, y.\n", 2),
        ("# made by hand\n# twice\n1,2\n3,4\n", 3),
        ("% arff-like\n\n1,2\n3,4\n", 3),
        ("\ufeff1,2\n3,4\n", 1),
    ],
)
def test_what_stands_before_the_data(write: Write, text: str, line: int) -> None:
    path = Path(write("t.csv", text))
    found = sniff(path)
    assert found.names is None
    assert found.first_line == line
    assert path.read_bytes()[found.start :][:1].isdigit()


def test_a_leading_pipe_stays_where_it_is_the_delimiter(write: Write) -> None:
    found = sniff(Path(write("t.csv", "|a|b\n0|1|2\n1|3|4\n")))
    assert found.names == ("unnamed", "a", "b")


def test_names_are_stripped_unquoted_and_made_different(write: Write) -> None:
    found = sniff(Path(write("t.csv", '\ufeff"fixed acidity" ;" b";c\n1;2;3\n')))
    assert found.names == ("fixed acidity", "b", "c")
    forced = sniff(Path(write("u.csv", "a,a,,a\n1,2,3,4\n")), header=True)
    assert forced.names == ("a", "a.1", "3", "a.2")


def test_a_delimiter_at_the_end_of_all_lines_makes_no_column(write: Write) -> None:
    found = sniff(Path(write("t.csv", "a,b,\n1,2,\n3,4,\n")))
    assert (found.names, found.width, found.columns) == (("a", "b"), 3, 2)
    some = sniff(Path(write("u.csv", "a,b,c\n1,2,\n3,4,\n")))
    assert (some.names, some.columns) == (("a", "b", "c"), 3)


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("a;b\n1,5;2\n", ","),
        ("a;b\n1.5;2\n", "."),
        ("a;b\n1,5;2.5\n", "."),
        ("a,b\n1,5\n", "."),
    ],
)
def test_decimal_sign(write: Write, text: str, decimal: str) -> None:
    assert sniff(Path(write("t.csv", text))).decimal == decimal


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"# nothing\n", "only comments"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\x80\x04\x95", "pickle"),
        (b"\x89PNG\r\n", "picture"),
        (b"\xff\xfea\x00,\x00b\x00", "UTF-16"),
        (b"a,b\n1,\x002\n", "zero bytes"),
        (b"SQLite format 3\0", "SQLite"),
    ],
)
def test_what_is_no_table(write: Write, content: bytes, part: str) -> None:
    with pytest.raises(DataError) as caught:
        sniff(Path(write("t.csv", content)))
    assert part in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    delimiter=st.sampled_from(",;\t|"),
    rows=st.lists(
        st.tuples(
            st.floats(-1e6, 1e6, allow_nan=False),
            st.integers(-1000, 1000),
            st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=8),
        ),
        min_size=3,
        max_size=20,
    ),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_the_csv_module_writes_is_recognised(
    tmp_path: Path, delimiter: str, rows: list[tuple[float, int, str]], end: str
) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=end)
    writer.writerow(["a number", "count", "the text"])
    writer.writerows(rows)
    path = tmp_path / "t.csv"
    path.write_bytes(stream.getvalue().encode())
    found = sniff(path)
    assert (found.delimiter, found.names) == (delimiter, ("a number", "count", "the text"))
    assert path.read_bytes()[found.start :].decode().startswith(repr(rows[0][0]).split("e")[0])
