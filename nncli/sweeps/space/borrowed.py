"""Axes as Guild AI and Hydra write them, for people who come from there.

Guild AI: ``[a,b]``, ``[low:high]`` and ``uniform[low:high]``, ``loguniform[low:high]``,
``range[first:last:step]``, ``linspace[first:last:count]``, ``logspace[first:last:count:base]``. As
there, all ends are included, but for ``range[5]``, which is 0 to 4; counts are 5 and bases 10 where
they are left out; the ends of ``logspace`` are exponents.

Hydra: ``choice(a,b)``, ``range(start,stop,step)`` without ``stop``, ``interval(low,high)``,
``tag(log,interval(low,high))``, ``int(interval(low,high))`` for whole numbers, ``float(...)``,
which changes nothing, and ``glob(relu*,exclude=relu6)`` over the choices of an option; arguments
may be named.

What differs: commas always separate values here, also of options such as ``hidden``, whose values
with commas stand in brackets, ``[[64,64],[128]]`` or ``choice([64,64],[128])`` (in Hydra
``hidden=[64,64]`` is one value). An interval of an option with whole numbers holds whole numbers
and includes its end, as in Hydra's sweeper for Optuna, and real numbers are drawn between both
ends. The tag ``log`` alone is known, and ``sort`` and ``shuffle`` are not: a sampler decides the
order of trials.
"""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

from nncli.sweeps.space.dimensions import Choices, Dimension, Real
from nncli.sweeps.space.ranges import check_order, linear, powers, read_number, read_whole, stepwise
from nncli.sweeps.space.texts import inside, split_top
from nncli.sweeps.space.values import OptionValues

GUILD = ("", "range", "linspace", "logspace", "uniform", "loguniform")
HYDRA = ("choice", "range", "interval", "tag", "int", "float", "glob")

#: How many numbers Guild AI's spaces have, and of which base, where it is not said.
_COUNT, _BASE = "5", "10"

NO_NUMBERS = "a range needs an option of numbers, such as lr: list values, such as a,b"

#: Casts and tags within each other, at most.
_DEEPEST = 5


def read_borrowed(target: OptionValues, text: str) -> Dimension | None:
    """Read a form of Guild AI or Hydra; ``None`` for a text that is neither.

    Raises ValueError and UsageError as the other forms do.
    """
    bracketed = inside(text, "[", "]")
    if bracketed is not None and bracketed[0] in GUILD:
        return _guild(target, *bracketed)
    return _hydra(target, text, 0)


def _guild(target: OptionValues, name: str, text: str) -> Dimension:
    """Read ``name[...]``."""
    numbers = [part.strip() for part in text.split(":")]
    if not name and (len(numbers) == 1 or target.option.number is None):
        return target.choices(_values(text))  # a colon is part of names such as normal:0.05
    _check_number(target)
    if name == "range":
        return _steps(target, numbers, include_last=len(numbers) > 1)
    if name in ("linspace", "logspace"):
        first, last, *rest = _some(numbers, 2, 3 + (name == "logspace"), f"{name}[FROM:TO:COUNT]")
        count, base = [*rest, _COUNT, _BASE][0], [*rest[1:], _BASE][0]
        spaced = linear(read_number(first), read_number(last), read_whole(count))
        return target.listed(powers(read_number(base), spaced) if name == "logspace" else spaced)
    low, high = _some(numbers, 2, 2, f"{name}[FROM:TO]")
    return target.between(read_number(low), read_number(high), log=name == "loguniform")


def _hydra(target: OptionValues, text: str, depth: int) -> Dimension | None:
    """Read ``name(...)``."""
    called = inside(text, "(", ")")
    if called is None:
        return None
    name, inner = called
    if name in ("sort", "shuffle"):
        raise ValueError(
            f"{name}(...) is not known here: write the list itself, such as a,b,c; the sampler "
            "decides the order of trials"
        )
    if name not in HYDRA:
        return None
    if depth > _DEEPEST:
        raise ValueError(f"expected at most {_DEEPEST} functions within each other")
    if name == "choice":
        return target.choices(_values(inner))
    if name == "glob":
        return _glob(target, inner)
    _check_number(target)
    if name == "range":
        given = _arguments(inner, ("start", "stop", "step"))
        return _steps(target, given, include_last=False)
    if name == "interval":
        low, high = _some(_arguments(inner, ("start", "end")), 2, 2, "interval(FROM,TO)")
        return target.between(read_number(low), read_number(high))
    *tags, last = split_top(inner, ",")
    found = _hydra(target, last.partition("=")[2] if "=" in last.split("(")[0] else last, depth + 1)
    if found is None:
        raise ValueError(f"expected {name}(interval(FROM,TO)), or range or choice within")
    return _tagged(found, tags) if name == "tag" else _cast(target, found, name, tags)


