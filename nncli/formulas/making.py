"""From the text of a formula to a part of a network, and to a name of its own.

The kernels stand in a file in the cache folder, so that Numba keeps their machine code like that of
all others. What is run is the text as it has just been written, and never what the file may hold.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import sys
import tempfile
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nncli.errors import UsageError
from nncli.formulas.expression import X, expression
from nncli.formulas.functions import switches_of
from nncli.formulas.grammar import canonical
from nncli.formulas.kinks import kinks
from nncli.formulas.writing import activation_source, loss_source
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.jit import cache_folder
from nncli.kernels.losses import LOSSES
from nncli.kernels.losses.table import ANY_OUTPUT
from nncli.kernels.parts import Activation, Loss, Part, Table

P = TypeVar("P", bound=Part)

_SOURCE = "a formula of the user, differentiated by SymPy"


def activation(text: str) -> Activation:
    """Return the activation of a formula of ``x``; raises ValueError for what is none."""
    return _activation(canonical(text))


@functools.cache
def _activation(text: str) -> Activation:
    formula = expression(text, "activation")
    module = _load(activation_source(text, formula))
    switches = switches_of(formula)
    return Activation(
        name=text,
        equation=f"f(z) = {_in_words(text)}",
        source=_SOURCE,
        forward=module.forward,
        backward=module.backward,
        initializer="xavier",
        kinks=kinks(switches, X, module.switches) if switches else (),
    )


def loss(text: str) -> Loss:
    """Return the loss of a formula of ``p`` and ``y``: its mean over the outputs.

    Raises ValueError for what is no such formula.
    """
    return _loss(canonical(text, "loss"))


@functools.cache
def _loss(text: str) -> Loss:
    formula = expression(text, "loss")
    module = _load(loss_source(text, formula))
    count = len(switches_of(formula))
    return Loss(
        name=text,
        equation=f"L = mean_j {text}, for p = p_j and y = y_j",
        source=_SOURCE,
        kernel=module.loss,
        fused=False,
        outputs=ANY_OUTPUT,
        side=_side(module.switches, count) if count else None,
    )


def register_activation(name: str, text: str) -> Activation:
    """Make a formula an activation with a name, until the process ends.

    >>> nncli.register_activation("quick_gelu", "x*sigmoid(1.702*x)")
    >>> nncli.train("digits", act="quick_gelu")

    Raises UsageError for a name that is taken or no identifier, and for what is no formula.
    """
    return _register(ACTIVATIONS, activation, name, text)


def register_loss(name: str, text: str) -> Loss:
    """Make a formula a loss with a name, likewise."""
    return _register(LOSSES, loss, name, text)


def _register(table: Table[P], make: Callable[[str], P], name: str, text: str) -> P:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise UsageError(
            f"{name!r} is not fit for the list of {table.kind} names: expected small letters, "
            "digits and _, such as quick_gelu"
        )
    try:
        made = replace(make(text), name=name)
    except ValueError as error:
        raise UsageError(f"the formula {text!r}: {error}") from None
    if (taken := table.parts.get(name)) is not None:
        if taken == made:  # a cell of a notebook that is run again
            return taken
        raise UsageError(f"'{name}' is taken in the list of {table.kind} names: choose another")
    # what a spec stores is the formula: a run needs no name that only this process knows
    table.aliases[name] = canonical(text, table.kind)
    return table.add(made)


def _in_words(text: str) -> str:
    return re.sub(r"\bx\b", "z", text)


def _side(switches: Callable[..., None], count: int) -> Callable[..., Any]:
    """Return the function that tells the smooth pieces of a loss apart by a number, elementwise."""

    def piece(p: float, y: float) -> int:
        found = np.empty(count)
        switches(np.array([p, y]), found)
        return int(sum((1 + np.sign(each)) * 3**place for place, each in enumerate(found)))

    def side(p: Any, y: Any, settings: Any) -> Any:
        return np.vectorize(piece, otypes=[np.int64])(p, y)

    return side


def _load(source: str) -> types.ModuleType:
    """Return the module of kernels with this source, kept in a file that is named by its hash."""
    digest = hashlib.sha256(source.encode()).hexdigest()[:32]
    name = f"nncli_formula_{digest}"
    if name not in sys.modules:
        path = _keep(source, f"{digest}.py")
        module = types.ModuleType(name)
        module.__file__ = str(path)
        exec(compile(source, path, "exec"), module.__dict__)  # ours, written from a checked tree
        # where Numba looks for the globals of machine code out of its cache
        sys.modules[name] = module
    return sys.modules[name]


def _keep(source: str, name: str) -> Path:
    """Write a file of kernels unless it is there as it should be; return its path."""
    try:
        return _write(cache_folder() / "formulas", source, name)
    except OSError:
        return _write(Path(_temporary_folder().name), source, name)


def _write(folder: Path, source: str, name: str) -> Path:
    path = folder / name
    content = source.encode()
    try:
        if path.read_bytes() == content and path.stat().st_mtime == 0:
            return path
    except OSError:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as stream:
        stream.write(content)
    # Numba goes by the time of the file: processes that write the same must write the same time
    os.utime(stream.name, (0, 0))
    os.replace(stream.name, path)
    return path


@functools.cache
def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that lives, by the reference held in the memo, until the process ends."""
    return tempfile.TemporaryDirectory(prefix="nncli-formulas-")
