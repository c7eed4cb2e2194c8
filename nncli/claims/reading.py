"""Claims out of a TOML file: the entries ``[[claim]]``, checked.

Which fields there are is not known here: ``nncli.judging.check`` asks the store's language.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from nncli.claims.declaration import (
    COMPARISONS,
    DRAWN,
    REFUTED,
    SUPPORTED,
    WITH_SOMETHING,
    Claim,
)
from nncli.claims.values import LayerTerm, Value, read_value
from nncli.errors import UsageError, did_you_mean
from nncli.options import LARGEST
from nncli.predicates import parse

#: Names that people write for ours.
OTHERWISE = {
    "claim": "says",
    "text": "says",
    "ids": "of",
    "shows": "of",
    "metric": "value",
    "where": "runs",
    "greater": "above",
    "less": "below",
    "margin": "by",
    "tolerance": "within",
    "reason": "because",
}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) <= sys.float_info.max  # NaN, and what is no float, are not


def _is_texts(value: Any) -> bool:
    several = isinstance(value, list) and bool(value) and all(map(_is_text, value))
    return several or _is_text(value)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


_TEXT = (_is_text, "a text in quotes")
_TEXTS = (_is_texts, "a text, or a list of texts")
_FLAG = (_is_flag, "true or false")
_OTHER = (
    lambda value: _is_text(value) or _is_number(value),
    'a number, or a condition for the runs to compare with, such as "hidden=none"',
)

#: The keys of a claim: whether a value is of the right type, and what was expected.
KEYS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "says": _TEXT,
    "of": _TEXTS,
    "value": _TEXT,
    "runs": _TEXT,
    "above": _OTHER,
    "below": _OTHER,
    "equals": _OTHER,
    "rises_with": (_is_text, "a field, such as depth"),
    "falls_with": (_is_text, "a field, such as depth"),
    "by": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "within": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "pairs": (_is_texts, 'a list of fields, such as ["seed", "opt"]'),
    "epoch": (
        lambda value: isinstance(value, int) and not _is_flag(value) and 1 <= value <= LARGEST,
        "the number of an epoch, from 1",
    ),
    "chance": _FLAG,
    "full": _FLAG,
    "expected": (lambda value: value in (SUPPORTED, REFUTED), f"{SUPPORTED} or {REFUTED}"),
    "because": _TEXT,
}
assert set(KEYS) == {each.name for each in fields(Claim)}


def read_claims(tables: Any, where: str) -> tuple[Claim, ...]:
    """Read the tables ``[[claim]]`` of a file that messages call ``where``.

    Raises UsageError for an unknown key, naming the nearest, for a value of a wrong type, for none
    or several comparisons, and for conditions and values that cannot be read.
    """
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise UsageError(f"claim is no list of tables in {where}: write [[claim]] above each")
    found = []
    for number, table in enumerate(tables, 1):
        place = f"claim {number} of {where}"
        try:
            found.append(_claim(_checked(table)))
        except UsageError as error:
            raise UsageError(f"{place}: {error}") from None
    twice = next((each.says for each in found if sum(o.says == each.says for o in found) > 1), None)
    if twice is not None:
        raise UsageError(f"two claims of {where} say '{twice}': expected a sentence each")
    return tuple(found)


def _checked(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys and values of a claim, each of the right type."""
    given: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in KEYS:
            ours = OTHERWISE.get(name)
            near = f" (did you mean '{ours}'?)" if ours else did_you_mean(name, KEYS)
            raise UsageError(f"unknown key '{key}'{near}: expected one of {', '.join(KEYS)}")
        if name in given:
            raise UsageError(f"'{key}' stands twice: with a dash or with an underscore")
        fits, expected = KEYS[name]
        if not fits(value):
            raise UsageError(f"{name} is {value!r}: expected {expected}")
        given[name] = value
    for name in ("says", "value"):
        if name not in given:
            example = '"One hidden layer solves XOR"' if name == "says" else '"train_error:min"'
            raise UsageError(f"{name} is missing: add a line such as {name} = {example}")
    return given


