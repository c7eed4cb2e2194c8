"""An ONNX graph while it grows: nodes, constants, and a name for every value."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

#: The axis of rows, whose length is known only when the graph is run.
ROWS = "n"

#: The domain of the operators on texts, and the version of it that is used.
ML, ML_OPSET = "ai.onnx.ml", 3

#: Operators that onnxruntime runs in float32 alone: a float64 network loses some digits there.
_SINGLE = frozenset(("Atan", "Erf"))

_TYPES = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}


class Graph:
    """Collects what a graph consists of; ``dtype`` is the type that the network computes in."""

    def __init__(self, dtype: str, opset: int) -> None:
        self.dtype, self.opset = dtype, opset
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, TensorProto] = {}
        self.inputs: list[ValueInfoProto] = []
        self.outputs: list[ValueInfoProto] = []
        self._numbers: dict[tuple[float, str], str] = {}
        self._taken: set[str] = set()

    @property
    def real(self) -> int:
        """Return ONNX's code of the type that the network computes in."""
        return _TYPES[self.dtype]

    def add(
        self, operator: str, *inputs: str, name: str = "", domain: str = "", **settings: Any
    ) -> str:
        """Add a node with one output; return the output's name, which begins with ``name``."""
        if self.dtype == "float64" and operator in _SINGLE:
            inputs = tuple(self.cast(each, TensorProto.FLOAT) for each in inputs)
            return self.cast(self._add(operator, inputs, name, domain, settings), self.real)
        return self._add(operator, inputs, name, domain, settings)

    def _add(
        self, operator: str, inputs: tuple[str, ...], name: str, domain: str, settings: Any
    ) -> str:
        output = self.free(name or operator.lower())
        self.nodes.append(
            helper.make_node(operator, inputs, [output], name=output, domain=domain, **settings)
        )
        return output

    def cast(self, value: str, kind: int, name: str = "") -> str:
        """Add a conversion to another type."""
        return self._add("Cast", (value,), name, "", {"to": kind})

    def number(self, value: float, dtype: str | None = None) -> str:
        """Return the name of a scalar; equal ones are one."""
        key = (value, dtype or self.dtype)
        if key not in self._numbers:
            self._numbers[key] = self.array(np.array(value, key[1]), "number")
        return self._numbers[key]

    def vector(self, values: Any, name: str, dtype: str | None = None) -> str:
        """Add constants (width,) in the type that the network computes in, or another."""
        return self.array(np.asarray(values, dtype or self.dtype), name)

    def places(self, values: Any, name: str) -> str:
        """Add places (k,), or shapes."""
        return self.array(np.asarray(values, np.int64), name)

    def texts(self, values: Any, name: str) -> str:
        """Add texts (k,)."""
        unique = self.free(name)
        encoded = [each.encode() for each in values]
        self.constants[unique] = helper.make_tensor(
            unique, TensorProto.STRING, [len(encoded)], encoded
        )
        return unique

    def array(self, values: NDArray[Any], name: str) -> str:
        """Add a constant array; return its name, which begins with ``name``."""
        unique = self.free(name)
        self.constants[unique] = numpy_helper.from_array(np.ascontiguousarray(values), unique)
        return unique

    def input(self, name: str, kind: int, width: int) -> str:
        """Add an input (n, width)."""
        unique = self.free(name)
        self.inputs.append(helper.make_tensor_value_info(unique, kind, [ROWS, width]))
        return unique

    def output(self, value: str, name: str, kind: int, width: int | None = None) -> None:
        """Make a value an output (n, width), or (n,); its name was reserved."""
        self.nodes.append(helper.make_node("Identity", [value], [name], name=name))
        shape: list[str | int | None] = [ROWS] if width is None else [ROWS, width]
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def reserve(self, *names: str) -> None:
        """Keep names for outputs, so that nothing else is called so."""
        self._taken |= set(names)

    def free(self, name: str) -> str:
        """Return ``name``, or with a number behind it if that is taken; it is taken then."""
        unique, count = name, 1
        while unique in self._taken:
            count += 1
            unique = f"{name} {count}"
        self._taken.add(unique)
        return unique
