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

Array = npt.NDArray[Any]


class Net:
    """Collects nodes and constants; every method that adds a node returns the name of its output.

    Weights are given as torch stores them, (out, in).
    """

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, Array] = {}

    def constant(self, name: str, values: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """Keep an array under a name, once."""
        if name not in self.constants:
            self.constants[name] = np.array(values, dtype=dtype, order="C")
        return name

    def ints(self, *values: int) -> str:
        """A constant vector of int64."""
        return self.constant("ints_" + "_".join(map(str, values)).replace("-", "m"), values, np.int64)

    def scalar(self, value: int) -> str:
        """A constant int64 without an axis."""
        return self.constant(f"int_{value}".replace("-", "m"), value, np.int64)

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node; the name of its only output."""
        return self.split(kind, *inputs, domain=domain, outputs=1, **attributes)[0]

    def split(self, kind: str, *inputs: str, outputs: int, domain: str = "", **attributes: Any) -> list[str]:
        """Add a node with several outputs."""
        name = f"{kind}_{len(self.nodes)}"
        outs = [name, *(f"{name}_{number}" for number in range(1, outputs))]
        self.nodes.append(helper.make_node(kind, list(inputs), outs, name=name, domain=domain, **attributes))
        return outs

    def contrib(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of ONNX Runtime's contrib operators."""
        return self.op(kind, *inputs, domain=CONTRIB, **attributes)

    def matmul(self, x: str, name: str, weight: Array) -> str:
        """x @ weight.T"""
        return self.op("MatMul", x, self.constant(f"{name}.weight_t", weight.T))

    def linear(self, x: str, name: str, weight: Array, bias: Array | None) -> str:
        """x @ weight.T + bias"""
        y = self.matmul(x, name, weight)
        return y if bias is None else self.op("Add", y, self.constant(f"{name}.bias", bias))

    def attention(
        self, x: str, name: str, weight: Array, bias: Array, mask: str, heads: int, position_bias: str = ""
    ) -> str:
        """Self-attention over all tokens; `weight` and `bias` are those of query, key and value, stacked."""
        inputs = [x, self.constant(f"{name}.weight_t", weight.T), self.constant(f"{name}.bias", bias), mask]
        inputs += ["", position_bias] if position_bias else []
        return self.contrib("Attention", *inputs, num_heads=heads)

    def norm(self, x: str, name: str, weight: Array, bias: Array | None, epsilon: float) -> str:
        """Layer normalisation over the last axis."""
        inputs = [x, self.constant(f"{name}.weight", weight)]
        inputs += [self.constant(f"{name}.bias", bias)] if bias is not None else []
        return self.op("LayerNormalization", *inputs, axis=-1, epsilon=epsilon)

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