def _tagged(found: Dimension, tags: list[str]) -> Dimension:
    """Return a dimension with the tag ``log``."""
    if [tag.strip() for tag in tags] != ["log"]:
        raise ValueError("expected the tag log: tag(log,interval(FROM,TO))")
    if isinstance(found, Choices) or (not isinstance(found, Real) and found.step != 1):
        raise ValueError("the tag log goes with an interval: tag(log,interval(FROM,TO))")
    check_order(found.low, found.high, log=True)
    return replace(found, log=True)


def _cast(target: OptionValues, found: Dimension, name: str, rest: list[str]) -> Dimension:
    """Return a dimension of whole numbers for ``int``; ``float`` changes nothing."""
    if rest:
        raise ValueError(f"expected {name}(interval(FROM,TO))")
    if name == "int" and isinstance(found, Real):
        return target.between_whole(int(found.low), int(found.high), log=found.log)
    return found


def _glob(target: OptionValues, inner: str) -> Dimension:
    """Return the choices of the option that a pattern matches, and none that is excluded."""
    if target.option.choices is None:
        raise ValueError("glob(...) needs an option with names to choose from, such as act or opt")
    include, exclude = [*_arguments(inner, ("include", "exclude")), ""][:2]
    wanted, unwanted = _values(_unbracketed(include)), _values(_unbracketed(exclude))
    names = [
        name
        for name in target.option.choices()
        if any(fnmatchcase(name, each) for each in wanted)
        and not any(fnmatchcase(name, each) for each in unwanted)
    ]
    if not names:
        raise ValueError(f"no name fits: expected some of {', '.join(target.option.choices())}")
    return target.choices(names)


def _steps(target: OptionValues, numbers: list[str], *, include_last: bool) -> Dimension:
    """Return the axis of a range, from 0 if only its end was given, and by 1 if no step was."""
    given = list(map(read_number, _some(numbers, 1, 3, "a range of FROM, TO and STEP")))
    first, last, step = [[0.0, *given, 1.0], [*given, 1.0], given][len(given) - 1]
    values = stepwise(first, last, step, include_last=include_last)
    if target.whole and any(each != int(each) for each in values):
        raise ValueError("the range leads to numbers that are not whole")
    return target.listed(values)


def _arguments(text: str, names: tuple[str, ...]) -> list[str]:
    """Return the arguments of a call in the order of ``names``, the named ones last."""
    found: dict[str, str] = {}
    for place, part in enumerate(split_top(text, ",")):
        name, equals, value = part.partition("=")
        if not equals:
            name, value = names[place] if place < len(names) else "", part
        if name.strip() not in names or name.strip() in found:
            raise ValueError(f"expected the arguments {', '.join(names)}, each once")
        found[name.strip()] = value.strip()
    given = [name for name in names if name in found]
    if given != list(names[: len(given)]) and given != ["stop"]:
        raise ValueError(f"expected the arguments {', '.join(names)}, in this order")
    return [found[name] for name in given]


def _values(text: str) -> list[str]:
    """Return the values of a list; one in brackets is a value with commas."""
    parts = [part.strip() for part in split_top(text, ",")]
    return [_unbracketed(part) for part in parts if part]


def _unbracketed(text: str) -> str:
    found = inside(text, "[", "]")
    return text if found is None or found[0] else found[1]


def _some(parts: list[str], least: int, most: int, form: str) -> list[str]:
    """Return as many parts as were given; raises ValueError for too few or too many."""
    if not least <= len(parts) <= most:
        raise ValueError(f"expected {form}")
    return parts


def _check_number(target: OptionValues) -> None:
    if target.option.number is None:
        raise ValueError(NO_NUMBERS)
