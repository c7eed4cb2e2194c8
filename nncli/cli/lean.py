"""What makes the program start and end sooner than the library could: the process is its own."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any


class WithoutBlas(MetaPathFinder):
    """Keeps Numba from loading SciPy's linear algebra while it looks whether there is a BLAS.

    No kernel calls BLAS through Numba, and whatever else wants SciPy finds it. Loading it takes
    0.15 s, an eighth of a small run's time from start to end.
    """

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Refuse to find the module while Numba's own module that asks for it is being loaded."""
        asking = sys.modules.get("numba.np.arraymath")
        if name == "scipy.linalg" and asking is not None and not hasattr(asking, "_HAVE_BLAS"):
            raise ModuleNotFoundError("left out: nncli calls no BLAS through Numba", name=name)
        return None


def take_as_given(parameters: Iterable[Any]) -> None:
    """Let parameters of a command that are texts or flags be what was given.

    Typer would load Pydantic, a tenth of the time of a small run, to find that a text is a text.
    Where a version of Typer knows no other way, it does so.
    """
    try:
        from typer._coercion import RuntimeParam
    except ImportError:
        return

    class AsGiven(RuntimeParam):
        def _coerce_value(self, value: Any, param: Any, ctx: Any) -> Any:
            return list(value) if isinstance(value, tuple) else value

    for parameter in parameters:
        kind = getattr(parameter, "type_descriptor", None)
        if kind is not None and kind.annotation in (str, bool, list[str]):
            parameter._runtime_param = AsGiven(kind.parameter_info, kind.annotation)


@contextmanager
def lean() -> Iterator[None]:
    """Run the program so that it spends no time on what it does not need.

    The collector of cycles would walk through all that was imported again and again, and once more
    at the end, where everything goes anyway: a third of a second of a small sweep.
    """
    gc.set_threshold(50_000, 20, 100)
    sys.meta_path.insert(0, WithoutBlas())
    try:
        yield
    finally:
        gc.freeze()
