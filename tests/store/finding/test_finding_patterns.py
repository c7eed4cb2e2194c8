"""Patterns fit in databases as they do in Python."""

from __future__ import annotations

import sqlite3
from fnmatch import fnmatchcase

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from postgres_server import PostgresServer

from nncli.store.finding.patterns import for_glob, for_regex, is_hopeless, read_pattern

patterns = st.text(st.sampled_from("*?[[]]!^--abcé\\{}()|+.$\n 1"), max_size=10)
texts = st.text(st.sampled_from("abcé[]!^-\\{}()|+.$\n 1*?"), max_size=6)


def twice_negated(pattern: str) -> bool:
    """Say whether Python drops an empty range and reads what follows it as the bracket's mark."""
    return any(f"[{high}-{low}" in pattern for high in "cb1é" for low in "ab!^-[ ")


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
            pieces = read_pattern(pattern)
            if is_hopeless(pieces):
                return
            row = connection.execute("SELECT %s::text ~ %s::text", (text, for_regex(pieces)))
            assert row.fetchone()[0] == fnmatchcase(text, pattern), for_regex(pieces)

        check()
