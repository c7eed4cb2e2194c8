"""``nncli report`` that compares: groups, differences, targets; its JSON against the schema."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from cli_fakes import Call
from jsonschema import Draft202012Validator
from report_sample import make_sample

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sample(tmp_path_factory.mktemp("sample") / "results.db")


@pytest.fixture
def report(call: Call, sample: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("NNCLI_DB", str(sample))
    return lambda *args, **options: call("report", *args, **options)


def check(found: Any, kind: str) -> None:
    """Hold an object against that part of the schema alone: of ``anyOf`` errors say little."""
    schema = {**SCHEMA, "anyOf": [{"$ref": f"#/$defs/{kind}"}]}
    errors = [
        f"{list(error.absolute_path)}: {error.message[:200]}"
        for error in Draft202012Validator(schema).iter_errors(found)
    ]
    assert not errors


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("args", "kind"),
    [
        ("", "report"),
        ("13", "detail"),
        ("14", "detail"),
        ("17", "detail"),
        ("--best 3", "report"),
        ("--columns run,lr,tags,val_loss:last", "report"),
        ("--by act,lr", "report"),
        ("--by act --vs best", "report"),
        ("--by act,lr --vs act=relu", "report"),
        ("--diff 1 13", "report"),
        ("--target val_accuracy>=0.85", "report"),
        ("--by act --target val_accuracy>=0.85", "report"),
        ("--by act --target val_accuracy>=0.85 --profile", "report"),
        ("--by act --sensitivity", "report"),
        ("--heat lr,act", "report"),
        ("--parallel", "report"),
        ("--curves", "report"),
        ("--curves --heat lr,act", "report"),
        ("--where act=gelu", "report"),
        ("--where act=gelu --by opt", "report"),
        ("--where actt=gelu", "error"),
    ],
)
def test_json_is_as_the_schema_says(report: Call, args: str, kind: str) -> None:
    check(report(*args.split(), "--json").json, kind)


@pytest.mark.parametrize(
    "broken",
    [
        {"groups": [{"act": "relu", "n": 3}], "notes": []},
        {"runs": [{"run": 1, "status": "finished"}], "notes": 1},
        {"groups": [], "something": [], "notes": []},
        {"comparison": [{"verdict": "best"}], "notes": []},
    ],
)
def test_the_schema_refuses_what_is_wrong(broken: Any) -> None:
    assert list(Draft202012Validator(SCHEMA).iter_errors(broken))


BY_ACT = """\
val_accuracy:best by act, with 95% intervals of the mean
act                 n    mean     std  ci_low  ci_high  median    best  failed
relu                6  0.9195  0.0067  0.9147   0.9243  0.9195  0.9290       4
tanh                6  0.8995  0.0067  0.8947   0.9043  0.8995  0.9090       0
x*sigmoid(1.702*x)  1  0.7000       -       -        -  0.7000  0.7000       0
"""


def test_groups(report: Call) -> None:
    done = report("--by", "act")
    assert done.out.startswith(BY_ACT)
    assert "4 of 17 runs count as failed (1 diverged, 1 failed, 1 interrupted, 1 stale)" in done.out
    found = report("--by", "act", "--json").json
    assert found["metric"] == "val_accuracy:best"
    relu = found["groups"][0]
    assert (relu["act"], relu["n"], relu["failed"]) == ("relu", 6, 4)
    # the sample's own arithmetic: 0.919, 0.924, 0.929 and 0.91, 0.915, 0.92
    assert math.isclose(relu["mean"], 0.9195)
    assert relu["best"] == 0.929


def test_groups_are_sorted_and_limited_like_runs(report: Call) -> None:
    def acts(*args: str) -> list[str]:
        found = report("--by", "act,lr", *args, "--json").json["groups"]
        return [f"{each['act'][:4]} {each['lr']}" for each in found]

    assert acts("--best", "2") == ["relu 0.01", "relu 0.1"]
    assert acts("--sort", "mean", "--limit", "2") == ["x*si 0.5", "tanh 0.1"]
    assert acts("--sort", "-lr", "--limit", "1") == ["x*si 0.5"]
    assert acts("--sort", "mean")[-1] == "relu 0.001"  # without a run that ended well
    assert "did you mean 'median'?" in report("--by", "act", "--sort", "medain").err
    assert "2 of 6 groups" in report("--by", "act,lr", "--best", "2").out


def test_a_metric_and_its_statistic_stand_in_the_title(report: Call) -> None:
    assert report("--by", "act", "--metric", "val_loss").out.startswith("val_loss:best by act")
    assert report("--by", "act", "--metric", "val_loss:max").out.startswith("val_loss:max by act")


def test_the_best_is_bold_on_paper(report: Call) -> None:
    text = report("--by", "act", "--format", "latex", "--metric", "val_accuracy").out
    assert r"relu & 6 & \textbf{0.9195} &" in text
    assert r"0.8995" in text
    assert r"\textbf{0.8995}" not in text
    assert "| relu | 6 | **0.9195** |" in report("--by", "act", "--format", "md").out


def test_a_comparison_has_the_verdict_in_words(report: Call) -> None:
    done = report("--by", "act,lr", "--vs", "act=relu", columns=120)
    table = done.out.split("difference of val_accuracy:best from the reference")[1].splitlines()
    assert table[2].split()[:4] == ["tanh", "0.01", "3", "-0.0200"]
    assert table[2].endswith("too few seeds")
    same = report("--vs", "act=relu", "--json").json  # what it names are the groups
    assert {each["act"] for each in same["comparison"]} == {"tanh", "x*sigmoid(1.702*x)"}


def test_two_runs(report: Call) -> None:
    done = report("--diff", "1", "last")
    assert done.out.startswith("run 1 and run 17: what differs\n")
    lines = [line.split() for line in done.out.splitlines()]
    assert ["spec", "lr", "0.01", "0.001"] in lines
    assert ["results", "status", "completed", "stale"] in lines
    assert report("--diff", "1", "1").out.startswith("run 1 and run 1: no difference")


def test_a_target(report: Call) -> None:
    done = report("--target", "val_accuracy>=0.85", "--limit", "2")
    assert done.out.startswith("to val_accuracy>=0.85\n")
    assert "the 2 soonest of 17 runs" in done.out
    first = report("--target", "val_accuracy>=0.85", "--json").json["targets"][0]
    # levels rise as 1 - 0.5**epoch: 0.929 * (7/8) / (31/32) = 0.839, and 0.899 in the next epoch
    assert (first["reached"], first["epochs_to_target"]) == (True, 4)
    groups = report("--by", "act", "--target", "val_accuracy>=0.9", "--json").json
    assert [each["reached"] for each in groups["targets"]] == [6, 3, 0]
    assert groups["settings"][0]["settings"] == 3


def test_targets_are_limited_and_keep_their_order(report: Call) -> None:
    target = ("--target", "val_accuracy>=0.9")
    done = report("--by", "lr", *target, "--limit", "1", "--json").json
    assert [each["lr"] for each in done["targets"]] == [0.01]  # 0.001 stands before it otherwise
    assert [each["lr"] for each in done["settings"]] == [0.01]
    assert "the 1 soonest of 4 groups" in done["notes"]
    for more in (target, ("--by", "act", *target), ("--sensitivity",)):
        assert "--sort with --" in report(*more, "--sort", "lr").err


def test_the_verdict_is_whole_in_a_narrow_terminal(report: Call) -> None:
    done = report("--by", "act,lr", "--vs", "act=relu", columns=80)
    table = done.out.split("difference of val_accuracy:best from the reference")[1].splitlines()
    assert table[2].endswith("too few seeds")
    assert "test" in next(line for line in table if line.startswith("no room for"))


def test_profiles_and_sensitivity_are_drawn(report: Call) -> None:
    done = report("--by", "act", "--target", "val_accuracy>=0.85", "--profile")
    assert "share of problems (up)" in done.out
    assert "act=relu" in done.out
    done = report("--by", "act", "--sensitivity")
    assert "against lr (right, logarithmic)" in done.out
    assert "best_rate" in done.out


def test_what_one_table_cannot_say_goes_to_the_person(report: Call) -> None:
    done = report("--by", "act", "--format", "csv")
    assert done.out.splitlines()[0] == "act,n,mean,std,ci_low,ci_high,median,best,failed"
    assert "4 of 17 runs count as failed" in done.err


@pytest.mark.parametrize(
    "options",
    [
        ("--by", "act"),
        ("--by", "act,opt", "--vs", "best"),
        ("--target", "val_accuracy>=0.5"),
        ("--target", "val_accuracy>=0.5", "--by", "opt"),
        ("--sensitivity", "--by", "opt"),
        ("--diff", "1", "5"),
    ],
    ids=" ".join,
)
def test_nothing_is_wider_than_40_columns(report: Call, options: tuple[str, ...]) -> None:
    done = report(*options, columns=40)
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 40
    assert ("ci_low" in done.out) == ("ci_high" in done.out)
