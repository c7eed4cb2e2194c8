"""The files of a database, which nothing else is written into."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nncli.errors import UsageError
from nncli.store.own_files import check_not_own


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
def test_all_names_of_a_database_s_files(
    tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.db").touch()
    Path("other").symlink_to("r.db")
    Path("link").symlink_to(f"r.db{end}")
    places = [f"r.db{end}", f"./r.db{end}", str(tmp_path / f"r.db{end}"), "link"]
    if Path(f"r.db{end}").exists():
        os.link(f"r.db{end}", "hard")
        places.append("hard")
    for place in places:
        for database in ("r.db", "other", f"sqlite:///{tmp_path}/r.db"):
            with pytest.raises(UsageError, match=r"is the database itself|is a part of the data"):
                check_not_own(place, database)


def test_other_places_are_free(tmp_path: Path) -> None:
    for place in ("out.json", "r.db2", "r.db-copy", "-", "/dev/stdout"):
        check_not_own(place, tmp_path / "r.db")
    check_not_own("r.db", "postgresql://user@host/r.db")
