"""What is measured of a run: the language of ``value``."""

from __future__ import annotations

import math

import pytest

from nncli.claims.values import FieldTerm, LayerTerm, PiecesTerm, TimeTerm, read_value
from nncli.errors import UsageError


def test_a_field_stands_for_itself() -> None:
    value = read_value("val_accuracy:max")
    assert value.terms == {"val_accuracy:max": FieldTerm("val_accuracy:max")}
    assert not value.is_share
    assert value.of({"val_accuracy:max": 0.75}) == 0.75


def test_statistics_of_layers_in_a_ratio() -> None:
    value = read_value("grad_norm@1 / grad_norm@-1")
    first, last = value.terms
    assert list(value.terms.values()) == [LayerTerm("grad_norm", 1), LayerTerm("grad_norm", -1)]
    assert value.of({first: 1.0, last: 4.0}) == 0.25
    assert math.isnan(value.of({first: 1.0, last: 0.0}))


def test_a_difference_binds_to_no_layer() -> None:
    value = read_value("act_std@2-act_std@-1")
    assert list(value.terms.values()) == [LayerTerm("act_std", 2), LayerTerm("act_std", -1)]
    assert value.of(dict(zip(value.terms, (3.0, 1.0), strict=True))) == 2


def test_a_condition_is_a_share() -> None:
    value = read_value("grad_norm@1 < 0.01 * grad_norm@-1 and status = completed")
    assert value.is_share
    first, last, status = value.terms
    assert value.terms[status] == FieldTerm("status")
    held = {first: 0.001, last: 1.0, status: "completed"}
    assert value.of(held) == 1.0
    assert value.of({**held, status: "diverged"}) == 0.0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a > 100 * b", math.nan),  # inf and inf: which is larger, nobody has measured
        ("a > 5", 1.0),
        ("b < 5", 0.0),
        ("none > 1", math.nan),
        ("none != 1", math.nan),
        ("none in (1, 2)", math.nan),
        ("zero/zero > 0.5", math.nan),
        ("not (zero/zero > 0.5)", math.nan),
        ("none > 1 or zero = 0", 1.0),
        ("none > 1 or zero = 1", math.nan),
        ("none > 1 and zero = 1", 0.0),
        ("none > 1 and zero = 0", math.nan),
        ("word = x", 1.0),
        ("word is null", 0.0),
        ("unset is null", 1.0),
        ("unset = x", 0.0),
        ("word in (x, y)", 1.0),
    ],
)
def test_what_is_not_known_decides_no_condition(text: str, found: float) -> None:
    held = {"a": math.inf, "b": math.inf, "none": math.nan, "zero": 0.0, "word": "x", "unset": None}
    value = read_value(text)
    assert value.is_share
    assert value.of(held) == pytest.approx(found, nan_ok=True)


def test_times_to_targets() -> None:
    value = read_value("seconds_to( val_accuracy>=0.97 ) - 2*epochs_to(train_loss<=1e-3)")
    assert list(value.terms.values()) == [
        TimeTerm("seconds", "val_accuracy>=0.97"),
        TimeTerm("epochs", "train_loss<=1e-3"),
    ]
    assert not value.is_share
    assert read_value("epochs_to(train_loss<=0.1) < 50").is_share


def test_pieces() -> None:
    assert list(read_value("pieces").terms.values()) == [PiecesTerm(of_rows=False)]
    assert list(read_value("pieces:rows").terms.values()) == [PiecesTerm(of_rows=True)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("grad_norm@0", "layers count from 1"),
        ("minutes_to(train_loss<=1)", "choose one of epochs_to, seconds_to, updates_to"),
        ("0.5", "measures nothing"),
        ("train_loss +", "after 'train_loss +': got the end"),
        ("grad_norm@1 * )", "after 'grad_norm@1 *': got ')'"),
        ("train_loss < 1 <", "got '<'"),
        ("grad_norm@1.5", "expected"),
    ],
)
def test_what_cannot_be_read(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_value(text)
    assert said in str(caught.value)
    assert "t0_" not in str(caught.value)


def test_arithmetic_with_a_text() -> None:
    with pytest.raises(UsageError, match="text 'relu'"):
        read_value("act").of({"act": "relu"})
