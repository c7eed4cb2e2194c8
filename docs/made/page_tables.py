"""The tables of README.md and of the pages that follow from the code.

Each stands between ``<!-- table NAME -->`` and ``<!-- end -->``: the names of all parts, the
systems with their commands, the parts with their formulas. ``make_pages.py`` writes them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.initializers import INITIALIZERS
from nncli.kernels.losses import LOSSES
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.kernels.parts import Activation, Loss, Optimizer, Part, Table
from nncli.kernels.schedules import SCHEDULES

SYSTEMS = Path(__file__).with_name("systems.toml")
PLACE = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.S)


def with_tables(text: str) -> str:
    """Return a page's text with every table as it should be."""
    made = tables()
    return PLACE.sub(lambda found: f"{found[1]}{chr(10).join(made[found[2]])}\n{found[3]}", text)


def tables() -> dict[str, list[str]]:
    """Return the lines of every table by name."""
    return {
        "names": _names(),
        "systems": _systems(),
        "activations": _parts(ACTIVATIONS, _activation_note),
        "losses": _parts(LOSSES, _loss_note),
        "optimizers": _parts(OPTIMIZERS, _optimizer_note),
        "initializers": _parts(INITIALIZERS, lambda part: part.source),
    }


def _names() -> list[str]:
    kinds = {
        "activations": [_named(each) for each in ACTIVATIONS.parts.values()],
        "losses": [_named(each) for each in LOSSES.parts.values()],
        "optimizers": OPTIMIZERS.names(),
        "initializers": [_named(each) for each in INITIALIZERS.parts.values()],
        "schedules": list(SCHEDULES),
    }
    return _table(("kind", "names"), ([kind, ", ".join(names)] for kind, names in kinds.items()))


def systems() -> list[dict[str, str]]:
    """Return the systems with their commands."""
    return tomllib.loads(SYSTEMS.read_text(encoding="utf-8"))["system"]


def _systems() -> list[str]:
    rows = ([each["id"], each["what"], f"`{each['command']}`"] for each in systems())
    return _table(("id", "what", "command that shows it"), rows)


def _parts(table: Table[Part], note) -> list[str]:  # type: ignore[no-untyped-def]
    rows = (
        [f"`{_named(part)}`", f"`{part.equation}`", note(part)] for part in table.parts.values()
    )
    return _table(("name", "formula", "from"), rows)


def _named(part: Part) -> str:
    value = getattr(part, "value", None)
    return part.name if value is None else f"{part.name}:{value:g}"


def _activation_note(part: Activation) -> str:
    where = "" if part.hidden else "; output only"
    return part.source + where


def _loss_note(part: Loss) -> str:
    return f"{part.source}; {', '.join(part.outputs)}"


def _optimizer_note(part: Optimizer) -> str:
    uses = ", ".join(f"{name} {value:g}" for name, value in part.uses.items())
    return f"{part.source}; {uses}" if uses else part.source


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    names = list(head)
    cells = [[each.replace("|", "\\|") for each in row] for row in rows]
    lines = [names, ["---"] * len(names), *cells]
    return [f"| {' | '.join(line)} |" for line in lines]