def _claim(given: Mapping[str, Any]) -> Claim:
    """Return the claim of checked values, if they go together."""
    named = [name for name in COMPARISONS if name in given]
    if len(named) != 1:
        got = " and ".join(named) or "none of them"
        raise UsageError(f"expected one of {', '.join(COMPARISONS)}: got {got}")
    (comparison,) = named
    _check_tolerances(given, comparison)
    with_runs = isinstance(given[comparison], str) and comparison in WITH_SOMETHING
    for name in ("runs", *([comparison] if with_runs else [])):
        if name in given:
            _check_condition(name, given[name])
    value = _read(given["value"])
    if "epoch" in given and not value.of_kind(LayerTerm):
        raise UsageError(
            f"epoch is {given['epoch']}, and '{value.text}' has no statistic of a layer: epoch "
            "goes with such as grad_norm@1 alone"
        )
    lists = {name: _listed(given[name]) for name in ("of", "pairs") if name in given}
    if "pairs" in lists and not set(lists["pairs"]) & set(DRAWN):
        raise UsageError(
            f"pairs is {given['pairs']!r}: expected seed or data among them; other settings are "
            "not drawn by chance, and no sample to test"
        )
    if value.is_share and comparison in WITH_SOMETHING:
        if with_runs:
            _check_difference_of_shares(given)
        else:
            _check_share(comparison, given[comparison], given.get("by", 0.0))
    numbers = {name: float(given[name]) for name in ("by", "within") if name in given}
    other = given[comparison]
    compared = {comparison: other.strip() if isinstance(other, str) else float(other)}
    return Claim(**{**given, **lists, **numbers, **compared})


def _check_tolerances(given: Mapping[str, Any], comparison: str) -> None:
    if comparison == "equals" and "within" not in given:
        raise UsageError(
            "equals needs a tolerance, since no two measurements are equal: add a line such as "
            "within = 0.01"
        )
    if comparison != "equals" and "within" in given:
        raise UsageError(f"within goes with equals: for {comparison} give a margin, by = ...")
    if comparison not in ("above", "below") and "by" in given:
        other = "within = ..." if comparison == "equals" else "no margin: it is a trend"
        raise UsageError(f"by is a margin of above and below: {comparison} takes {other}")


def _check_share(comparison: str, number: float, margin: float) -> None:
    """Raise UsageError for a bound that no share can be on the claimed side of, or any is."""
    bound = number + margin if comparison == "above" else number - margin
    fits = {"above": 0 <= bound < 1, "below": 0 < bound <= 1, "equals": 0 <= bound <= 1}
    if not fits[comparison]:
        expected = {"above": "from 0 to below 1", "below": "above 0, up to 1", "equals": "0 to 1"}
        raise UsageError(
            f"{comparison} is {bound:g}, and the value is a condition, of which the share of runs "
            f"is taken: expected a number {expected[comparison]}"
        )


def _check_difference_of_shares(given: Mapping[str, Any]) -> None:
    """Raise UsageError for a margin or a tolerance that no two shares differ by."""
    for name in ("by", "within"):
        if given.get(name, 0.0) >= 1:
            raise UsageError(
                f"{name} is {given[name]:g}, and the value is a condition, of which two shares "
                "differ by 1 at most: expected a number below 1"
            )


def _check_condition(name: str, text: str) -> None:
    try:
        parse(text)
    except UsageError as error:
        number = _as_number(text)
        advice = "" if number is None else f"; a number stands without quotes: {name} = {number}"
        raise UsageError(f"{name} is {text!r}: {error}{advice}") from None


def _listed(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _read(text: str) -> Value:
    try:
        return read_value(text)
    except UsageError as error:
        raise UsageError(f"value is {text!r}: {error}") from None
