"""Every file that ships as an experiment: it reads, it teaches, it is fit to be judged, it runs."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files

import pytest

from nncli.errors import DataError
from nncli.experimenting.catalogue import SHIPPED, Experiment, experiments
from nncli.experimenting.checking import checked
from nncli.judging.checking import check_claims
from nncli.metrics import CURVE_METRICS, read_metric
from nncli.report.page.markdown import blocks_of
from nncli.store.finding import check_field
from nncli.sweeps.starting import Prepared

#: Seeds that a claim on what chance draws needs; published results have few, each of them long.
SEEDS = 10

#: Words that make a text one that teaches.
FEWEST_WORDS = 40

ALL = experiments()
OURS = [each for each in ALL.values() if not each.name.startswith("published/")]

each_of_all = pytest.mark.parametrize("experiment", ALL.values(), ids=list(ALL))
each_of_ours = pytest.mark.parametrize("experiment", OURS, ids=[each.name for each in OURS])


def forms(experiment: Experiment) -> Iterator[bool]:
    yield False
    if experiment.has_quick:
        yield True


def test_there_are_experiments() -> None:
    assert len(OURS) > 5
    assert len(ALL) > len(OURS) + 5


@pytest.mark.parametrize("package", SHIPPED)
def test_every_file_with_claims_is_an_experiment(package: str) -> None:
    """One without [experiment] would never be found."""
    for entry in files(package).iterdir():
        if entry.name.endswith(".toml"):
            table = tomllib.loads(entry.read_text(encoding="utf-8"))
            assert "experiment" in table or "claim" not in table, entry.name


@each_of_all
def test_it_reads(experiment: Experiment) -> None:
    for quick in forms(experiment):
        request = checked(experiment, quick=quick)
        assert request.definition.seeds
        assert next(iter(request.definition.space.grid()), None) is not None


@each_of_all
def test_it_says_what_it_is_about(experiment: Experiment) -> None:
    about = experiment.about
    assert about.title
    assert not about.title.endswith(".")
    assert len(about.text.split()) >= FEWEST_WORDS
    assert blocks_of(about.text)
    assert about.claims
    check_claims(about.claims)
    for claim in about.claims:
        assert claim.expected == "supported" or claim.because, f"say why: {claim.says}"


@each_of_all
def test_its_curves_can_be_drawn(experiment: Experiment) -> None:
    about = experiment.about
    assert about.metric is not None
    assert read_metric(about.metric).name in CURVE_METRICS
    for name in about.by:
        check_field(name)
    varied = experiment.request().definition.space.varied
    assert about.by or not varied, f"by is missing, and {varied} vary"


@each_of_ours
def test_it_names_the_statements_that_it_is_about(experiment: Experiment) -> None:
    about = experiment.about
    assert about.shows
    for claim in about.claims:
        assert set(claim.of) <= set(about.shows), claim.says


@each_of_ours
def test_it_has_a_short_form_unless_it_is_long(experiment: Experiment) -> None:
    assert experiment.has_quick or experiment.is_long


@each_of_ours
def test_it_has_the_seeds_that_chance_asks_for(experiment: Experiment) -> None:
    """In its short form too, unless all that chance decides is left to the full one."""
    for quick in forms(experiment):
        claims = [c for c in experiment.about.claims if c.chance and not (quick and c.full)]
        if claims:
            seeds = experiment.request(quick=quick).definition.seeds
            assert quick or len(seeds) >= SEEDS


@each_of_all
def test_a_published_one_names_its_source(experiment: Experiment) -> None:
    if experiment.name.startswith("published/"):
        assert experiment.about.source


@each_of_all
def test_its_runs_can_be_planned(experiment: Experiment) -> None:
    """As a dry run does: options fit together, and the data; where they are not here, skipped."""
    for quick in forms(experiment):
        definition = experiment.request(quick=quick).definition
        try:
            prepared = Prepared(definition)
        except DataError as error:
            pytest.skip(str(error).partition("\n")[0])
        assert prepared.runs
        assert prepared.runs == sum(1 for _ in definition.space.grid()) * len(definition.seeds)
