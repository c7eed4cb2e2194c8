"""How kernels become native code: every compile option and the disk cache are decided here alone.

A kernel is a plain Python function marked with :func:`kernel`. It can be called as it is, which is
how tests run it without the compiler. :func:`native` compiles it, and every kernel it calls,
and memoizes the result. Numba is imported at the first :func:`native`, never before, so reading
the tables of parts costs nothing.

The code is cached on disk, in a folder named by a hash of all kernel sources and the
versions of Numba and Python: Numba looks only at the file of the compiled function itself and would
otherwise run stale code after a change in a file that it calls.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import importlib
import importlib.metadata
import os
import sys
import tempfile
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

#: ``nnan`` and ``ninf`` are absent on purpose: a run that diverges must be seen to diverge.
FASTMATH = {"contract", "reassoc", "nsz", "arcp", "afn"}

OPTIONS = {
    "cache": True,
    "_nrt": False,  # kernels only borrow arrays: counting references took half of a small update
    "nogil": True,  # runs of a sweep and the ranks of one run share the process
    "error_model": "numpy",  # x / 0 is inf, as in NumPy; no branch in the inner loops
    "fastmath": FASTMATH,
}


_one_thread = threading.RLock()


def kernel(function: F) -> F:
    """Mark a plain function as compilable; kernels that it names are compiled with it."""
    function.__nncli_kernel__ = True  # type: ignore[attr-defined]
    return function


def native_twin(path: str) -> Callable[[F], F]:
    """Mark a Python function whose native code is something else, named as ``module:function``.

    The twin is another kernel or an intrinsic of Numba.
    Its module is imported when native code is made, so that it may import Numba.
    """

    def mark(function: F) -> F:
        function.__nncli_twin__ = path  # type: ignore[attr-defined]
        return kernel(function)

    return mark


def exact(function: F) -> F:
    """Mark a kernel whose order of rounding matters: it is compiled without reassociation."""
    function.__nncli_exact__ = True  # type: ignore[attr-defined]
    return kernel(function)


class Role(Enum):
    """Who calls a kernel: wrappers that nobody needs would double the time to compile it."""

    ENTRY = "entry"  #: Python, by Numba
    INNER = "inner"  #: the native code of another kernel, into which it is compiled
    SLOT = "slot"  #: whoever has its address; its object file is kept, see ``objects``


def native(function: Callable[..., Any], role: Role = Role.ENTRY) -> Any:
    """Return the Numba dispatcher of a kernel; nothing is compiled until it gets a signature.

    The dispatcher is made from a copy of the function whose global names that stand for kernels
    are bound to their dispatchers. They must be globals: a closure over a dispatcher would miss
    the disk cache in every process.
    """
    return _dispatcher(function, role)


@functools.cache
def _dispatcher(function: Callable[..., Any], role: Role) -> Any:
    import numba

    twin = getattr(function, "__nncli_twin__", None)
    if twin is not None:
        module, name = twin.split(":")
        found = getattr(importlib.import_module(module), name)
        return native(found, role) if isinstance(found, types.FunctionType) else found
    code = function.__code__
    names = dict(function.__globals__)
    for name in _globals_of(code):
        if getattr(names.get(name), "__nncli_kernel__", False):
            names[name] = native(names[name], Role.INNER)
    copy = types.FunctionType(code, names, function.__name__)
    copy.__qualname__ = function.__qualname__
    copy.__module__ = function.__module__
    options = {
        **OPTIONS,
        "cache": role is not Role.SLOT,  # kept by us
        "no_cpython_wrapper": role is not Role.ENTRY,
        "no_cfunc_wrapper": True,
    }
    if getattr(function, "__nncli_exact__", False):
        options["fastmath"] = FASTMATH - {"reassoc", "afn", "arcp"}
    # Numba chooses the cache folder while it decorates: ours is set for that moment only,
    # so that other Numba code of the process keeps its own. Numba does not tell roles apart.
    # Kernels are compiled even where NUMBA_DISABLE_JIT turns that off: the loop calls addresses.
    config = numba.config
    previous = config.CACHE_DIR, config.DISABLE_JIT
    config.CACHE_DIR, config.DISABLE_JIT = str(cache_folder() / role.value), 0
    try:
        return numba.njit(**options)(copy)
    finally:
        config.CACHE_DIR, config.DISABLE_JIT = previous


def _globals_of(code: types.CodeType) -> set[str]:
    """Return the global names that a function reads."""
    return {each.argval for each in dis.get_instructions(code) if each.opname == "LOAD_GLOBAL"}


def object_code(function: Callable[..., Any], arguments: Any) -> tuple[str, bytes, Any]:
    """Compile a kernel for Numba types; return its symbol, an object file, and the return type.

    The object needs nothing of Numba: it names functions of the C library alone.
    """
    dispatcher = native(function, Role.SLOT)
    dispatcher.compile(arguments)
    result = dispatcher.overloads[arguments]
    _, _, (code, _) = result.library.serialize_using_object_code()
    return result.fndesc.llvm_func_name, code, result.signature.return_type


@functools.cache
def usual_folder() -> Path:
    """Return the folder of compiled kernels, which may be there already, filled and read-only.

    ``NNCLI_CACHE`` moves the cache.
    """
    import platformdirs

    root = os.environ.get("NNCLI_CACHE") or platformdirs.user_cache_dir("nncli", appauthor=False)
    return Path(root) / "kernels" / sources_hash()


@functools.cache
def cache_folder() -> Path:
    """Return that folder if it can be written to; else a temporary one, with a warning."""
    folder = usual_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        warnings.warn(
            f"cannot write to the cache folder {folder} ({error.strerror}): kernels are compiled "
            "anew in every process; set NNCLI_CACHE to a writable folder",
            stacklevel=2,
        )
        return Path(_temporary_folder().name)


@functools.cache
def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that lives, by the reference held in the memo, until the process ends."""
    return tempfile.TemporaryDirectory(prefix="nncli-kernels-")


@functools.cache
def sources_hash() -> str:
    """Return the hash of all kernel sources and of the versions that shape their machine code."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    for part in (sys.version, importlib.metadata.version("numba"), repr(sorted(FASTMATH))):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:16]


def is_cached(key: str) -> bool:
    """Return whether all that ``key`` names has been compiled on this machine before."""
    name = f"{key}.ready"
    return (usual_folder() / name).exists() or (cache_folder() / name).exists()


@contextmanager
def compile_lock(*keys: str) -> Iterator[None]:
    """Let one process at a time compile what ``keys`` name, and one thread of it at a time.

    Processes that start together wait for the first and then load what it has compiled; once it is
    cached, they do not wait for each other. Threads do: Numba's dispatchers are not made for two.
    """
    with _one_thread:
        if all(is_cached(key) for key in keys):
            yield
            return
        from filelock import FileLock

        # one lock for all keys: different networks share most kernels
        with FileLock(cache_folder() / "compile.lock"):
            yield
            for key in keys:
                (cache_folder() / f"{key}.ready").touch()
