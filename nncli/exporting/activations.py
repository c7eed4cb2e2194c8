"""The tree of an activation, whether the catalogue has it or a user's formula says it."""

from __future__ import annotations

from nncli import choices, formulas
from nncli.errors import NncliError
from nncli.exporting.trees import ACTIVATIONS, Tree


def activation_tree(text: str) -> Tree:
    """Return the tree of an activation as a layer names it: of the catalogue, or a formula.

    Raises NncliError for one that was added to the catalogue and has none here.
    """
    choice = choices.activation(text)
    if choice.part.name in ACTIVATIONS:
        return ACTIVATIONS[choice.part.name]
    if formulas.is_formula(choice.part.name):
        from nncli.exporting.formulas import formula_tree

        return formula_tree(choice.part.name)
    raise NncliError(
        f"the activation '{choice.part.name}' cannot be exported: expected one of "
        f"{', '.join(ACTIVATIONS)}, or a formula; enter its tree in nncli/exporting/trees.py"
    )
