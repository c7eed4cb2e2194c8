"""A network as PyTorch code and state: a module that needs PyTorch alone, and its tensors.

Two files: Python source that anybody may read and change, and a state dict, which
``torch.load(..., weights_only=True)`` reads. A whole pickled module would need its class on the
other side all the same, and would run whatever code it holds.
"""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.errors import UsageError
from nncli.exporting.literals import source_of
from nncli.exporting.source import Source
from nncli.exporting.torch_code import Activations
from nncli.exporting.torch_rows import encoding_code, expansion_code
from nncli.exporting.torch_state import state_file

State = dict[str, NDArray[Any]]

_HEAD = '''"""The network of nncli run {run}, as a PyTorch module.

{facts}

Needs PyTorch alone:

    from {module} import encode, load

    network = load()
    network.predict(rows)  # {says}
    network(encode(rows))  # the outputs, a tensor (n, {outputs})
"""

{imports}

{constants}'''

_NETWORK = '''class Network(nn.Module):
    """The layers behind the preprocessing of encoded rows."""

    def __init__(self):
        super().__init__()
{beginning}

    def forward(self, x):
        """Return the outputs (n, {outputs}) for encoded rows x (n, {encoded})."""
{forward}

    @torch.no_grad()
    def predict(self, rows):
        """Return {says} for every raw row."""
        outputs = self(encode(rows))
{decoding}'''

_LOAD = '''def load(path=WEIGHTS):
    """Return the network with its weights, ready to predict."""
    network = Network()
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()'''

#: What of a run the module's docstring tells.
_FACTS = ("run", "nncli_version", "spec_hash", "data", "weights", "epoch", "task", "loss")


def torch_files(source: Source, path: Path) -> dict[Path, bytes]:
    """Return module and state, to be written beside each other.

    ``path`` names the state, or the module if it ends in ``.py``. Raises UsageError for a module
    that Python could not import.
    """
    if path.suffix == ".py":
        state, module = path.with_suffix(".pt"), path
        if not _importable(module.stem):
            raise UsageError(
                f"--output {path}: Python cannot import that, or something else instead: expected "
                "a name of letters, digits and _ that is no other module's, such as network.py"
            )
    else:
        state, name = path, re.sub(r"\W", "_", path.stem)
        module = path.with_name(f"{name}.py" if _importable(name) else f"network_{name}.py")
    text, arrays = module_and_state(source, module.stem, state.name)
    return {state: state_file(arrays), module: text.encode()}


def _importable(name: str) -> bool:
    """Return whether a module of this name can be imported, and hides no other one."""
    taken = name == "torch" or name in sys.stdlib_module_names or keyword.iskeyword(name)
    return name.isidentifier() and not taken


def module_and_state(source: Source, module: str, weights: str) -> tuple[str, State]:
    """Return the module's source, and the state of its buffers and layers by name."""
    network, preprocessing = source.network, source.network.preprocessing
    expansion = preprocessing.expansion
    state: State = {}
    imports = ["from pathlib import Path", "", "import torch", "from torch import nn"]
    constants, encoding = encoding_code(preprocessing, network.dtype)
    forward = ["return self.layers((x - self.shift) * self.scale)"]
    if expansion is not None:
        function, constant, lines = expansion_code(expansion)
        imports.insert(0, f"from itertools import {function}")
        constants.append(constant)
        forward = lines + forward
        state["product_shift"] = np.asarray(expansion.shift, np.float64)
        state["product_scale"] = np.asarray(expansion.scale, np.float64)
    state["shift"] = np.asarray(preprocessing.shift, network.dtype)
    state["scale"] = np.asarray(preprocessing.scale, network.dtype)
    beginning = [_buffer(name, values) for name, values in state.items()]
    activations = Activations()
    layers = [f"    {each}," for each in _layers(source, activations, state)]
    beginning += ["self.layers = nn.Sequential(", *layers, ")"]
    if network.dtype == "float64":
        beginning.append("self.double()")
    says, names, decoding = _decoding(source)
    facts = [f"{name:<15}{source.facts[name]}" for name in _FACTS]
    beside = f"Path(__file__).with_name({source_of(weights)})"
    head = _HEAD.format(
        run=source.run.id,
        facts=_harmless("\n".join(facts)),
        module=module,
        says=says,
        outputs=network.model.outputs,
        imports="\n".join(imports),
        constants="\n".join([f"WEIGHTS = {beside}", *names, *constants]),
    )
    body = _NETWORK.format(
        beginning=_indented(beginning),
        outputs=network.model.outputs,
        encoded=preprocessing.encoded_width,
        forward=_indented(forward),
        says=says,
        decoding=_indented(decoding),
    )
    return "\n\n\n".join([head, encoding, *activations.classes(), body, _LOAD]) + "\n", state


