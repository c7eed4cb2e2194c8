"""What a sweep is: its space, its seeds, how it is searched and what is sought.

Two ways of asking for the same sweep have one hash, by which a sweep that is started again is
found. How many trials a sampler is to draw is not part of it: a sweep can be asked to go on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from nncli.errors import UsageError
from nncli.options import whole
from nncli.spec import Spec
from nncli.sweeps.search.guides import sampler_name
from nncli.sweeps.search.objectives import Objective, read_objective
from nncli.sweeps.space.about import About
from nncli.sweeps.space.space import Space

#: More seeds than this are a slip of the keyboard.
MOST_SEEDS = 100_000


@dataclass(frozen=True)
class Definition:
    """A sweep as it was asked for, checked. ``sampler`` ``None`` is a grid, or random with trials.

    ``objectives`` are texts as people write them; none means the validation loss. ``about`` is what
    the sweep is about, if it is an experiment. Raises UsageError for arms that are no grid.
    """

    space: Space
    seeds: tuple[int, ...] = (0,)
    sampler: str | None = None
    trials: int | None = None
    sampler_seed: int = 0
    pruner: str | None = None
    objectives: tuple[str, ...] = ()
    about: About | None = None

    def __post_init__(self) -> None:
        name = sampler_name(self.sampler, self.trials)
        if self.space.arms and name != "grid":
            what = f"sampler {name}" if self.sampler else f"{self.trials} trials"
            raise UsageError(
                f"arms with {what}: arms are tried one by one, so expected a grid; leave out "
                "sampler and trials, or write a file without [[arm]]"
            )

    @property
    def runs(self) -> int | None:
        """How many runs it asks for, ``None`` where that is not known beforehand."""
        trials = self.space.count() if self.trials is None else self.trials
        return None if trials is None else trials * len(self.seeds)

    @property
    def is_watched(self) -> bool:
        """Return whether the layers of its runs are watched."""
        axis = self.space.axes.get("diagnose")
        return axis is not None and any(value is True for value in axis.values())

    def to_json(self) -> dict[str, Any]:
        """Return the definition as JSON values."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values["space"] = self.space.to_json()
        del values["about"]
        return values if self.about is None else {**values, "about": self.about.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Definition:
        """Read what :meth:`to_json` wrote; what else is in ``values`` is left alone."""
        known = {each.name: values[each.name] for each in fields(cls) if each.name != "about"}
        lists = {name: tuple(values[name]) for name in ("seeds", "objectives")}
        about = About.from_json(values["about"]) if values.get("about") else None
        space = Space.from_json(values["space"])
        return cls(**{**known, **lists, "space": space, "about": about})

    @classmethod
    def of_stored(cls, text: str) -> Definition | None:
        """Read the definition of a stored sweep; None where somebody has made it unreadable."""
        try:
            return cls.from_json(json.loads(text))
        except (ValueError, LookupError, TypeError, UsageError):
            return None

    def hash(self, data_hashes: Mapping[str, str]) -> str:
        """Return the SHA-256 of what is searched and how, on data of these hashes by name.

        The order of the axes counts, which is that of the trials, but for those with one value.
        What the sweep is about does not.
        """
        values = {**self.to_json(), "data": dict(data_hashes)}
        del values["trials"]
        values.pop("about", None)
        varied = [axis for axis in values["space"]["axes"] if axis[0] in self.space.varied]
        fixed = [axis for axis in values["space"]["axes"] if axis not in varied]
        values["space"]["axes"] = varied + sorted(fixed, key=lambda axis: str(axis[0]))
        text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def read_objectives(self) -> tuple[Objective, ...]:
        """Return the objectives that were named."""
        return tuple(read_objective(text) for text in self.objectives)

    def spec(self, params: Mapping[str, Any], seed: int) -> Spec:
        """Return the spec of a trial's run. Raises UsageError for values that do not fit."""
        return Spec.read({**params, "seed": seed})


def read_seeds(given: Any) -> tuple[int, ...]:
    """Read ``10``, for the seeds 0 to 9, or a list such as ``3,5,9``.

    Raises UsageError for anything else, and for a seed that is named twice.
    """
    expected = "expected how many, such as 10, or a list, such as 3,5,9"
    try:
        if isinstance(given, str) and "," in given:
            found = tuple(whole(0)(part.strip()) for part in given.split(",") if part.strip())
        elif isinstance(given, list | tuple):
            found = tuple(whole(0)(part) for part in given)
        else:
            found = tuple(range(whole(1, MOST_SEEDS)(given)))
    except ValueError as error:
        raise UsageError(f"--seeds is {given!r} ({error}): {expected}") from None
    if not found or len(set(found)) < len(found):
        raise UsageError(f"--seeds is {given!r}: {expected}, each seed once")
    return found
