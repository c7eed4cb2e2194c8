"""Which options of a sweep matter only together with values of others."""

from __future__ import annotations

from collections.abc import Mapping

from nncli.errors import UsageError, did_you_mean
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.options import flag_of
from nncli.resolving import HYPER_PARAMETERS
from nncli.sweeps.space.dimensions import Choices, Dimension, Plain

Axes = Mapping[str, Dimension]
Conditions = Mapping[str, Mapping[str, tuple[Plain, ...]]]

#: Options of an optimizer that are no numbers of its update, but switches of it.
SWITCHES = ("eps_inside", "bias_correction")


def check_conditions(axes: Axes, when: Conditions) -> None:
    """Raise UsageError for a condition on or of what is no axis, or on a value never taken."""
    for name, parents in when.items():
        _check_axis(axes, name, f"the condition of '{name}' is of no option of the sweep")
        for parent, values in parents.items():
            _check_axis(axes, parent, f"the condition of '{name}' is on '{parent}'")
            if not values:
                raise UsageError(f"the condition of '{name}' names no value of '{parent}': add one")
            axis = axes[parent]
            for value in values:
                if value not in axis:
                    known = axis.members if isinstance(axis, Choices) else ()
                    taken = f", which takes {', '.join(map(str, known))}" if known else ""
                    raise UsageError(
                        f"the condition of '{name}' is on {parent} = {value}{taken}"
                        f"{did_you_mean(str(value), map(str, known))}: expected one of its values"
                    )


def _check_axis(axes: Axes, name: str, what: str) -> None:
    if name not in axes:
        raise UsageError(
            f"{what}{did_you_mean(name, axes)}: expected one of {', '.join(axes) or 'the options'}"
        )


def all_conditions(axes: Axes, when: Conditions) -> Conditions:
    """Return ``when`` together with the conditions of the optimizers' hyper-parameters.

    Where the sweep varies ``opt``, a hyper-parameter is active for the optimizers that use it.
    Raises UsageError for one that none of them uses.
    """
    found = {name: dict(parents) for name, parents in when.items()}
    if "opt" not in axes or axes["opt"].size == 1:
        return found
    optimizers = [str(each) for each in axes["opt"].values()]
    for name in (*HYPER_PARAMETERS, *SWITCHES):
        if name not in axes:
            continue
        users = [each for each in optimizers if _uses(each, name)]
        asked = found.get(name, {}).get("opt", tuple(optimizers))
        both = tuple(each for each in asked if each in users)
        if not both:
            fitting = [each for each in OPTIMIZERS.names() if _uses(each, name)]
            raise UsageError(
                f"{flag_of(name)} means nothing to --opt {' or '.join(map(str, asked))}: leave it "
                f"out, or add --opt {' or '.join(fitting)}"
            )
        if len(both) < len(optimizers):
            found.setdefault(name, {})["opt"] = both
    return found


def _uses(optimizer: str, name: str) -> bool:
    part = OPTIMIZERS[optimizer]
    return bool(getattr(part, name)) if name in SWITCHES else name in part.uses


def parents_first(axes: Axes, conditions: Conditions) -> tuple[str, ...]:
    """Return the axes so that parents stand before their children.

    Raises UsageError for options that depend on each other in a circle.
    """
    order: dict[str, None] = {}
    while len(order) < len(axes):
        ready = (
            name
            for name in axes
            if name not in order and all(each in order for each in conditions.get(name, {}))
        )
        name = next(ready, None)
        if name is None:
            left = [each for each in axes if each not in order]
            raise UsageError(
                f"the conditions of {', '.join(left)} go in a circle: expected options that depend "
                "on others, which do not depend on them; leave one condition out"
            )
        order[name] = None
    return tuple(order)
