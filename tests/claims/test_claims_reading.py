"""Claims out of a file: what they may say, and what messages say of what they may not."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from nncli.claims import Claim
from nncli.claims.reading import KEYS, read_claims
from nncli.errors import UsageError

PLAIN = {"says": "It learns", "value": "train_loss", "below": 1}


def one(**changes: Any) -> Claim:
    table = {key: value for key, value in {**PLAIN, **changes}.items() if value is not None}
    return read_claims([table], "study.toml")[0]


def test_a_claim_as_it_is_written() -> None:
    text = """
        [[claim]]
        says = "One hidden layer solves XOR"
        of = "M3"
        value = "train_error:min"
        runs = "hidden=4"
        below = "hidden=none"
        by = 0.1
        pairs = ["seed", "opt"]
        full = true
        expected = "refuted"
        because = "as measured"

        [[claim]]
        says = "Gradients vanish"
        value = "grad_norm@1/grad_norm@-1"
        epoch = 1
        falls-with = "depth"
        chance = false
    """
    first, second = read_claims(tomllib.loads(text)["claim"], "study.toml")
    assert first == Claim(
        says="One hidden layer solves XOR",
        of=("M3",),
        value="train_error:min",
        runs="hidden=4",
        below="hidden=none",
        by=0.1,
        pairs=("seed", "opt"),
        full=True,
        expected="refuted",
        because="as measured",
    )
    assert (first.comparison, first.other, first.sign) == ("below", "hidden=none", -1)
    assert (second.comparison, second.other, second.sign) == ("falls_with", "depth", -1)
    assert (second.epoch, second.chance) == (1, False)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"below": None, "equals": 0.5, "within": 0.01},
        {"below": None, "rises_with": "width", "pairs": ["seed", "data"]},
        {"value": "train_loss < 1", "below": 0.5, "chance": False, "of": ["A", "B"]},
    ],
)
def test_json_reads_back(changes: dict[str, Any]) -> None:
    claim = one(**changes)
    assert Claim.from_json(claim.to_json()) == claim
    assert not set(claim.to_json()) - set(KEYS)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"aboev": 3}, "unknown key 'aboev' (did you mean 'above'?)"),
        ({"margin": 3}, "(did you mean 'by'?)"),
        ({"says": None}, "says is missing"),
        ({"value": None}, "value is missing"),
        ({"says": ""}, "expected a text in quotes"),
        ({"value": 3}, "value is 3: expected a text"),
        ({"below": None}, "got none of them"),
        ({"above": 1}, "got above and below"),
        ({"below": "0.5"}, "a number stands without quotes: below = 0.5"),
        ({"below": float("nan")}, "expected a number, or a condition"),
        ({"below": True}, "expected a number, or a condition"),
        ({"runs": "hidden="}, "runs is 'hidden='"),
        ({"below": None, "equals": 1}, "within = 0.01"),
        ({"within": 0.1}, "within goes with equals"),
        ({"below": None, "equals": 1, "within": 0.1, "by": 1}, "by is a margin of above and below"),
        ({"below": None, "falls_with": "depth", "by": 1}, "it is a trend"),
        ({"by": -1}, "a number above 0"),
        ({"pairs": ["opt"]}, "expected seed or data among them"),
        ({"epoch": 1}, "has no statistic of a layer"),
        ({"value": "grad_norm@1", "epoch": 0}, "from 1"),
        ({"value": "grad_norm@1", "epoch": 10**23}, "the number of an epoch"),
        ({"below": 10**400}, "expected a number, or a condition"),
        ({"by": 10**400}, "a number above 0"),
        ({"expected": "undecided"}, "expected supported or refuted"),
        ({"value": "train_loss <= 1", "below": None, "above": 1}, "expected a number from 0 to"),
        ({"value": "train_loss <= 1", "below": 0}, "expected a number above 0, up to 1"),
        ({"value": "train_loss <= 1", "below": "act=tanh", "by": 1}, "expected a number below 1"),
        (
            {"value": "train_loss <= 1", "below": None, "equals": "act=tanh", "within": 1},
            "expected a number below 1",
        ),
        ({"chance": "no"}, "true or false"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        one(**changes)
    assert said in str(caught.value)
    assert "claim 1 of study.toml" in str(caught.value)


def test_no_list_of_tables() -> None:
    with pytest.raises(UsageError, match=r"write \[\[claim\]\]"):
        read_claims({"says": "x"}, "study.toml")


def test_two_claims_of_one_sentence() -> None:
    with pytest.raises(UsageError, match="a sentence each"):
        read_claims([PLAIN, PLAIN], "study.toml")
