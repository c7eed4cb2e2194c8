"""The whole document as one JSON object, with a list of objects a table.

JSON has neither NaN nor infinities: they become null, as what was not measured is. So that they can
be told apart, an object that held such values names them in ``nonfinite``, as in ``{"mean": null,
"nonfinite": {"mean": "nan"}}``; the key is left out where all is finite. Of objects within an
object it names the path, as in ``metrics.val_loss``; each object of a list has its own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from nncli.report.formats.document import Document

#: Ends of lines to Unicode that JSON allows in texts as they are.
_LINE_ENDS = {ord(each): f"\\u{ord(each):04x}" for each in "\x85\u2028\u2029"}


def write(document: Document) -> str:
    """Return the document as JSON; ``docs/report.schema.json`` says how it is made."""
    return "".join(pieces(document))


def pieces(document: Document) -> Iterator[str]:
    """Yield the text part by part: all objects of a large store at once would take a gigabyte."""
    yield "{"
    for name in document.tables:
        yield f"{json.dumps(name)}: ["
        for place, each in enumerate(rows(document, name)):
            yield f"{', ' if place else ''}{line_of(each)}"
        yield "], "
    about = {name: value for name, value in document.about.items() if value is not None}
    yield line_of({**about, "notes": list(document.notes)})[1:] + "\n"


def rows(document: Document, name: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of one table."""
    objects = document.records.get(name)
    return map(record, document.tables[name].records() if objects is None else objects())


def line_of(found: Any) -> str:
    """Return a value as JSON in one line, whatever a reader takes for the end of one."""
    return json.dumps(found, ensure_ascii=False).translate(_LINE_ENDS)


def record(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object that JSON can hold."""
    odd: dict[str, str] = {}
    found = {name: _plain(value, name, odd) for name, value in values.items()}
    return {**found, "nonfinite": odd} if odd else found


def _plain(value: Any, path: str, odd: dict[str, str]) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        odd[path] = "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
        return None
    if isinstance(value, Mapping):
        return {name: _plain(each, f"{path}.{name}", odd) for name, each in value.items()}
    if isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
        return [record(each) for each in value]
    if isinstance(value, list | tuple):
        return [_plain(each, f"{path}.{place}", odd) for place, each in enumerate(value)]
    return value
