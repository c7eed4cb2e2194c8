"""Fields that there are: asked before anything is trained for claims, and before any is judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nncli.claims import Claim
from nncli.claims.declaration import TRENDS
from nncli.claims.values import FieldTerm, LayerTerm, Term, TimeTerm, Value
from nncli.errors import UsageError, unknown_choice
from nncli.predicates import And, Expression, Not, Operand, Or, evaluate
from nncli.report.compare.targets import read_target
from nncli.store.finding.conditions import check_condition, condition_of
from nncli.store.finding.fields import check_field
from nncli.store.finding.operands import Operands
from nncli.store.nonfinite import LAYER_FLAGGED
from nncli.sweeps.space.about import About


def check_about(about: About) -> None:
    """Raise UsageError where the claims or the curves of an experiment are over unknown fields."""
    for name in about.by:
        try:
            check_field(name)
        except UsageError as error:
            raise UsageError(f"by of [experiment]: {error}") from None
    check_claims(about.claims)


def check_claims(claims: Iterable[Claim]) -> None:
    """Raise UsageError for the first claim with an unknown field, statistic or target.

    Also for one that compares the order of a text and a number, or computes with a text.
    """
    for claim in claims:
        try:
            _check(claim)
        except UsageError as error:
            raise UsageError(f"the claim '{claim.says}': {error}") from None


def _check(claim: Claim) -> None:
    value = claim.measured
    for term in value.terms.values():
        match term:
            case FieldTerm():
                field = check_field(term.name)
                if field.kind == "tags" or (field.kind == "text" and not value.is_share):
                    raise UsageError(
                        f"value is '{value.text}', and {term.name} is no number: expected a metric "
                        f"such as train_loss, or a condition such as '{term.name} = ...'"
                    )
            case LayerTerm():
                if term.statistic not in LAYER_FLAGGED:
                    raise unknown_choice("statistic of layers", term.statistic, LAYER_FLAGGED)
            case TimeTerm():
                read_target(term.target)
    _check_types(value)
    for condition in conditions_of(claim):
        check_condition(condition)
        condition_of(condition, Operands("sqlite"))  # which refuses what no database is asked
    for name in fields_of(claim):
        check_field(name)


def _check_types(value: Value) -> None:
    """Raise UsageError for a condition that makes no sense with values of its fields' kinds."""
    examples = {name: _example(term) for name, term in value.terms.items()}
    for part in _comparisons(value.tree) if value.is_share else ():
        try:
            evaluate(part, examples)
        except UsageError as error:
            raise UsageError(f"value is '{value.text}': {error}") from None


def _example(term: Term) -> Any:
    """Return a value that a term may have."""
    if not isinstance(term, FieldTerm):
        return 1.0
    return {"text": term.name, "flag": True}.get(check_field(term.name).kind, 1.0)


def _comparisons(tree: Operand | Expression) -> Iterator[Any]:
    """Yield the comparisons of a condition, of which the values of others may spare some."""
    match tree:
        case And() | Or():
            for part in tree.parts:
                yield from _comparisons(part)
        case Not():
            yield from _comparisons(tree.operand)
        case _:
            yield tree


def conditions_of(claim: Claim) -> tuple[str, ...]:
    """Return the conditions on runs: of which runs, and perhaps with which they are compared."""
    other = claim.other if claim.comparison not in TRENDS else None
    return tuple(each for each in (claim.runs, other) if isinstance(each, str))


def fields_of(claim: Claim) -> tuple[str, ...]:
    """Return the fields that samples are made by: what pairs runs, and that of a trend."""
    trend = (str(claim.other),) if claim.comparison in TRENDS else ()
    return (*(claim.pairs or ()), *trend)
