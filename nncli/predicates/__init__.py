"""Conditions on named values, as people write them: ``act=relu and val_accuracy>0.95``.

A sweep's constraints and a report's filters are such texts. :func:`parse` reads one into a tree
(:mod:`~nncli.predicates.tree`) by a small grammar (:mod:`~nncli.predicates.grammar`), and
:func:`evaluate` says whether it holds (:mod:`~nncli.predicates.evaluation`); nothing is ever
evaluated as Python. :func:`names` returns what a condition is about.
"""

from __future__ import annotations

from nncli.predicates.evaluation import evaluate
from nncli.predicates.grammar import parse
from nncli.predicates.tree import (
    And,
    Arithmetic,
    Compare,
    Expression,
    In,
    IsNull,
    Minus,
    Name,
    Not,
    Number,
    Operand,
    Or,
    Text,
    names,
)

__all__ = [
    "And",
    "Arithmetic",
    "Compare",
    "Expression",
    "In",
    "IsNull",
    "Minus",
    "Name",
    "Not",
    "Number",
    "Operand",
    "Or",
    "Text",
    "evaluate",
    "names",
    "parse",
]
