"""A stored run in a form that other programs read: which form, which files, how to load them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nncli.environment import database_name
from nncli.errors import UsageError, unknown_choice
from nncli.exporting.files import write_files
from nncli.exporting.source import EPOCHS, Source, find
from nncli.store.own_files import check_not_own

#: The forms with the endings of files by which they are recognised, the usual one first.
FORMATS = {
    "onnx": (".onnx",),
    "safetensors": (".safetensors",),
    "torch": (".pt", ".pth", ".py"),
    "json": (".json",),
}


@dataclass(frozen=True)
class Export:
    """A network in a form of FORMATS, ready to be written: ``files`` by path.

    ``load`` is how a person reads them; ``database`` is where the run is from.
    """

    source: Source
    form: str
    files: dict[Path, bytes]
    load: str
    database: str

    @property
    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(map(len, self.files.values()))

    def write(self, *, force: bool = False) -> None:
        """Write the files, whole or not at all; ``force`` replaces those that are there.

        The database that the run is from is never replaced.
        """
        for path in self.files:
            check_not_own(path, self.database)
        write_files(self.files, force=force)

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``nncli export --json`` prints."""
        return {
            "files": {str(path): len(content) for path, content in self.files.items()},
            "format": self.form,
            "load": self.load,
            **self.source.facts,
        }


def export(
    reference: str,
    output: str | None = None,
    form: str | None = None,
    *,
    epoch: str | None = None,
    opset: int | None = None,
    db: str | None = None,
) -> Export:
    """Return a stored run's network in a form for other programs; nothing is written yet.

    ``output`` names the file, by default ``run_ID`` in this folder; its ending decides on the form
    where ``form`` does not, and without either it is ONNX. ``epoch`` is ``best`` or ``last``,
    ``opset`` the version of ONNX's operators. Raises UsageError, StoreError and NncliError with
    what to do.
    """
    if output == "":
        raise UsageError("--output is empty: name a file, or leave it out for run_ID")
    if form is not None and form not in FORMATS:
        raise unknown_choice("format", form, FORMATS)
    if epoch is not None and epoch not in EPOCHS:
        raise unknown_choice("epoch", epoch, EPOCHS)
    chosen = form or _form_of(output)
    if opset is not None and chosen != "onnx":
        raise UsageError(f"--opset belongs to --format onnx, and this is {chosen}: leave it out")
    source = find(reference, epoch=epoch, db=db)
    path = Path(output or f"run_{source.run.id}{FORMATS[chosen][0]}").expanduser()
    files, load = _made(source, chosen, path, opset)
    return Export(source, chosen, files, load, database_name(db))


def _form_of(output: str | None) -> str:
    """Return the form that the ending of a file names; ONNX for any other."""
    ending = Path(output or "").suffix.lower()
    return next((form for form, endings in FORMATS.items() if ending in endings), "onnx")


def _made(
    source: Source, form: str, path: Path, opset: int | None
) -> tuple[dict[Path, bytes], str]:
    """Return the files of a form, and how they are loaded."""
    if form == "onnx":
        from nncli.exporting.onnx_model import onnx_model

        model = onnx_model(source, opset)
        shown = ", ".join(f'"{name}": {_word(name)}' for name in model.inputs[:3])
        more = ", ..." if len(model.inputs) > 3 else ""
        run = f"run(None, {{{shown}{more}}})"
        return {path: model.content}, f'onnxruntime.InferenceSession("{path}").{run}'
    if form == "torch":
        from nncli.exporting.torch_module import torch_files

        files = torch_files(source, path)
        module = next(each for each in files if each.suffix == ".py")
        return files, f"from {module.stem} import load; load().predict(rows)"
    if form == "safetensors":
        from nncli.exporting.safetensors_file import safetensors_file

        return {path: safetensors_file(source)}, f'safetensors.numpy.load_file("{path}")'
    from nncli.exporting.json_document import json_document

    return {path: json_document(source)}, f'json.load(open("{path}"))'


def _word(name: str) -> str:
    """Return a name for what an input is fed with."""
    word = re.sub(r"\W", "_", name)
    return "rows" if name == "x" else word if word.isidentifier() else "column"


__all__ = ["FORMATS", "Export", "export"]
