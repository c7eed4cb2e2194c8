"""From whatever goes wrong to a message and an exit code: the only place that formats errors.

``error: ...`` goes to standard error; with ``--json`` an object goes to standard output as well. A
traceback is shown only for a fault of nncli itself, and only when ``NNCLI_DEBUG`` is set: to most
people it is noise, and whoever can use one can set the variable and run again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from nncli.cli.output import print_error, print_json
from nncli.errors import NncliError, UsageError, did_you_mean


class Interrupted(NncliError):
    """The user stopped the command before anything was stored."""

    exit_code = 130


class ReaderGone(Exception):
    """Who reads the output has read enough and closed it, as ``head`` does."""


def guarded(body: Callable[[], Any], *, path: str, as_json: bool) -> int:
    """Run ``body`` and return the exit code: what it returns, or what its failure asks for.

    ``path`` is the command as messages name it, such as ``nncli train``.
    """
    _make_streams_safe()
    try:
        code = int(body() or 0)
        sys.stdout.flush()
        return code
    except (BrokenPipeError, ReaderGone):
        _discard_output()
        return 0
    except Exception as error:
        told = explain(error, path)
    try:
        print_error(str(told))
        if as_json:
            print_json({"error": str(told), "exit_code": told.exit_code})
        sys.stdout.flush()
    except OSError:  # the reader is gone, or the disk behind standard output is full
        _discard_output()
    return told.exit_code


def explain(error: Exception, path: str) -> NncliError:
    """Return ``error`` as one with a message for people."""
    if isinstance(error, NncliError):
        return error
    if hasattr(error, "format_message"):  # every error of Typer's parser has it
        return _explain_usage(error, path)
    if isinstance(error, MemoryError):
        return NncliError(
            f"not enough memory ({error or 'nothing left'}): choose a smaller network, a smaller "
            "--batch-size or fewer --columns"
        )
    if os.environ.get("NNCLI_DEBUG"):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return NncliError(f"{place}{error.strerror[0].lower()}{error.strerror[1:]}")
    return NncliError(
        f"unexpected {type(error).__name__}: {error}; this is a fault of nncli: run it again "
        "with NNCLI_DEBUG=1 for the traceback, and report it"
    )


def _explain_usage(error: Any, path: str) -> NncliError:
    """Say in nncli's own style what Typer's parser found wrong."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return UsageError(f"no command was given\n\n{error.format_message()}")
    flag = getattr(error, "option_name", None)
    if flag is not None and context is not None and type(error).__name__ == "NoSuchOption":
        known = [name for each in context.command.get_params(context) for name in each.opts]
        near = did_you_mean(flag, known)
        return UsageError(f"unknown option '{flag}' of {path}{near}: see {path} --help")
    if type(error).__name__ == "MissingParameter" and error.param is not None:
        return UsageError(
            f"{path} needs {error.param.metavar or error.param.name}, which was not given: see "
            f"{path} --help"
        )
    message = error.format_message().rstrip(".")
    return UsageError(f"{message[0].lower()}{message[1:]}: see {path} --help")


def _make_streams_safe() -> None:
    """Give a closed standard stream a place to go, and let no character fail to be printed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 (for the rest of the process)
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Point standard output to nowhere, so that Python does not fail on it at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # a stream without a file behind it, in tests and notebooks
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
