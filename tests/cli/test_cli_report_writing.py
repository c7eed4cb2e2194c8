"""Where a report may not be written: into the database that it is of."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_fakes import Call
from report_sample import make_sample

from nncli.cli.reporting.request import Request
from nncli.cli.reporting.writing import check_places
from nncli.errors import UsageError


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
def test_the_database_is_never_replaced(call: Call, tmp_path: Path, end: str) -> None:
    path = make_sample(tmp_path / "results.db")
    before = path.read_bytes()
    (tmp_path / "link.csv").symlink_to(f"results.db{end}")
    for place in (f"results.db{end}", "link.csv"):
        done = call("report", "-o", place, "--format", "csv")
        assert (done.code, "name another file to write" in done.err) == (2, True)
        for request in (
            Request(html=place, database="results.db"),
            Request(plot=place, database="results.db"),
        ):
            with pytest.raises(UsageError, match="name another file to write"):
                check_places(request)
    assert path.read_bytes() == before
    check_places(Request(html="page.html", database="results.db"))


def test_a_run_named_by_bytes_that_are_not_utf_8(call: Call, tmp_path: Path) -> None:
    make_sample(tmp_path / "results.db")
    for words in (("\udcff",), ("1", "\udcff"), ("@\udcff",)):
        done = call("report", *words)
        assert (done.code, "RUN has bytes that are not UTF-8: " in done.err) == (2, True)
    assert call("note", "\udcff").code == 2
