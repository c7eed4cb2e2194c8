"""Arms, short forms and experiments in a sweep file: what they mean, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.errors import UsageError
from nncli.sweeps.definition import Definition
from nncli.sweeps.request import read_request, request_of
from nncli.sweeps.space.about import About
from nncli.sweeps.space.dimensions import Choices, Whole
from nncli.sweeps.space.document import Document, read_text
from nncli.sweeps.space.space import Space

XOR = """
data = "xor"
lr = [0.1, 0.5]
[[arm]]
hidden = "none"
features = ["none", "quadratic"]
[[arm]]
hidden = [[2], [4]]
[sweep]
seeds = 3
"""

TITLED = '[experiment]\ntitle = "T"\n'

CLAIM = """
[[claim]]
says = "It learns"
value = "train_loss:last"
below = 0.5
"""


def read(text: str, **settings: Any) -> Document:
    return read_text(text, "f.toml", **settings)


def definition(text: str, **settings: Any) -> Definition:
    return request_of(read(text, **settings), {}).definition


def points(text: str) -> list[dict[str, Any]]:
    return list(definition(text).space.grid())


def test_arms_are_alternatives_that_are_crossed_with_the_axes() -> None:
    """Written out by hand: each rate with each arm, whose options stand together."""
    alternatives = [("none", None), ("none", "quadratic"), ("2", None), ("4", None)]
    expected = {(lr, *each) for lr in (0.1, 0.5) for each in alternatives}
    found = [(each["lr"], each["hidden"], each["features"]) for each in points(XOR)]
    assert len(found) == len(expected) == 8
    assert set(found) == expected
    assert definition(XOR).space.bound() == 8


def test_an_option_that_an_arm_leaves_out_has_its_default() -> None:
    text = "[[arm]]\nlr = 0.1\n[[arm]]\nbatch_size = 8\nact = 'tanh'\n"
    first, second = points(text)
    assert first == {"lr": 0.1, "batch_size": None, "act": "relu"}
    assert second == {"lr": None, "batch_size": 8, "act": "tanh"}
    spec = definition(text).spec(first, 0)
    assert (spec.lr, spec.batch_size, spec.act) == (0.1, None, ("relu",))


def test_arms_that_overlap_give_each_point_once() -> None:
    text = "[[arm]]\nhidden = [2, 4]\n[[arm]]\nhidden = [4, 8]\n"
    assert [each["hidden"] for each in points(text)] == ["2", "4", "8"]
    assert definition(text).space.bound() == 3


def test_ranges_of_whole_numbers_in_an_arm_are_gone_through() -> None:
    space = Space({}, arms=({"hidden": Whole(2, 6, 2)}, {"epochs": Whole(1, 2)}))
    assert [each["hidden"] for each in space.grid()] == ["2", "4", "6", "256", "256"]


def test_conditions_and_constraints_hold_in_arms() -> None:
    text = """
    act = ["relu", "tanh"]
    momentum = [0.8, 0.9]
    [dropout]
    values = [0.1, 0.2]
    when = { act = "relu" }
    [[arm]]
    opt = "sgd"
    [[arm]]
    opt = "momentum"
    lr = [0.1, 1.0]
    [sweep]
    constraints = ["lr < 0.5 or act = relu"]
    """
    found = points(text)
    assert all(("momentum" in each) == (each["opt"] == "momentum") for each in found)
    assert all(("dropout" in each) == (each["act"] == "relu") for each in found)
    assert not [each for each in found if each["lr"] == 1.0 and each["act"] == "tanh"]
    # sgd: 2 of relu and 1 of tanh; momentum: 2 rates x 2 x 2 of relu and 1 rate x 2 of tanh. A rate
    # that is not given is no number, so it is below nothing: the one of sgd with tanh goes too.
    assert len(found) == 2 + 0 + 8 + 2


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["lr", "momentum", "l1"]),
            st.lists(st.sampled_from([0.1, 0.2, 0.3]), min_size=1, max_size=3),
            min_size=1,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_the_bound_of_arms_is_the_number_of_points(arms: list[dict[str, list[float]]]) -> None:
    """What is counted without conditions is what the grid gives, each point once."""
    space = Space(
        {"beta1": Choices((0.5, 0.9))},
        arms=tuple({name: Choices(tuple(v)) for name, v in arm.items()} for arm in arms),
    )
    found = [tuple(each.items()) for each in space.grid()]
    assert len(found) == len(set(found)) == space.bound()


def test_arms_with_billions_of_points_are_not_walked_through() -> None:
    rates = Choices(tuple(number / 1000 for number in range(1000)))
    arm = {"lr": rates, "momentum": rates, "l1": rates, "l2": rates}
    other = {**arm, "l2": Choices((1.5,))}
    assert Space({}, arms=(arm,)).bound() == 1000**4
    assert Space({}, arms=(arm, other)).bound() == 1000**4 + 1000**3


def test_a_definition_with_arms_survives_json() -> None:
    wanted = definition(XOR + TITLED + CLAIM)
    stored = json.loads(json.dumps(wanted.to_json()))
    again = Definition.from_json(stored)
    assert again == wanted
    assert again.hash({}) == wanted.hash({})
    assert list(again.space.grid()) == list(wanted.space.grid())


def test_definitions_without_arms_keep_their_hash() -> None:
    """The number is that of the version before there were arms."""
    options = {"data": "digits", "act": "relu,tanh", "opt": "sgd,momentum", "momentum": "0.8,0.9"}
    settings = {"seeds": 3, "constraints": ["lr<0.1"], "objective": "val_loss"}
    found = read_request({**options, "lr": "log:1e-3:1e-1:3"}, settings).definition
    expected = "80ec506822c9640929736d7f8c5a353dac06657bc72d12bf21263b72e59f59e0"
    assert found.hash({"digits": "abc"}) == expected


def test_the_words_of_an_experiment_are_no_part_of_its_hash() -> None:
    bare, titled = definition(XOR), definition(XOR + TITLED)
    assert bare.about is None
    assert titled.about == About(title="T")
    assert bare.hash({}) == titled.hash({}) == definition(XOR + TITLED + CLAIM).hash({})
    assert bare.hash({}) != definition(XOR.replace("[4]", "[5]")).hash({})
    assert "about" not in bare.to_json()


def test_options_of_the_command_line_take_the_place_of_those_of_arms(tmp_path: Path) -> None:
    path = tmp_path / "xor.toml"
    path.write_text(XOR)
    some = read_request({"data": str(path), "hidden": "8"}, {}).definition.space
    assert {each["hidden"] for each in some.grid()} == {"8"}
    assert len(some.arms) == 2
    none = read_request({"data": str(path), "hidden": "8", "features": "quadratic"}, {})
    assert none.definition.space.arms == ()


def test_samplers_refuse_arms() -> None:
    for settings in ('sampler = "random"\ntrials = 5', "trials = 5", 'sampler = "tpe"\ntrials = 5'):
        with pytest.raises(UsageError, match=r"arms with .*expected a grid"):
            definition(XOR + settings + "\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[arm]\nlr = 1\n", r"arm is .* in f.toml: expected tables, each begun by \[\[arm\]\]"),
        ("lr = 1\n[[arm]]\nlr = 2\n", r"lr stands above and in \[\[arm\]\] of f.toml"),
        ("[[arm]]\nlrr = 2\n", r"unknown option 'lrr' in arm 1 of f.toml .*did you mean 'lr'"),
        ("[[arm]]\nlr = 'uniform:0.1:1'\n", "lr is a range without end in an arm"),
        ("[[arm]]\nact = 'rely'\n", "in arm 1 of f.toml: --act is 'rely'"),
        ("[[arm]]\nlr = { values = [1, 2] }\n", "lr is a table in arm 1"),
        ("[[arm]]\n", "the arms of f.toml are empty"),
        ("[quick]\nepoch = 1\n", r"unknown name 'epoch' in \[quick\] .*did you mean 'epochs'"),
        ("quick = 1\n", "quick is 1 in f.toml: expected a table"),
        ("[experiment]\ntext = 'a'\n", r"\[experiment\] of f.toml has no title"),
        ("[experiment]\ntitel = 'a'\n", r"unknown key 'titel' .*did you mean 'title'"),
        ("[experiment]\ntitle = 'a'\nlong = 1\n", "long is 1 .*expected true or false"),
        ("[experiment]\ntitle = 'a'\nby = [1]\n", r"by is \[1\]"),
        ("[experiment]\ntitle = 'a'\nmetric = 'lossy'\n", "metric in .*unknown metric 'lossy'"),
        ("experiment = 3\n", "experiment is 3 in f.toml: expected a table"),
        ("claim = 3\n", "claim"),
        (CLAIM.replace("below", "belw"), "claim 1 of f.toml: unknown key 'belw'"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        definition(text)


# The short form


QUICK = XOR + "[quick]\nepochs = 5\nseeds = 1\nlr = 0.1\n"


def test_a_short_form_replaces_options_and_settings() -> None:
    full, quick = definition(QUICK), definition(QUICK, quick=True)
    assert (full.seeds, quick.seeds) == ((0, 1, 2), (0,))
    assert "epochs" not in full.space.axes
    assert quick.space.axes["epochs"] == Choices((5,))
    assert quick.space.axes["lr"] == Choices((0.1,))
    assert len(list(quick.space.grid())) == 4
    assert read(QUICK).has_quick
    assert not read(XOR).has_quick


def test_a_short_form_replaces_what_stands_in_arms() -> None:
    fixed = definition(XOR + "[quick]\nhidden = 3\n", quick=True).space
    assert [(each["hidden"], each["features"]) for each in fixed.grid()] == [
        *(("3", None), ("3", "quadratic")) * 2
    ]
    other = definition(XOR + "[[quick.arm]]\nact = ['relu', 'tanh']\n", quick=True).space
    assert len(list(other.grid())) == 4
    assert "hidden" not in other.axes


def test_a_short_form_is_said_to_be_one() -> None:
    text = QUICK + TITLED
    about, quick = read(text).about, read(text, quick=True).about
    assert about is not None
    assert quick is not None
    assert (about.quick, quick.quick) == (False, True)


def test_a_short_form_that_is_missing() -> None:
    with pytest.raises(UsageError, match=r"f.toml has no short form: add a table \[quick\]"):
        read(XOR, quick=True)


# An option that is off


def test_none_is_a_value_where_an_option_is_off_by_default() -> None:
    found = points("bn = ['none', 'before']\nclip_norm = ['none', 1.0]\nfeatures = 'none'\n")
    assert {each["bn"] for each in found} == {None, "before"}
    assert {each["clip_norm"] for each in found} == {None, 1.0}
    assert {each["features"] for each in found} == {None}
    specs = [definition("").spec(each, 0) for each in found]
    assert {each.bn for each in specs} == {None, ("before",)}
    assert read_request({"bn": "none,after"}, {}).definition.space.axes["bn"] == Choices(
        (None, "after")
    )


def test_none_is_no_value_of_an_option_that_has_another_default() -> None:
    with pytest.raises(UsageError, match="--act is 'none'"):
        points("act = ['none', 'relu']\n")
    with pytest.raises(UsageError, match="--epochs is 'none'"):
        points("epochs = ['none', 5]\n")
