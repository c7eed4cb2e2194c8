"""The options of an experiment on the command line, made from the fields of its spec.

Everything about an option is declared in :class:`nncli.spec.Spec`; here it becomes a parameter of a
command. Values stay text until the spec reads them, so that a wrong one gives the same error from
the command line, a TOML file and Python.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import Field, fields
from typing import Annotated, Any

import typer

from nncli.cli.completion import complete_choice, complete_data, complete_file
from nncli.data import BUILTINS
from nncli.options import boolean, default_of, flag_of, option_of
from nncli.spec import Spec

#: Choices longer than this are listed in the help instead of the option's placeholder.
SHORT_CHOICES = 18

#: Options whose value may be a file.
FILES = ("val", "test")


def with_spec_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Put the options of a spec before those that ``function`` has, for Typer to see.

    ``function`` takes its own options as keywords, and those of the spec in ``**given``.
    """
    own = [
        parameter
        for parameter in inspect.signature(function, eval_str=True).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    function.__signature__ = inspect.Signature([*spec_parameters(), *own])  # type: ignore[attr-defined]
    return function


def spec_parameters() -> list[inspect.Parameter]:
    """Return a parameter for every option of a spec; ``data`` is the only argument."""
    return [_parameter(each) for each in fields(Spec)]


def _parameter(declared: Field[Any]) -> inspect.Parameter:
    name, option = declared.name, option_of(declared)
    if name == "data":
        shown: Any = typer.Argument(
            help=f"{_help(declared)}; built in are {', '.join(BUILTINS)}",
            metavar=option.metavar,
            autocompletion=complete_data,
            show_default=False,
        )
    elif option.read is boolean:
        shown = typer.Option(
            flag_of(name), help=option.help, rich_help_panel=option.group, show_default=False
        )
    else:
        shown = typer.Option(
            flag_of(name),
            help=_help(declared),
            metavar=_metavar(option.metavar, option.choices),
            rich_help_panel=option.group,
            autocompletion=_completion(name, option.choices),
            show_default=False,
        )
    kind = bool if option.read is boolean else str
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, shown],
    )


def _help(declared: Field[Any]) -> str:
    option, default = option_of(declared), default_of(declared)
    text = option.help
    if option.choices is not None and _metavar("", option.choices) == "NAME":
        text += f": {', '.join(option.choices())}"
    if default is not None and "(default" not in text:
        parts = default if isinstance(default, tuple) else (default,)
        shown = ",".join(f"{each:g}" if isinstance(each, float) else str(each) for each in parts)
        text += f" [default: {shown}]"
    return text


def _metavar(declared: str, choices: Callable[[], Iterable[str]] | None) -> str:
    if choices is None:
        return declared
    joined = "|".join(choices())
    return joined if len(joined) <= SHORT_CHOICES else "NAME"


def _completion(
    name: str, choices: Callable[[], Iterable[str]] | None
) -> Callable[[str], list[str]] | None:
    if choices is not None:
        return complete_choice(choices)
    return complete_file if name in FILES else None
