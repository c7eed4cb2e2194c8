"""The built-in data sets by name, with the parameters of those that are generated.

A name may carry parameters, as in ``moons:n=500,noise=0.2,seed=1``. The table imports nothing, so
that help and completion cost no time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from nncli.errors import UsageError, did_you_mean

Parameters = Mapping[str, int | float]


@dataclass(frozen=True)
class Builtin:
    """A built-in set: its line in the help, and the parameters of its generator with defaults."""

    description: str
    parameters: Parameters = field(default_factory=dict)


BUILTINS: Mapping[str, Builtin] = {
    "digits": Builtin("1,797 handwritten digits, 8 x 8 pixels, 10 classes"),
    "iris": Builtin("150 flowers, 4 measurements, 3 species"),
    "xor": Builtin("the four points of exclusive or", {"n": 4, "noise": 0.0, "seed": 0}),
    "gates": Builtin(
        "and, or and exclusive or, three labels of four points",
        {"n": 4, "noise": 0.0, "seed": 0},
    ),
    "moons": Builtin("two half moons", {"n": 1000, "noise": 0.1, "seed": 0}),
    "circles": Builtin(
        "a ring around a ring", {"n": 1000, "noise": 0.05, "factor": 0.5, "seed": 0}
    ),
    "spiral": Builtin(
        "spiral arms, a class each",
        {"n": 1000, "noise": 0.1, "classes": 2, "turns": 1.5, "seed": 0},
    ),
    "blobs": Builtin(
        "Gaussian clouds, a class each",
        {"n": 1000, "noise": 1.0, "classes": 3, "features": 2, "seed": 0},
    ),
    "linear": Builtin(
        "linear regression with Gaussian noise",
        {"n": 1000, "noise": 0.1, "features": 8, "seed": 0},
    ),
    "sine": Builtin(
        "regression on a sine wave", {"n": 1000, "noise": 0.1, "periods": 1.0, "seed": 0}
    ),
    "mnist": Builtin("70,000 handwritten digits, 28 x 28 pixels (downloaded once)"),
    "fashion-mnist": Builtin("70,000 pieces of clothing, 28 x 28 pixels (downloaded once)"),
    "california-housing": Builtin("20,640 districts and their house prices (downloaded once)"),
    "adult": Builtin("48,842 people and who earns above 50,000 dollars (downloaded once)"),
}


def data_names() -> list[str]:
    """Return the names of the built-in sets."""
    return list(BUILTINS)


def is_builtin(source: str) -> bool:
    """Return whether ``source`` names a built-in set, perhaps with parameters."""
    return source.partition(":")[0] in BUILTINS


def read_builtin(source: str) -> tuple[str, dict[str, int | float]]:
    """Return the name of a built-in set and all its parameters.

    Raises UsageError for a parameter that the set does not have, or a value out of range.
    """
    name, _, listed = source.partition(":")
    parameters = dict(BUILTINS[name].parameters)
    for part in listed.split(",") if listed else ():
        key, equals, text = (each.strip() for each in part.partition("="))
        if not parameters:
            raise UsageError(f"'{source}': the data set '{name}' has no parameters")
        if key not in parameters or not equals:
            raise UsageError(
                f"unknown parameter '{part.strip()}' of '{name}': expected name=value with a name "
                f"of {', '.join(parameters)}{did_you_mean(key, parameters)}"
            )
        parameters[key] = _value(name, key, text, parameters[key])
    return name, parameters


def canonical(source: str) -> str:
    """Return a built-in name with only those parameters that differ from the defaults."""
    name, parameters = read_builtin(source)
    defaults = BUILTINS[name].parameters
    changed = [f"{key}={value}" for key, value in parameters.items() if value != defaults[key]]
    return f"{name}:{','.join(changed)}" if changed else name


#: The smallest value of a parameter; any other must be 0 or more.
_LEAST = {"n": 2, "classes": 2, "features": 1}


def _value(name: str, key: str, text: str, default: int | float) -> int | float:
    least = _LEAST.get(key, 0)
    kind = "a whole number" if isinstance(default, int) else "a number"
    try:
        value = int(text) if isinstance(default, int) else float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= least):
        raise UsageError(f"'{key}={text}' of '{name}': expected {kind} from {least} on")
    return value