def _buffer(name: str, values: NDArray[Any]) -> str:
    kind = ", dtype=torch.float64" if values.dtype == np.float64 else ""
    return f'self.register_buffer("{name}", torch.zeros({len(values)}{kind}))'


def _layers(source: Source, activations: Activations, state: State) -> list[str]:
    """Return the modules of the layers, and enter their tensors by PyTorch's names."""
    arrays, found = source.arrays, list[str]()

    def enter(code: str, **tensors: NDArray[Any]) -> None:
        state.update({f"layers.{len(found)}.{name}": each for name, each in tensors.items()})
        found.append(code)

    def normalize(owner: str) -> None:
        normal = source.normal(owner)
        if normal is not None:
            enter(
                f"nn.BatchNorm1d({len(normal.gamma)}, eps={normal.eps!r})",
                weight=normal.gamma,
                bias=normal.beta,
                running_mean=normal.mean,
                running_var=normal.variance,
                num_batches_tracked=np.array(0, np.int64),
            )

    normalize("input")
    for number, layer in enumerate(source.network.model.layers, 1):
        own = f"layer {number}"
        tensors = {"weight": np.ascontiguousarray(arrays[f"{own} W"].T)}
        if f"{own} b" in arrays:
            tensors["bias"] = arrays[f"{own} b"]
        bare = "" if "bias" in tensors else ", bias=False"
        enter(f"nn.Linear({layer.fan_in}, {layer.fan_out}{bare})", **tensors)
        if layer.norm == "before":
            normalize(own)
        alpha = arrays.get(f"{own} alpha")
        enter(
            activations.module(layer, alpha),
            **({"weight": alpha} if alpha is not None and layer.choice.learned else {}),
        )
        if layer.norm == "after":
            normalize(own)
    return found


def _decoding(source: Source) -> tuple[str, list[str], list[str]]:
    """Return what a prediction is, constants, and the lines that make them of ``outputs``."""
    task, preprocessing = source.network.task, source.network.preprocessing
    targets = f"TARGETS = {source_of(list(preprocessing.targets), 10)}"
    if task == "regression":
        constants = [
            targets,
            f"TARGET_SCALE = {source_of(list(preprocessing.target_scale), 15)}",
            f"TARGET_SHIFT = {source_of(list(preprocessing.target_shift), 15)}",
        ]
        lines = [
            "wide = outputs.double()",
            "scale, shift = wide.new_tensor(TARGET_SCALE), wide.new_tensor(TARGET_SHIFT)",
            "return (wide * scale + shift).tolist()",
        ]
        return "a number for each of TARGETS", constants, lines
    if task == "multilabel":
        line = f"return (outputs >= {source.threshold!r}).long().tolist()"
        return "0 or 1 for each of TARGETS", [targets], [line]
    places = "outputs.argmax(dim=1)"
    if task == "binary":
        places = f"(outputs[:, 0] >= {source.threshold!r}).long()"
    classes = f"CLASSES = {source_of(list(preprocessing.classes), 10)}"
    lines = [f"return [CLASSES[place] for place in {places}.tolist()]"]
    return "one of CLASSES", [classes], lines


def _indented(lines: list[str]) -> str:
    return "\n".join(" " * 8 + line for line in lines)


def _harmless(text: str) -> str:
    """Return text from data for a docstring: nothing in it ends the docstring or is an escape."""
    return text.replace("\\", "\\\\").replace('"', "'")


__all__ = ["module_and_state", "torch_files"]
