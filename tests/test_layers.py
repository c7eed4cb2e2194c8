"""Imports run one way: cli -> report, sweep, runner, store -> spec, data, model -> kernels."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: Units by height; a unit imports lower ones, itself, and those of ``PEERS``.
HEIGHTS = {
    # leaves: what everybody may use
    "errors": 0,
    "kernels": 0,
    "options": 1,
    "predicates": 1,  # conditions that people write
    "events": 1,
    "metrics": 1,  # as reports name them
    "tables": 0,  # columns of values
    "statistics": 2,  # of samples
    "environment": 1,
    # what an experiment is
    "formulas": 2,  # activations and losses that users write
    "choices": 3,  # parts as people name them
    "reading": 4,  # of options' values
    "spec": 5,
    "data": 4,
    "resolving": 6,  # of a spec's open choices
    "model": 6,  # of a spec
    # what is done with it
    "arrays": 7,  # of a model, for the kernels
    "layerwise": 7,
    "weight_statistics": 7,
    "lsuv": 8,
    "starting": 9,  # a run's key and first weights
    "vetting": 10,
    "diagnosis": 8,  # what the layers do while they train
    "piecewise": 8,
    "gradcheck": 10,
    "trainer": 10,
    "lbfgs": 11,
    "runner": 12,
    "store": 5,
    "stored": 12,  # models as they are stored
    "report": 13,
    "serving": 14,  # a report on a local web page
    "planning": 13,  # spec to data, network and the row of a run
    "recorder": 14,  # a runner's events into the store
    "inference": 13,
    "experiment": 15,  # joins runner and store
    "proving": 16,  # joins gradient checks and store
    "inspecting": 16,
    "lr_find": 16,
    "looking": 16,  # what a trained network says of its data, to be drawn
    "exporting": 16,  # networks for other programs
    "claims": 3,  # what runs are expected to show, and whether samples show it
    "sweeps": 17,  # many runs
    "frames": 17,  # stored runs as pandas frames
    "judging": 18,  # claims on stored runs
    "experimenting": 19,  # the experiments that nncli ships
    "python": 20,  # the Python interface, which nncli itself offers
    "": 21,
    "cli": 22,
}

#: Arrows between units of different heights that are forbidden nevertheless.
FORBIDDEN = {
    "spec": {"data", "kernels.jit"},
    "data": {"spec", "model", "kernels"},
    "store": {"runner", "trainer", "spec", "model", "data", "kernels"},
    "runner": {"store"},
    "trainer": {"store"},
    "report": {"runner", "trainer", "kernels", "cli"},
    "statistics": {"store", "report", "kernels"},
    "serving": {"runner", "trainer", "kernels"},
    "errors": {"kernels"},
    "options": {"kernels"},
    "events": {"kernels"},
}

#: What may not be imported for the tables, the spec or the help; numba is heavy, numpy not small.
HEAVY = (
    *("numba", "numpy", "scipy", "sympy", "pandas"),
    *("sqlalchemy", "alembic", "llvmlite", "plotext"),
)


def sources() -> Iterator[tuple[str, Path]]:
    """Module names and files of the package and of the folder of kernels."""
    for folder, package in ((ROOT / "nncli", "nncli"), (ROOT / "kernels", "nncli.kernels")):
        for path in sorted(folder.rglob("*.py")):
            if not (package == "nncli" and "kernels" in path.relative_to(folder).parts):
                inner = path.relative_to(folder).with_suffix("").parts
                inner = inner[:-1] if inner[-1] == "__init__" else inner
                yield ".".join((package, *inner)), path


MODULES = dict(sources())


def unit_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def imports(module: str, path: Path, at_start: bool = False) -> Iterator[str]:
    """All modules of nncli that a file imports, also inside functions and for types alone.

    With ``at_start`` those alone that are imported when the file is.
    """
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    tree = ast.parse(path.read_text())
    for node in tree.body if at_start else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name.split(".")[0] == "nncli")
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level
            base = importlib.util.resolve_name(dots + (node.module or ""), package)
            if base.split(".")[0] == "nncli":
                for each in node.names:
                    inner = f"{base}.{each.name}"
                    yield inner if inner in MODULES else base


ARROWS = [(module, found) for module, path in MODULES.items() for found in imports(module, path)]


def test_there_is_something_to_check() -> None:
    assert ("nncli.trainer", "nncli.model") in ARROWS
    assert ("nncli.spec", "nncli.kernels.losses") in ARROWS
    assert len(MODULES) > 30


def test_every_package_is_installed() -> None:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        listed = tomllib.load(stream)["tool"]["setuptools"]["packages"]
    found = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    data = {"nncli.experiments", "nncli.experiments.published"}
    assert set(listed) == found | data


def test_every_unit_has_a_height() -> None:
    assert {unit_of(module) for module in MODULES} <= set(HEIGHTS)


def arrows_against_the_order() -> list[str]:
    wrong = []
    for module, found in ARROWS:
        lower, upper = unit_of(found), unit_of(module)
        inside = lower == upper
        refused = any(
            found == f"nncli.{each}" or found.startswith(f"nncli.{each}.")
            for each in FORBIDDEN.get(upper, ())
        )
        harmless = found == "nncli" or inside  # the version stands in nncli itself
        if refused or (not harmless and HEIGHTS[lower] >= HEIGHTS[upper]):
            wrong.append(f"{module} imports {found}")
    return wrong


def test_no_arrow_runs_against_the_order() -> None:
    assert not arrows_against_the_order()


@pytest.mark.parametrize(
    ("module", "found"),
    [
        *(("nncli.kernels.loop", "nncli.spec"), ("nncli.runner", "nncli.store.store")),
        *(("nncli.store.store", "nncli.trainer"), ("nncli.data.files", "nncli.spec")),
        *(("nncli.report.text", "nncli.cli"), ("nncli.errors", "nncli.options")),
    ],
)
def test_a_wrong_arrow_is_found(module: str, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ARROWS", [(module, found)])
    assert arrows_against_the_order() == [f"{module} imports {found}"]


def test_units_do_not_import_each_other_in_a_circle() -> None:
    """Heights forbid it between units; inside a unit no two modules need each other to start."""
    direct = {
        (module, found)
        for module, path in MODULES.items()
        if path.name != "__init__.py"
        for found in imports(module, path, at_start=True)
    }
    assert not {(a, b) for a, b in direct if (b, a) in direct and a != b}


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    "statement",
    [
        "import nncli",
        "import nncli.spec as s, nncli.resolving as r; "
        "r.resolve(s.Spec.read({'act': 'tanh'}), 'binary')",
        "import nncli.events, nncli.options, nncli.errors",
        "import nncli.kernels.activations, nncli.kernels.losses, nncli.kernels.optimizers",
        "import nncli.kernels.initializers, nncli.kernels.schedules, nncli.kernels.hyper",
    ],
)
def test_reading_the_tables_loads_nothing_heavy(statement: str) -> None:
    assert not loaded_by(statement) & set(HEAVY)


def test_the_command_line_starts_light() -> None:
    assert not loaded_by("import nncli.cli.app") & set(HEAVY)


def test_loading_the_loop_s_parts_does_not_compile() -> None:
    """Nothing has an eager signature: dispatchers are made when they are asked for."""
    code = (
        "import nncli.kernels.loop, nncli.kernels.assemble, nncli.kernels.polynomials\n"
        "from nncli.kernels import jit\n"
        "assert jit._dispatcher.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
