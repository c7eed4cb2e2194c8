"""What a reader of the page is told, and when."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from live_runs import Trained

from nncli.errors import StoreError
from nncli.serving.feed import LOOK_AGAIN, LOOK_RARELY, Feed
from nncli.serving.watched import WatchedStore


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def runs_in(news: dict[str, Any] | None) -> list[int]:
    assert news is not None
    packed = news["runs"]["columns"][0]
    assert packed["name"] == "run"
    values = packed["values"]
    if isinstance(values, dict) and "same" in values:
        return [values["same"]] * int(news["runs"]["rows"])
    if isinstance(values, dict):
        return [values["from"] + n * values["step"] for n in range(news["runs"]["rows"])]
    return list(values)


def cell(news: dict[str, Any] | None, name: str) -> Any:
    assert news is not None
    [column] = [c for c in news["runs"]["columns"] if c["name"] == name]
    values = column["values"]
    return values["same"] if isinstance(values, dict) else values[0]


def test_the_first_news_are_all_runs(path: Path, trained: Trained) -> None:
    for seed in range(4):
        trained.run(seed=seed)
    with WatchedStore(path) as store:
        news = Feed(store, 3).news()
        assert runs_in(news) == [4, 3, 2]
        assert news is not None
        assert (news["whole"], news["total"], news["removed"]) == (True, 4, [])
        assert news["metric"] == "val_accuracy:best"


def test_then_what_changed_alone(path: Path, trained: Trained) -> None:
    trained.run()
    running = trained.begin(act="tanh")
    with WatchedStore(path) as store:
        feed = Feed(store, 100, Clock())
        assert cell(feed.news(), "status") == "running"
        assert feed.news() is None
        trained.epochs(running, 1, 3)
        news = feed.news()
        assert runs_in(news) == [running]
        assert cell(news, "epochs") == 3
        assert news is not None
        assert news["whole"] is False
        assert feed.news() is None
        trained.end(running, "diverged")
        trained.begin()
        news = feed.news()
        assert runs_in(news) == [running + 1, running]
        trained.store.set_tags(running, {"night"})
        assert cell(feed.news(), "tags") == ["night"]


def test_a_run_with_nan_is_not_told_again_and_again(path: Path, trained: Trained) -> None:
    run = trained.begin()
    trained.store.save(run, {"epoch": 1, "updates": 1, "seconds": 0.1, "train_loss": math.nan})
    clock = Clock()
    with WatchedStore(path) as store:
        feed = Feed(store, 100, clock)
        assert cell(feed.news(), "train_loss:last") == "nan"
        clock.now += LOOK_RARELY
        assert feed.news() is None


def test_a_run_that_fell_out_of_the_latest_is_gone(path: Path, trained: Trained) -> None:
    first, second = trained.run(), trained.run()
    with WatchedStore(path) as store:
        feed = Feed(store, 2, Clock())
        assert runs_in(feed.news()) == [second, first]
        third = trained.run()
        news = feed.news()
        assert news is not None
        assert (runs_in(news), news["removed"], news["total"]) == ([third], [first], 3)


def test_a_process_that_vanished_is_noticed_without_a_write(
    path: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained.begin()
    clock = Clock()
    with WatchedStore(path) as store:
        feed = Feed(store, 100, clock)
        assert cell(feed.news(), "status") == "running"
        monkeypatch.setattr("nncli.store.queries.is_alive", lambda process: False)
        assert feed.news() is None  # not looked for yet
        clock.now += LOOK_AGAIN
        news = feed.news()
        assert runs_in(news) == [run]
        assert cell(news, "status") == "stale"


def test_a_store_at_rest_is_left_alone(
    path: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained.run()
    clock, looks = Clock(), []
    with WatchedStore(path) as store:
        find = store.find
        monkeypatch.setattr(store, "find", lambda query: looks.append(1) or find(query))
        feed = Feed(store, 100, clock)
        for clock.now in (0, 1, 2 * LOOK_AGAIN, LOOK_RARELY - 1):
            feed.news()
        assert len(looks) == 1


def test_a_database_in_the_place_of_another(path: Path, trained: Trained) -> None:
    trained.run(act="relu")
    with WatchedStore(path) as store:
        feed = Feed(store, 100, Clock())
        assert cell(feed.news(), "act") == "relu"
        trained.store.close()
        for each in path.parent.glob("results.db*"):
            each.unlink()
        with pytest.raises(StoreError):
            feed.news()
        with Trained(path) as other:
            other.run(act="tanh")
            assert cell(feed.news(), "act") == "tanh"


def test_reading_leaves_the_database_as_it_is(path: Path, trained: Trained) -> None:
    trained.run()
    trained.store.close()
    before = path.read_bytes()
    with WatchedStore(path) as store:
        Feed(store, 100).news()
    assert path.read_bytes() == before


def test_a_missing_database_is_told(path: Path) -> None:
    with WatchedStore(path) as store, pytest.raises(StoreError, match="no database"):
        store.mark()
    assert not path.exists()
