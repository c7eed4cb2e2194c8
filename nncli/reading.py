"""How the values of a spec's options are read, where a plain number, word or list will not do.

Each function returns the value in its one canonical form and raises ValueError, with what was
expected, for one that it cannot read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nncli import choices
from nncli.formulas import is_formula, split_names
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.initializers import INITIALIZERS
from nncli.kernels.schedules import SCHEDULES
from nncli.options import below_one, choice, non_negative, number, positive, whole, words

#: Different activations in one network, at most: the native loop has that many slots.
MOST_ACTIVATIONS = 4

#: Hidden layers in one network, at most: what is stored of a run has a row for each.
MOST_LAYERS = 10_000

#: Where Batch Normalization may stand in a hidden layer.
NORMS = ("none", "before", "after")


def hidden_activations() -> list[str]:
    """Return the names of the activations that hidden layers may have."""
    return [name for name, each in ACTIVATIONS.parts.items() if each.hidden]


def output_activations() -> list[str]:
    """Return the names of the activations that the output layer may have."""
    return [name for name, each in ACTIVATIONS.parts.items() if each.output]


def widths(value: Any) -> tuple[int, ...]:
    """Read ``64,32``, a sequence, or ``none``; ``300,9x100`` is 300 and then nine times 100."""
    if isinstance(value, str) and value.strip().lower() == "none":
        return ()
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        parts = (value,)
    try:
        found = tuple(width for part in parts for width in _repeated(part))
    except ValueError:
        raise ValueError("expected layer widths such as 64,32 or 9x100, or none") from None
    if len(found) > MOST_LAYERS:
        raise ValueError(f"{len(found)} hidden layers: expected at most {MOST_LAYERS}")
    return found


def _repeated(part: Any) -> tuple[int, ...]:
    """Read a width, or ``9x100`` for nine layers of 100."""
    if not isinstance(part, str):
        return (whole(1)(part),)
    times, cross, width = part.rpartition("x")
    count = whole(1, MOST_LAYERS)(times) if cross else 1
    return (whole(1)(width),) * int(count)


def activations(value: Any) -> tuple[str, ...]:
    """Read the activations of hidden layers, one for all or one a layer."""
    given = split_names(value) if isinstance(value, str) else words(value)
    if not given:
        raise ValueError("expected names with commas between them, such as relu,tanh")
    found = []
    for each in given:
        found.append(_one_of(hidden_activations, each))
    if len({each.part.name for each in found}) > MOST_ACTIVATIONS:
        raise ValueError(f"expected at most {MOST_ACTIVATIONS} different activations")
    return tuple(each.text for each in found)


def output_activation(value: Any) -> str:
    """Read the activation of the output layer."""
    return _one_of(output_activations, str(value)).text


def _one_of(names: Callable[[], list[str]], text: str) -> choices.ActivationChoice:
    """Read a formula, or an activation whose name is one of ``names``."""
    if not is_formula(text):
        choice(names)(text.partition(":")[0].strip())
    return choices.activation(text)


def loss(value: Any) -> str:
    """Read a loss."""
    return choices.loss(str(value)).text


def norms(value: Any) -> tuple[str, ...] | None:
    """Read where hidden layers are normalized; ``None`` for nowhere."""
    found = tuple(choice(lambda: NORMS)(each) for each in words(value))
    return None if set(found) == {"none"} else found


def features(value: Any) -> str | None:
    """Read ``quadratic`` or ``poly:DEGREE``; ``None`` for none."""
    name = str(value)
    if name == "none":
        return None
    degree = name.removeprefix("poly:")
    if name != "quadratic" and (
        degree == name or not (degree.isascii() and degree.isdigit()) or int(degree) < 2
    ):
        raise ValueError("expected none, quadratic, or poly:DEGREE with a degree of at least 2")
    return name if name == "quadratic" else f"poly:{int(degree)}"


def share_above_zero(value: Any) -> float:
    """Read a share in (0, 1]."""
    found = number(value)
    if not 0 < found <= 1:
        raise ValueError("expected a number above 0 and up to 1")
    return found


def smoothing(value: Any) -> float | None:
    """Read a share of label smoothing; ``None`` for none."""
    found = below_one(value)
    if found >= 0.5:
        raise ValueError("expected a number below 0.5: beyond it the target is no longer the class")
    return found or None


def batch_size(value: Any) -> int | str:
    """Read a number of rows, or ``full``."""
    if value == "full":
        return "full"
    try:
        return int(whole(1)(value))
    except ValueError:
        raise ValueError("expected a whole number of at least 1, or full") from None


def initializer(value: Any) -> str:
    """Read an initializer, or ``auto``."""
    if value != "auto":
        choices.initializer(str(value))
    return str(value)


def bias_initializers() -> list[str]:
    """Return the names of the initializers that draw biases too."""
    return [name for name, each in INITIALIZERS.parts.items() if each.biases]


def bias_initializer(value: Any) -> str | None:
    """Read an initializer of biases in full, such as ``normal:0.01``; ``None`` for zero."""
    text = str(value)
    if text == "zero":
        return None
    choice(lambda: ["zero", *bias_initializers()])(text.partition(":")[0])
    found = choices.initializer(text)
    return None if found.text == "constant:0" else found.text


def schedule(value: Any) -> str:
    """Read a learning-rate schedule."""
    schedule_numbers(str(value))
    return str(value)


def schedule_numbers(value: str) -> tuple[float, float, float]:
    """Return a schedule such as ``step:10:0.5`` as the native loop takes it: kind, parameters."""
    name, *given = value.split(":")
    choice(lambda: SCHEDULES)(name)
    kind, defaults, meaning = SCHEDULES[name]
    if len(given) > len(defaults):
        raise ValueError(f"expected at most {len(defaults)} parameters: {meaning}")
    try:
        numbers = [positive(each) if name != "cosine" else non_negative(each) for each in given]
    except ValueError:
        raise ValueError(f"expected numbers above 0: {meaning}") from None
    numbers += defaults[len(numbers) :]
    first, second = (*numbers, 0.0, 0.0)[:2]
    return float(kind), first, second
