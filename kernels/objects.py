"""Machine code between processes: object files, which LLVM loads without Numba.

What Numba has compiled for a kernel and a signature needs nothing but the C library. It is kept as
an object file beside a line that says how it is called, so that a process whose code is all there
never imports Numba: a third of the time to start. Loading takes LLVM a few milliseconds.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import json
import os
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nncli.kernels.jit import cache_folder, object_code, usual_folder

#: Modules whose code is known by name: the cache folder stands for all sources of the former, and
#: the latter are named by a hash of theirs.
KNOWN = ("nncli.kernels.", "nncli_formula_")


@dataclass(frozen=True)
class Code:
    """Native code as LLVM finds it: its ``symbol``, and the layout of what it takes and returns.

    ``takes`` and ``returns`` name a scalar each: ``i`` (64 bits), ``?`` (bool) or ``d`` (double);
    or an array, such as ``<f4:2`` for two axes.
    """

    symbol: str
    takes: tuple[str, ...]
    returns: tuple[str, ...]


def address_of(kernel: str | Callable[..., Any], signature: str, dtype: str) -> int:
    """Return the address at which native code calls a kernel, compiled if it is not kept.

    ``kernel`` is a function or its ``module:name``, ``signature`` a field of
    :class:`~nncli.kernels.signatures.Signatures`. Functions of formulas count by their module,
    whose name is a hash of what is in it.
    """
    return load(kernel, signature, dtype)[0]


def load(kernel: str | Callable[..., Any], signature: str, dtype: str) -> tuple[int, Code]:
    """Return the address of a kernel's code likewise, and how it is called."""
    if isinstance(kernel, str):
        return _loaded(kernel, signature, dtype)
    if not kernel.__module__.startswith(KNOWN):
        return _made(kernel, signature, dtype)
    return _loaded(f"{kernel.__module__}:{kernel.__qualname__}", signature, dtype)


@functools.cache
def _made(kernel: Callable[..., Any], signature: str, dtype: str) -> tuple[int, Code]:
    """Compile a kernel that somebody has added, whose name says nothing of what is in it."""
    code, content = _compile(kernel, signature, dtype)
    return _place(code, content), code


@functools.cache
def _loaded(name: str, signature: str, dtype: str) -> tuple[int, Code]:
    identity = f"{name} {signature} {dtype} {_processor()}"
    place = Path("objects") / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.o"
    kept = _read(usual_folder() / place, identity) or _read(cache_folder() / place, identity)
    if kept is None:
        module, _, function = name.partition(":")
        kernel = getattr(importlib.import_module(module), function)
        kept = _compile(kernel, signature, dtype)
        _keep(cache_folder() / place, identity, *kept)
    code, content = kept
    return _place(code, content), code


def _place(code: Code, content: bytes) -> int:
    """Put an object file into memory; return the address of its function."""
    from llvmlite import binding

    engine = _engine()
    engine.add_object_file(binding.ObjectFileRef.from_data(content))
    return int(engine.get_function_address(code.symbol))


@functools.cache
def _engine() -> Any:
    """Return the part of LLVM that places object files in memory; it lives as long as we do."""
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_triple(binding.get_process_triple())
    nothing = binding.parse_assembly("")
    return binding.create_mcjit_compiler(nothing, target.create_target_machine(jit=True))


@functools.cache
def _processor() -> str:
    """Return what the code was made for: a home folder may be shared by different machines."""
    from llvmlite import binding

    settings = sorted(item for item in os.environ.items() if item[0].startswith("NUMBA_"))
    with suppress(OSError):  # the other place where Numba is told what to do
        settings.append(("file", Path(".numba_config.yaml").read_text(errors="replace")))
    machine = f"{binding.get_process_triple()} {binding.get_host_cpu_name()}"
    return f"{machine} {binding.get_host_cpu_features().flatten()} {settings}"


def _compile(kernel: Callable[..., Any], signature: str, dtype: str) -> tuple[Code, bytes]:
    from nncli.kernels.signatures import layout, signatures

    arguments = getattr(signatures(dtype), signature)
    symbol, content, returned = object_code(kernel, arguments)
    return Code(symbol, layout(arguments), layout([returned])), content


def _read(path: Path, identity: str) -> tuple[Code, bytes] | None:
    """Return what a file keeps; None if there is none, it is not whole, or it is of other code."""
    try:
        line, _, content = path.read_bytes().partition(b"\n")
        head = json.loads(line)
        if head["of"] != identity or head["sha256"] != hashlib.sha256(content).hexdigest():
            return None
        return Code(head["symbol"], tuple(head["takes"]), tuple(head["returns"])), content
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _keep(path: Path, identity: str, code: Code, content: bytes) -> None:
    """Write a file that :func:`_read` reads; that it cannot be written costs a warning."""
    head = {"of": identity, **asdict(code), "sha256": hashlib.sha256(content).hexdigest()}
    beside = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_bytes(json.dumps(head).encode() + b"\n" + content)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        warnings.warn(
            f"machine code cannot be kept in {path.parent} ({error.strerror}): it is compiled anew "
            "in every process; make room there, or set NNCLI_CACHE to another folder",
            stacklevel=2,
        )
