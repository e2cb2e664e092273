"""A small notebook for writing an ONNX graph: nodes in order, constants by name."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

# Contrib operators of ONNX Runtime, documented in its docs/ContribOperators.md.
CONTRIB = "com.microsoft"
_OPSET = 18
_IR_VERSION = 9


class Net:
    """Collects nodes and constants; every method that adds a node returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, npt.NDArray[Any]] = {}

    def constant(self, name: str, values: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """Keep an array under a name, once."""
        if name not in self.constants:
            self.constants[name] = np.ascontiguousarray(np.asarray(values, dtype=dtype))
        return name

    def op(self, kind: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> str:
        """Add a node; the name of its first output."""
        name = f"{kind}_{len(self.nodes)}"
        outs = [name, *("" for _ in range(outputs - 1))]
        self.nodes.append(helper.make_node(kind, list(inputs), outs, name=name, domain=domain, **attributes))
        return name

    def contrib(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        """Add a node of ONNX Runtime's contrib operators."""
        return self.op(kind, *inputs, domain=CONTRIB, outputs=outputs, **attributes)

    def linear(self, x: str, name: str, weight: npt.NDArray[Any], bias: npt.NDArray[Any] | None) -> str:
        """x @ weight.T + bias, for a weight as torch stores it."""
        y = self.op("MatMul", x, self.constant(f"{name}.weight_t", weight.T))
        return y if bias is None else self.op("Add", y, self.constant(f"{name}.bias", bias))

    def ints(self, *values: int) -> str:
        """A constant vector of int64."""
        return self.constant("ints_" + "_".join(map(str, values)).replace("-", "m"), values, np.int64)

    def model(self, inputs: Sequence[str], output: str, shape: Sequence[str | int]) -> ModelProto:
        """The finished model: int64 inputs of shape (batch, tokens), one float32 output called `rows`."""
        self.nodes.append(helper.make_node("Identity", [output], ["rows"]))
        graph = helper.make_graph(
            self.nodes,
            "outrider",
            [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in inputs],
            [helper.make_tensor_value_info("rows", TensorProto.FLOAT, list(shape))],
            [numpy_helper.from_array(values, name) for name, values in self.constants.items()],
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="outrider")
