"""Experiments by name and by path, chosen by words, and what is said of unknown ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_experiment import SMALL, Shipped

from nncli.errors import UsageError
from nncli.experimenting.catalogue import Experiment, experiments, find_experiment
from nncli.experimenting.choosing import choose

LONG = SMALL.replace('title = "', 'long = true\ntitle = "')
WHOLE = SMALL.replace("[quick]\nseeds = 3\nepochs = 20\n", "")


def test_what_ships_is_read_from_the_package() -> None:
    found = experiments()
    assert all(each.name == name for name, each in found.items())
    assert any(name.startswith("published/") for name in found)
    assert all(each.about.title for each in found.values())
    names = list(found)
    assert names == sorted(names, key=lambda name: (name.startswith("published/"), name))


def test_files_without_an_experiment_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in {"a.toml": SMALL, "systems.toml": "[M1]\ntext = 'x'\n", "b.md": "x"}.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr("nncli.experimenting.catalogue.SHIPPED", {"somewhere": ""})
    monkeypatch.setattr("nncli.experimenting.catalogue.files", lambda package: tmp_path)
    assert list(experiments.__wrapped__()) == ["a"]


def test_a_published_one_is_found_by_its_own_name_too(shipped: Shipped) -> None:
    shipped({"xor": SMALL, "published/elu": SMALL})
    assert find_experiment("elu").name == find_experiment("published/elu").name == "published/elu"


def test_an_unknown_name_names_the_nearest(shipped: Shipped) -> None:
    shipped({"xor": SMALL, "published/elu": SMALL})
    with pytest.raises(UsageError, match=r"unknown experiment 'xorr' \(did you mean 'xor'\?\)"):
        find_experiment("xorr")
    with pytest.raises(UsageError, match=r"unknown experiment 'XOR' \(did you mean 'xor'\?\)"):
        find_experiment("XOR")
    with pytest.raises(UsageError, match=r"expected a name of nncli experiment list, or a TOML"):
        find_experiment("quicksort")


def test_a_file_of_ones_own(here: Path) -> None:
    Path("mine.toml").write_text(SMALL)
    found = find_experiment("mine.toml")
    assert (found.name, found.place) == ("mine", "mine.toml")
    with pytest.raises(UsageError, match=r"none.toml cannot be read \(No such file"):
        find_experiment("none.toml")
    Path("bare.toml").write_text("lr = 0.1\n")
    with pytest.raises(UsageError, match=r"bare.toml is no experiment: .*nncli sweep bare.toml"):
        find_experiment("bare.toml")
    Path("wrong.toml").write_text(SMALL + "[[claim]]\nsays = 'x'\n")
    with pytest.raises(UsageError, match=r"claim 3 of wrong.toml: value is missing"):
        find_experiment("wrong.toml")


def names_of(words: list[str], **settings: bool) -> list[str]:
    return [each.name for each in choose(words, **settings).experiments]


def test_all_leaves_out_long_ones_and_says_so(shipped: Shipped) -> None:
    shipped({"a": SMALL, "b": LONG, "c": WHOLE})
    assert names_of(["all"]) == ["a", "c"]
    assert choose(["all"]).notes == ("left out, as they take long (--long adds them): b",)
    assert names_of(["all"], long=True) == ["a", "b", "c"]
    assert choose(["all"], long=True).notes == ()
    assert names_of(["all"], quick=True) == ["a"]
    assert names_of(["all"], quick=True, long=True) == ["a", "b"]
    assert "left out, as they have no quick form: c" in choose(["all"], quick=True).notes
    assert choose(["all"]).skips


def test_without_a_short_form_quick_is_left_out() -> None:
    """Nobody is to edit a file that ships; one's own may get the table."""
    with pytest.raises(UsageError, match=r"elu has no short form: leave out --quick$"):
        Experiment("published/elu", WHOLE, "published/elu").request(quick=True)
    with pytest.raises(UsageError, match=r"leave out --quick, or add a table \[quick\]$"):
        Experiment("mine", WHOLE, "mine.toml").request(quick=True)


def test_what_is_named_is_run(shipped: Shipped) -> None:
    shipped({"a": SMALL, "b": LONG, "c": WHOLE})
    assert names_of(["b", "a", "b"]) == ["b", "a"]
    assert names_of(["b", "all"]) == ["b", "a", "c"]
    assert not choose(["b"]).skips
    with pytest.raises(UsageError, match="needs a name"):
        choose([])


def test_sweeps_are_named_after_the_experiment(small: Experiment) -> None:
    assert small.request().name == "small"
    assert small.request(quick=True).name == "small-quick"
    assert small.request().definition.hash({}) != small.request(quick=True).definition.hash({})
