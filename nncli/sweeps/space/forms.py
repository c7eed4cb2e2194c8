"""How one axis of a sweep is written, on the command line and in a TOML file.

============================ =====================================================================
form                         values
============================ =====================================================================
``relu,tanh``                each; commas within parentheses, as in ``max(0,x)``, do not count
``32|64|64,64``              each, with a comma as part of a value; ``relu,tanh|`` is one value
``lin:0:1:5``                five numbers at even distances, both ends included
``log:1e-4:1e-1:7``          seven numbers in even proportion, both ends included
``1..10``, ``8..64..8``      whole numbers, by steps, both ends included
``uniform:0:0.9``            any number between
``loguniform:1e-4:1e-1``     any number between, uniform in its logarithm
``int:1:9``, ``int:1:9:2``   any whole number, by steps
``logint:8:512``             any whole number, uniform in its logarithm
``choice:a,b``               as the list behind the colon
============================ =====================================================================

Forms of numbers count only for options that have numbers: ``uniform:0.05`` is an initializer. In
options where a comma is part of a value (``hidden``, ``columns``, ``drop``, ``target``,
``class_weight``), ``|`` alone separates: ``--hidden 64,32`` is one network of two layers. Where an
option's numbers are whole, those of ``lin`` and ``log`` are rounded, and ``uniform`` and
``loguniform`` are of whole numbers, both ends included. The forms of Guild AI and Hydra stand in
:mod:`nncli.sweeps.space.borrowed`.

In TOML a text is read as here, anything else is a value; a list holds values, and a list in it is
one value: ``hidden = [[64, 64], [128]]`` is two networks, ``hidden = [64, 128]`` two of one layer.
"""

from __future__ import annotations

import re
from typing import Any

from nncli.errors import UsageError
from nncli.formulas import split_names
from nncli.sweeps.space.borrowed import NO_NUMBERS, read_borrowed
from nncli.sweeps.space.dimensions import Dimension
from nncli.sweeps.space.ranges import linear, logarithmic, read_number, read_whole, whole_steps
from nncli.sweeps.space.texts import split_top
from nncli.sweeps.space.values import OptionValues

#: The forms with colons: what stands behind, and the least and the most numbers.
COLON_FORMS = {
    "lin": ("lin:FROM:TO:COUNT", 3, 3),
    "log": ("log:FROM:TO:COUNT", 3, 3),
    "uniform": ("uniform:FROM:TO", 2, 2),
    "loguniform": ("loguniform:FROM:TO", 2, 2),
    "int": ("int:FROM:TO or int:FROM:TO:STEP", 2, 3),
    "logint": ("logint:FROM:TO", 2, 2),
}

_DOTS = re.compile(r"\s*([+-]?[0-9]+)\s*\.\.\s*([+-]?[0-9]+)\s*(?:\.\.\s*([+-]?[0-9]+)\s*)?")


def read_dimension(option: str, given: Any) -> Dimension:
    """Read the values of one option, a text or a value of a TOML file.

    Raises UsageError for an unknown option, for a value that the option's reader refuses, and for
    a range that is empty, endless, or of an option without numbers.
    """
    target = OptionValues(option, given)
    try:
        if isinstance(given, str):
            return _read_text(target, given)
        return target.choices(given if isinstance(given, list | tuple) else [given])
    except ValueError as error:
        raise target.error(error) from None


def _read_text(target: OptionValues, text: str) -> Dimension:
    """Read a text of any form."""
    name, colon, rest = text.partition(":")
    if colon and name.strip() == "choice":
        return _read_list(target, rest)
    if len(split_top(text, "|")) > 1:
        return _read_list(target, text)
    if target.option.number is not None:
        if colon and name.strip() in COLON_FORMS:
            return _read_range(target, name.strip(), rest.split(":"))
        dots = _DOTS.fullmatch(text)
        if dots is not None:
            low, high, step = dots.groups()
            return target.choices(
                whole_steps(read_whole(low), read_whole(high), read_whole(step or "1"))
            )
    found = read_borrowed(target, text)
    if found is not None:
        return found
    try:
        return _read_list(target, text)
    except UsageError:
        if target.option.number is None and colon and name.strip() in COLON_FORMS:
            raise ValueError(NO_NUMBERS) from None
        raise


def _read_list(target: OptionValues, text: str) -> Dimension:
    """Read values with ``|`` or commas between them, or one value with commas as part of it."""
    parts = [part.strip() for part in split_top(text, "|")]
    if len(parts) == 1 and not target.option.listed:
        return target.choices(split_names(text))
    if len(parts) > 1 and not parts[-1]:
        parts.pop()
    if not all(parts):
        raise ValueError("a value is missing: write values such as 64, or 32|64,64")
    return target.choices(parts)


def _read_range(target: OptionValues, name: str, numbers: list[str]) -> Dimension:
    """Read a form with colons."""
    form, least, most = COLON_FORMS[name]
    if not least <= len(numbers) <= most:
        raise ValueError(f"expected {form}")
    if name in ("int", "logint"):
        low, high, *step = map(read_whole, numbers)
        return target.between_whole(low, high, *step, log=name == "logint")
    first, last = map(read_number, numbers[:2])
    if name in ("uniform", "loguniform"):
        return target.between(first, last, log=name == "loguniform")
    between = linear if name == "lin" else logarithmic
    return target.listed(between(first, last, read_whole(numbers[2])))
