"""Which sweeps are meant: by a file's definition, by name, or all that have claims."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from judging_samples import Made, a_claim, definition_of, store_sweep

from nncli.errors import StoreError, UsageError
from nncli.judging.sources import sources_of
from nncli.store.finding import ReportStore
from nncli.sweeps.request import request_of
from nncli.sweeps.space.dimensions import Choices
from nncli.sweeps.space.document import read_document

FILE = """
data = "moons"
act = ["relu", "tanh"]
epochs = 2

[sweep]
seeds = 2

[experiment]
title = "Two activations"

[quick]
epochs = 1

[[claim]]
says = "relu is better"
value = "train_loss:last"
below = "act=tanh"
"""

AXES = {"data": "moons", "act": ["relu", "tanh"], "epochs": 2}


def nothing(params: object, seed: int) -> Made:
    return Made()


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "study.toml"
    path.write_text(FILE)
    return str(path)


def test_a_file_means_the_newest_sweep_of_its_definition(store: ReportStore, file: str) -> None:
    for fresh in (False, True):
        store_sweep(store, definition_of(AXES, 2), nothing, fresh=fresh)
    store_sweep(store, definition_of(AXES, 3), nothing)
    (found,) = sources_of(store, [file])
    assert (found.sweep.id, found.title, found.quick) == (2, "Two activations", False)
    assert [claim.says for claim in found.claims] == ["relu is better"]


def test_where_the_data_are_files_the_sweep_of_this_folder_is_meant(
    store: ReportStore, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (str(tmp_path), "/elsewhere"):
        store_sweep(store, definition_of(AXES, 2), nothing, folder=folder, fresh=True)
    (of_a_name,) = sources_of(store, [file])
    assert of_a_name.sweep.id == 2
    (tmp_path / "moons").write_text("a,b\n1,2\n")
    (of_a_file,) = sources_of(store, [file])
    assert of_a_file.sweep.id == 1


def test_a_file_s_short_form_serves_where_there_is_no_other(store: ReportStore, file: str) -> None:
    store_sweep(store, definition_of({**AXES, "epochs": 1}, 2), nothing)
    (found,) = sources_of(store, [file])
    assert (found.sweep.id, found.quick) == (1, True)


def test_a_file_that_was_not_run(store: ReportStore, file: str) -> None:
    store_sweep(store, definition_of(AXES, 3), nothing)
    with pytest.raises(StoreError, match=r"nncli sweep .*study\.toml"):
        sources_of(store, [file])


def test_a_file_without_claims(store: ReportStore, tmp_path: Path) -> None:
    path = tmp_path / "plain.toml"
    path.write_text('data = "moons"\n')
    with pytest.raises(UsageError, match=r"no claims: add a table \[\[claim\]\]"):
        sources_of(store, [str(path)])


def test_all_sweeps_with_claims_the_newest_of_each(store: ReportStore) -> None:
    claims = [a_claim(below="act=tanh")]
    with_claims = definition_of(AXES, 2, claims, quick=True)
    for definition in (definition_of(AXES, 3), with_claims, definition_of(AXES, 4, claims)):
        store_sweep(store, definition, nothing)
    store_sweep(store, with_claims, nothing, fresh=True)
    found = sources_of(store, [])
    assert [(each.sweep.id, each.quick) for each in found] == [(3, False), (4, True)]


def test_sweeps_by_id_and_name(store: ReportStore) -> None:
    claims = [a_claim(below="act=tanh")]
    store_sweep(store, definition_of(AXES, 2, claims), nothing, name="mine")
    store_sweep(store, definition_of(AXES, 3), nothing, name="other")
    for word in ("sweep:1", "sweep:mine"):
        assert [each.sweep.id for each in sources_of(store, [word])] == [1]
    with pytest.raises(UsageError, match="sweep 2 has no claims"):
        sources_of(store, ["sweep:last"])
    with pytest.raises(StoreError):
        sources_of(store, ["sweep:9"])
    for word in ("1", "@night", "last"):
        with pytest.raises(UsageError, match="expected its TOML file, or sweep:ID"):
            sources_of(store, [word])


def test_a_definition_that_somebody_changed_is_passed_over(store: ReportStore, file: str) -> None:
    store_sweep(store, definition_of(AXES, 2), nothing)
    store.change_sweep(1, definition="{")
    assert sources_of(store, []) == []
    with pytest.raises(StoreError):
        sources_of(store, [file])


def test_what_is_named_twice_is_judged_once(store: ReportStore, file: str) -> None:
    study = read_document(file).about
    assert study is not None
    store_sweep(store, definition_of(AXES, 2, study.claims), nothing, name="mine")
    found = sources_of(store, ["sweep:1", "sweep:mine", file, "sweep:1"])
    assert [each.sweep.id for each in found] == [1]


def test_a_file_that_was_run_with_other_settings(store: ReportStore, file: str) -> None:
    document = read_document(file)
    for options in ({"seeds": 3}, {"seeds": [1, 4]}):
        store_sweep(store, request_of(document, options).definition, nothing)
    wider = {**document.axes, "hidden": Choices(("8",))}
    store_sweep(store, request_of(replace(document, axes=wider), {}).definition, nothing)
    store_sweep(store, definition_of(AXES, 4), nothing)
    with pytest.raises(StoreError) as caught:
        sources_of(store, [file])
    said = str(caught.value)
    assert "sweep 3 (another --hidden), sweep 2 (--seeds 1,4), sweep 1 (--seeds 3);" in said
    assert f"nncli report --claims sweep:3 --db {store.shown}, or run" in said
