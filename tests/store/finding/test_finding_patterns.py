"""Patterns fit in databases as they do in Python."""

from __future__ import annotations

import sqlite3
from fnmatch import fnmatchcase

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from postgres_server import PostgresServer

from nncli.store.finding.patterns import for_glob, for_regex, is_hopeless, read_pattern

patterns = st.text(st.sampled_from("*?[[]]!^--abcé\\{}()|+.$\n 1"), max_size=10)
texts = st.text(st.sampled_from("abcé[]!^-\\{}()|+.$\n 1*?"), max_size=6)


def is_odd(pattern: str) -> bool:
    """Say whether a range runs backwards before other characters of its bracket.

    Python drops it, and may then read what follows as the mark of a bracket's opposite.
    """
    places = range(1, len(pattern) - 1)
    return any(
        pattern[at] == "-" and pattern[at - 1] > pattern[at + 1] and pattern[at + 2 : at + 3] != "]"
        for at in places
    )


@settings(max_examples=2000)
@given(patterns, texts)
@example("[]-]", "-")
@example("[^]", "^")
@example("[!^]", "a")
@example("[]^-]", "^")
@example("[a-c", "[a-c")
@example("[[-a]*", "]]")
@example("[]-a]", "^")
@example("[z-a]", "b")
@example("[!z-a]", "b")
def test_in_sqlite(pattern: str, text: str) -> None:
    assume(not is_odd(pattern))
    pieces = read_pattern(pattern)
    if is_hopeless(pieces):
        assert not fnmatchcase(text, pattern)
        return
    connection = sqlite3.connect(":memory:")
    (fits,) = connection.execute("SELECT ? GLOB ?", (text, for_glob(pieces))).fetchone()
    connection.close()
    assert bool(fits) == fnmatchcase(text, pattern), for_glob(pieces)


def test_in_postgresql(server: PostgresServer) -> None:
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(server.url("postgres").replace("+psycopg", "")) as connection:

        @settings(max_examples=600, suppress_health_check=list(HealthCheck))
        @given(patterns, texts)
        def check(pattern: str, text: str) -> None:
            assume(not is_odd(pattern))
            pieces = read_pattern(pattern)
            if is_hopeless(pieces):
                return
            row = connection.execute("SELECT %s::text ~ %s::text", (text, for_regex(pieces)))
            assert row.fetchone()[0] == fnmatchcase(text, pattern), for_regex(pieces)

        check()
