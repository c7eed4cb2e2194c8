"""docs/python.md: the reference part, from signatures and docstrings of what ``nncli`` exports."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import nncli

PLACE = re.compile(r"(<!-- reference -->\n).*?(<!-- end -->)", re.S)


def with_reference(text: str) -> str:
    """Return the page's text with the reference as it should be."""
    made = "\n".join(_reference())
    return PLACE.sub(lambda found: f"{found[1]}\n{made}\n{found[2]}", text)


def _reference() -> Iterator[str]:
    exported = [name for name in nncli.__all__ if not name.startswith("__")]
    functions = [name for name in exported if name[0].islower()]
    classes = [name for name in exported if name[0].isupper()]
    for name in functions:
        yield from _function(getattr(nncli, name), f"nncli.{name}", "###")
    for name in classes:
        yield from _class(getattr(nncli, name), name)


def _class(made: type, name: str) -> Iterator[str]:
    yield f"### nncli.{name}\n"
    yield _prose(made)
    rows = []
    for attribute, value in vars(made).items():
        if attribute.startswith("_"):
            continue
        if isinstance(value, property | cached_property):
            function = value.fget if isinstance(value, property) else value.func
            said = _prose(function).strip().removeprefix("Return ").rstrip(".")
            rows.append(f"| `{attribute}` | {said[:1].lower()}{said[1:]} |")
    if rows:
        yield "\n".join(["| attribute | |", "| --- | --- |", *rows, ""])
    for attribute, value in vars(made).items():
        if inspect.isfunction(value) and not attribute.startswith("_"):
            yield from _function(value, f"{name}.{attribute}", "####")


def _function(function: Any, name: str, level: str) -> Iterator[str]:
    signature = inspect.signature(function)
    shown = [_parameter(each) for each in signature.parameters.values() if each.name != "self"]
    kinds = [each.kind for each in signature.parameters.values()]
    first = next(
        (n for n, kind in enumerate(kinds) if kind is inspect.Parameter.KEYWORD_ONLY), None
    )
    if first is not None and inspect.Parameter.VAR_POSITIONAL not in kinds:
        shown.insert(first - ("self" in signature.parameters), "*")
    yield f"{level} {name}\n"
    yield f"```py\n{_call(name, shown)} -> {_type(signature.return_annotation)}\n```\n"
    yield _prose(function)


def _call(name: str, parameters: list[str]) -> str:
    line = f"{name}({', '.join(parameters)})"
    if len(line) <= 88:
        return line
    return "\n".join([f"{name}(", *(f"    {each}," for each in parameters), ")"])


def _parameter(given: inspect.Parameter) -> str:
    """Return a parameter without its type, which the text tells in words."""
    stars = {given.VAR_POSITIONAL: "*", given.VAR_KEYWORD: "**"}.get(given.kind, "")
    if given.default is given.empty:
        return f"{stars}{given.name}"
    default = "..." if callable(given.default) else repr(given.default)
    return f"{given.name}={default}"


def _type(annotation: Any) -> str:
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "None")
    return text.replace("NDArray[Any]", "ndarray")


def _prose(described: Any) -> str:
    """Return a docstring as Markdown."""
    text = inspect.getdoc(described) or ""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text).replace("``", "`")
    text = re.sub(r"docs/(\w+\.md)", r"[\1](\1)", text)
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n\n".join(map(_paragraph, paragraphs)) + "\n"


def _paragraph(text: str) -> str:
    """Return a paragraph in one line, or an example as it stands."""
    if text.startswith(">>>"):
        return "```py\n" + re.sub(r"^>>> ", "", text, flags=re.M) + "\n```"
    return " ".join(text.split())
